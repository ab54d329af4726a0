// Xie et al., "SegFormer", NeurIPS 2021, as segmentation_models.pytorch has it (decoders/segformer/decoder.py): of 256 channels over
// every encoder, and with an encoder's map at half the image's size, where it has one.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Decoders;

/// <summary>Every map through a linear layer, resized to a quarter of the image's size and joined.</summary>
public sealed record SegFormerDecoder : PyramidDecoder
{
    static readonly Settings<PyramidDecoder> settings = Own(new Settings<SegFormerDecoder>()
        .Int("channels", d => d.Channels, (d, v) => d with { Channels = v }, 1, "channels of its features; 256"));

    /// <summary>Channels of every map and of its features.</summary>
    public int Channels { get; init; } = 256;

    /// <inheritdoc/>
    public override int OutputStride => 32;

    /// <inheritdoc/>
    public override int Depth { get; init; } = 5;

    /// <inheritdoc/>
    public override int HeadKernel => 1;

    /// <inheritdoc/>
    public override int Features => Channels;

    /// <inheritdoc/>
    public override Settings<PyramidDecoder> Settings => settings;

    /// <inheritdoc/>
    public override Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels) =>
        new SegFormerDecoderNet(w, Channels, [.. channels.Where(c => c > 0)]);
}

/// <summary>Linear layers, coarse to fine, and their fusion.</summary>
sealed class SegFormerDecoderNet : Net<Tensor[], Tensor>
{
    readonly Linear[] mlp_stage;
    readonly Sequential fuse_stage;

    public SegFormerDecoderNet(Weights w, int width, IReadOnlyList<int> channels) : base(w)
    {
        mlp_stage = [.. channels.Reverse().Select((c, k) => new Linear(w / "mlp_stage" / k / "linear", c, width))];
        fuse_stage = ConvNormRelu.Build(w / "fuse_stage", channels.Count * width, width, kernel: 1);
    }

    protected override Tensor Forward(Tensor[] imageAndMaps)
    {
        // At the fourth map from the end, a quarter of the image's size.
        var (height, width) = (imageAndMaps[^4].Size(2), imageAndMaps[^4].Size(3));
        var joined = mlp_stage.Select((linear, k) => imageAndMaps[^(k + 1)].Permute(0, 2, 3, 1).Apply(linear).Permute(0, 3, 1, 2)
            .ResizeBilinear(height, width)).ToArray();
        return Tensor.Concat(joined, 1).Apply(fuse_stage);
    }
}
