using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Training.Loop;

/// <summary>How a run's forward passes compute: device, memory format of images, type of products and convolutions.</summary>
/// <param name="device">The device.</param>
/// <param name="channelsLast">Whether images are kept channels last.</param>
/// <param name="compute">The narrower type that products and convolutions compute in; null for float32.</param>
public sealed class ForwardPass(Device device, bool channelsLast, ScalarType? compute)
{
    /// <summary>The device.</summary>
    public Device Device => device;

    /// <summary>Whether losses and what lies between layers run by Hwaso's own kernels, as layers do.</summary>
    public bool OwnKernels { get; init; }

    /// <summary>The passes of a recipe; brings the network's weights into the memory order, and to the kernels, that it asks for.</summary>
    /// <param name="weights">The network.</param>
    /// <param name="train">What the recipe says of training.</param>
    /// <param name="device">The device.</param>
    /// <param name="compute">The narrower type that products and convolutions compute in; null for float32.</param>
    /// <param name="says">Gets a line where the order or the kernels are others than the recipe asks for.</param>
    public static ForwardPass Of(Weights weights, TrainRecipe train, Device device, ScalarType? compute, Action<string> says)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(says);
        var own = train.OwnKernels && device.Type == DeviceType.Cpu && compute is null;
        if (own)
            weights.UseOwnKernels();
        var channelsLast = train.ChannelsLast && !own;
        if (channelsLast && !weights.TrainsInChannelsLast)
        {
            says("train.memory_format: contiguous, because libtorch fails on strided 1x1 convolutions of fewer than 8 channels in "
                + "channels_last");
            channelsLast = false;
        }
        if (channelsLast)
            weights.UseMemoryFormat(MemoryFormat.ChannelsLast);
        return new ForwardPass(device, channelsLast, compute) { OwnKernels = own };
    }

    /// <summary>Runs a network on images.</summary>
    /// <param name="images">Images [N, C, H, W] in float32.</param>
    /// <param name="forward">The network's outputs of them, as many as the loss needs.</param>
    /// <returns>The outputs in float32: losses are sums over a million pixels, for which narrow types have too few digits.</returns>
    public Tensor[] Run(Tensor images, Func<Tensor, Tensor[]> forward)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(forward);
        images = channelsLast ? images.Contiguous(MemoryFormat.ChannelsLast) : images;
        if (compute is not { } type)
            return forward(images);
        Tensor[] outputs;
        using (new Autocast(device, type))
            outputs = forward(images);
        return [.. outputs.Select(output => output.To(ScalarType.Float32))];
    }

    /// <summary>The type that a recipe asks for, where the device is faster with it.</summary>
    /// <param name="file">The recipe.</param>
    /// <param name="device">The device.</param>
    /// <param name="processorHas">Whether the processor has instructions for bfloat16.</param>
    /// <param name="says">Gets a line where the device would be slower with that type.</param>
    /// <returns>The narrower type; null for float32.</returns>
    /// <exception cref="RecipeException">float16 on a processor.</exception>
    public static ScalarType? TypeOf(RecipeFile file, Device device, bool processorHas, Action<string> says)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(says);
        var isProcessor = device.Type == DeviceType.Cpu;
        switch (file.Recipe.Train.Precision)
        {
            case Precision.Float16 when isProcessor:
                throw file.Error("train.precision", "float16 is for CUDA devices; take bfloat16 or float32 on a processor");
            case Precision.Float16:
                return ScalarType.Float16;
            case Precision.BFloat16 when isProcessor && !processorHas:
                says("train.precision bfloat16: this processor has no instructions for it (AVX512-BF16) and would be several times slower: "
                    + "it computes in float32");
                return null;
            case Precision.BFloat16:
                return ScalarType.BFloat16;
            default:
                return null;
        }
    }
}
