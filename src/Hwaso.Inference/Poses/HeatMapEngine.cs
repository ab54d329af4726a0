using Hwaso.Data.Poses;
using Hwaso.Imaging;
using Hwaso.Nn;
using Hwaso.Runtime.Poses;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference.Poses;

/// <summary>A pose network on one of the engines: crops in, heat maps out.</summary>
public interface IHeatMapEngine
{
    /// <summary>The heat maps of crops.</summary>
    /// <param name="crops">Crops of the network's input size.</param>
    /// <param name="mirrored">Whether the network sees them mirrored left to right; its answers are then mirrored too.</param>
    /// <returns>For each crop J × h × w values.</returns>
    /// <exception cref="ArgumentException">The heat maps have another size than a quarter of the crop's.</exception>
    float[][] Maps(IReadOnlyList<RgbImage> crops, bool mirrored);
}

/// <summary>A pose network on libtorch.</summary>
/// <param name="net">The network; put into evaluation mode.</param>
/// <param name="sampling">Size and normalisation of crops.</param>
public sealed class TorchHeatMaps(Net net, PoseSampling sampling) : IHeatMapEngine
{
    readonly Normalisation normalisation = new(sampling.Mean, sampling.Deviation);

    /// <inheritdoc/>
    public float[][] Maps(IReadOnlyList<RgbImage> crops, bool mirrored)
    {
        ArgumentNullException.ThrowIfNull(crops);
        net.Eval();
        using var scope = new Scope();
        using var off = new NoGrad();
        var device = net.Weights.Device;
        var inputs = Aten.Cat([.. crops.Select(c => normalisation.ToTensor(c, device))], 0);
        var answer = net.Call((mirrored ? Aten.Flip(inputs, [3]) : inputs).Contiguous(MemoryFormat.ChannelsLast));
        HeatMapSize.Check(sampling, (int)answer.Size(2), (int)answer.Size(3));
        var values = answer.To(Device.Cpu).Contiguous().ToArray<float>();
        return [.. values.Chunk(values.Length / crops.Count)];
    }
}

/// <summary>An exported pose network on Hwaso.Runtime.</summary>
/// <param name="model">The network.</param>
/// <param name="sampling">Size of crops.</param>
public sealed class RuntimeHeatMaps(PoseModel model, PoseSampling sampling) : IHeatMapEngine
{
    /// <inheritdoc/>
    public float[][] Maps(IReadOnlyList<RgbImage> crops, bool mirrored)
    {
        ArgumentNullException.ThrowIfNull(crops);
        return [.. crops.Select(crop =>
        {
            var (maps, height, width) = model.HeatMaps(crop.Pixels, mirrored);
            HeatMapSize.Check(sampling, height, width);
            return maps;
        })];
    }
}

/// <summary>The size that heat maps must have.</summary>
static class HeatMapSize
{
    /// <summary>Refuses heat maps of another size.</summary>
    public static void Check(PoseSampling sampling, int height, int width)
    {
        if (height != sampling.MapHeight || width != sampling.MapWidth)
            throw new ArgumentException($"the network answers with heat maps of {height}×{width}; heat maps of {sampling.MapHeight}×"
                + $"{sampling.MapWidth} were wanted: make the input's sides multiples of 32");
    }
}
