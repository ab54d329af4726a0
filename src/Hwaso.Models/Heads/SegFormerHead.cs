// Xie et al., "SegFormer: simple and efficient design for semantic segmentation with transformers", NeurIPS 2021: the head.
// Structure and key names follow the authors' code (mmseg/models/decode_heads/segformer_head.py). Deviations: none known; conv_seg stands
// in the authors' files and takes no part, there as here.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>What distinguishes one SegFormer's head from another.</summary>
public sealed record SegFormerHeadConfig
{
    /// <summary>The settings of the section <c>segformer</c>.</summary>
    public static Settings<SegFormerHeadConfig> Settings { get; } = new Settings<SegFormerHeadConfig>()
        .Int("channels", c => c.Channels, (c, v) => c with { Channels = v }, 1,
            "channels to which every map is brought in a SegFormer's head; 768, 256 in b0 and b1")
        .Number("dropout", c => c.Dropout, (c, v) => c with { Dropout = v }, 0,
            "probability with which a channel is dropped before a SegFormer's classifier; 0.1", max: 1);

    /// <summary>Channels of every map before they are joined, and behind.</summary>
    public int Channels { get; init; } = 768;

    /// <summary>Inputs of the classifier that takes no part: 128 in the authors' files of every size.</summary>
    public int UnusedChannels { get; init; } = 128;

    /// <summary>Probability with which a channel is dropped before the classifier, in training.</summary>
    public double Dropout { get; init; } = 0.1;
}

/// <summary>Four maps, each through a linear layer and resized to the finest, joined by 1×1 convolutions: logits at stride 4.</summary>
public sealed class SegFormerHead : Net<Tensor[], Tensor>
{
    readonly Conv2d conv_seg, conv, linear_pred;
    readonly SegFormerLinear[] linears;
    readonly BatchNorm2d bn;
    readonly Dropout2d dropout;

    /// <summary>Builds it.</summary>
    public SegFormerHead(Weights w, SegFormerHeadConfig config, IReadOnlyList<int> channels, int classes) : base(w)
    {
        var c = config.Channels;
        conv_seg = new(w / "conv_seg", config.UnusedChannels, classes, kernel: 1, bias: true);
        // Coarse to fine, as they are joined.
        linears = [.. Enumerable.Range(0, channels.Count).Reverse()
            .Select(map => new SegFormerLinear(w / $"linear_c{map + 1}", channels[map], c))];
        conv = new(w / "linear_fuse" / "conv", channels.Count * c, c, kernel: 1);
        bn = new(w / "linear_fuse" / "bn", c);
        dropout = new(w / "dropout", config.Dropout);
        linear_pred = new(w / "linear_pred", c, classes, kernel: 1, bias: true);
    }

    /// <summary>The values that the authors begin with; the linear layers and the classifier have PyTorch's own.</summary>
    public void InitialiseAsPublished()
    {
        const double Deviation = 0.01;
        Init.Normal(conv_seg.Weight, Deviation);
        Init.Constant(conv_seg.Bias!, 0);
        Init.KaimingNormal(conv.Weight);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor[] maps)
    {
        var (height, width) = (maps[0].Size(2), maps[0].Size(3));
        var joined = linears.Select((linear, k) => maps[^(k + 1)].Apply(linear).ResizeBilinear(height, width)).ToArray();
        return Tensor.Concat(joined, 1).Apply(conv).NormRelu(bn)
            .Apply(dropout).Apply(linear_pred);                                 // [N, K, H/4, W/4]
    }
}

/// <summary>A linear layer over channels, [N, C, H, W] to [N, D, H, W].</summary>
sealed class SegFormerLinear(Weights w, int inputs, int outputs) : Net(w)
{
    readonly Linear proj = new(w / "proj", inputs, outputs);

    protected override Tensor Forward(Tensor x) => x.Permute(0, 2, 3, 1).Apply(proj).Permute(0, 3, 1, 2);
}
