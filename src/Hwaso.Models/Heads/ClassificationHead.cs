using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>
/// HRNet's: four branches widened by a Bottleneck each to 128, 256, 512, 1024 channels, each strided down and added to the next,
/// 1×1 to 2048, global average, linear. Wang et al., TPAMI 2020, appendix.
/// </summary>
public sealed class ClassificationHead : Net<Tensor[], Tensor>
{
    const int FirstWidth = 32, Features = 2048;

    readonly Sequential[] incre_modules, downsamp_modules;
    readonly Sequential final_layer;
    readonly Linear classifier;

    /// <summary>Builds it directly at its place: the official keys have no name for the head.</summary>
    public ClassificationHead(Weights w, IReadOnlyList<int> channels, int classes, double momentum) : base(w)
    {
        int Wide(int branch) => (FirstWidth << branch) * Bottleneck.Expansion;
        incre_modules = channels.Select((width, b) =>
            new Sequential(w / "incre_modules" / b, p => new Bottleneck(p, width, FirstWidth << b, momentum: momentum))).ToArray();
        downsamp_modules = Enumerable.Range(0, channels.Count - 1).Select(b => new Sequential(w / "downsamp_modules" / b,
            p => new Conv2d(p, Wide(b), Wide(b + 1), kernel: 3, stride: 2, bias: true),
            p => new BatchNorm2d(p, Wide(b + 1), momentum: momentum),
            p => new ReLU(p))).ToArray();
        final_layer = new(w / "final_layer",
            p => new Conv2d(p, Wide(channels.Count - 1), Features, kernel: 1, bias: true),
            p => new BatchNorm2d(p, Features, momentum: momentum),
            p => new ReLU(p));
        classifier = new(w / "classifier", Features, classes);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor[] branches)
    {
        var y = branches[0].Apply(incre_modules[0]);
        for (var b = 1; b < branches.Length; b++)
            y = branches[b].Apply(incre_modules[b]) + y.Apply(downsamp_modules[b - 1]);
        return y.Apply(final_layer).Mean([2, 3]).Apply(classifier);             // [N, 2048] to [N, K]
    }
}
