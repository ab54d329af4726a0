using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Training.Runs;

/// <summary>The type that a run computes in: what the recipe asks for, where the device is the faster for it.</summary>
public static class ComputeType
{
    /// <summary>The narrower type; null for float32.</summary>
    /// <param name="file">The recipe.</param>
    /// <param name="device">What it trains on.</param>
    /// <param name="processorHas">Whether the processor has instructions for bfloat16.</param>
    /// <param name="says">Told where the recipe asks for what the device is slower with.</param>
    /// <exception cref="RecipeException">float16 on a processor.</exception>
    public static ScalarType? Of(RecipeFile file, Device device, bool processorHas, Action<string> says)
    {
        var isProcessor = device.Type == DeviceType.Cpu;
        switch (file.Recipe.Train.Precision)
        {
            case Precision.Float16 when isProcessor:
                throw file.Error("train.precision", "float16 is for CUDA devices; take bfloat16 or float32 on a processor");
            case Precision.Float16:
                return ScalarType.Float16;
            case Precision.BFloat16 when isProcessor && !processorHas:
                says("train.precision bfloat16: this processor has no instructions for it (AVX512-BF16) and would be several times slower: it computes in float32");
                return null;
            case Precision.BFloat16:
                return ScalarType.BFloat16;
            default:
                return null;
        }
    }
}
