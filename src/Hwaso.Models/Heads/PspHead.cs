// Zhao et al., "Pyramid scene parsing network", CVPR 2017. Structure and key names follow mmsegmentation 0.x
// (mmseg/models/decode_heads/psp_head.py). Deviations: none known.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>PSPNet's head: the last map beside its averages, a 3×3 convolution and the classifier; logits at stride 8.</summary>
public sealed record PspHead : DecodeHead
{
    static readonly Settings<DecodeHead> settings = Own(new Settings<PspHead>());

    /// <inheritdoc/>
    public override int Channels { get; init; } = 512;

    /// <inheritdoc/>
    public override int OutputStride { get; init; } = 8;

    /// <inheritdoc/>
    public override Settings<DecodeHead> Settings => settings;

    /// <inheritdoc/>
    public override Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels, int classes) =>
        new PspHeadNet(w, this, channels[^1], classes);
}

/// <summary>The head itself.</summary>
sealed class PspHeadNet : Net<Tensor[], Tensor>
{
    readonly SegmentationClassifier classifier;
    readonly PoolingPyramid psp_modules;
    readonly ConvModule bottleneck;

    public PspHeadNet(Weights w, PspHead config, int channels, int classes) : base(w)
    {
        classifier = new(w, config.Channels, classes, config.Dropout);
        psp_modules = new(w / "psp_modules", channels, config.Channels);
        bottleneck = new(w / "bottleneck", psp_modules.Channels, config.Channels, kernel: 3);
    }

    protected override Tensor Forward(Tensor[] maps) => classifier.Of(maps[^1].Apply(psp_modules).Apply(bottleneck));
}
