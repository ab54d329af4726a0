// Long et al., "Fully convolutional networks for semantic segmentation", CVPR 2015, as dilated networks have it: torchvision's FCNHead and
// PyTorch-Encoding's, which agree: 3×3 convolution to a quarter of the channels, batch norm, ReLU, dropout, 1×1 convolution to the classes.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>The heads of a fully convolutional network; the defaults are torchvision's.</summary>
public sealed record FcnConfig
{
    static readonly NamedValues<FcnNames> names = new(("torchvision", FcnNames.Torchvision), ("encoding", FcnNames.Encoding));

    /// <summary>The settings of the section <c>fcn</c>.</summary>
    public static Settings<FcnConfig> Settings { get; } = new Settings<FcnConfig>()
        .Int("channels", c => c.Channels, (c, v) => c with { Channels = v }, 1,
            "channels between the FCN head's two convolutions; a quarter of the features'")
        .Number("dropout", c => c.Dropout, (c, v) => c with { Dropout = v }, 0,
            "probability with which an element is dropped before the last convolution; 0.1", max: 1)
        .Flag("auxiliary", c => c.Auxiliary, (c, v) => c with { Auxiliary = v },
            "whether a second head learns on the third stage, in training alone; true")
        .Choice("names", c => c.Names, (c, v) => c with { Names = v }, names,
            "what the parts are called in weight files: as in torchvision or in PyTorch-Encoding");

    /// <summary>Channels between the two convolutions of the head; null for a quarter of the features', as released.</summary>
    public int? Channels { get; init; }

    /// <summary>Probability with which an element is dropped before the last convolution, in training.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Whether a second head learns on the third stage, in training alone.</summary>
    public bool Auxiliary { get; init; } = true;

    /// <summary>What the parts are called.</summary>
    public FcnNames Names { get; init; } = FcnNames.Torchvision;

    /// <summary>Whether logits are brought to the image's size with corners aligned: not in torchvision, but in PyTorch-Encoding.</summary>
    public bool AlignCorners { get; init; }
}

/// <summary>What a dilated network's parts are called in the state dict.</summary>
public sealed record FcnNames
{
    /// <summary>The backbone.</summary>
    public required string Backbone { get; init; }

    /// <summary>The head.</summary>
    public required string Head { get; init; }

    /// <summary>The auxiliary head.</summary>
    public required string Auxiliary { get; init; }

    /// <summary>What stands between a head's name and its layers' numbers; null for nothing.</summary>
    public string? Layers { get; init; }

    /// <summary>torchvision's: <c>backbone</c>, <c>classifier.0</c>, <c>aux_classifier.0</c>.</summary>
    public static FcnNames Torchvision { get; } = new() { Backbone = "backbone", Head = "classifier", Auxiliary = "aux_classifier" };

    /// <summary>PyTorch-Encoding's: <c>pretrained</c>, <c>head.conv5.0</c>, <c>auxlayer.conv5.0</c>.</summary>
    public static FcnNames Encoding { get; } = new() { Backbone = "pretrained", Head = "head", Auxiliary = "auxlayer", Layers = "conv5" };
}

/// <summary>Features [N, C, h, w] to logits [N, K, h, w].</summary>
public sealed class FcnHead : Net
{
    const int Released = 4;

    readonly Sequential layers;

    /// <summary>Builds it; its layers stand at its place, or under <see cref="FcnNames.Layers"/> there.</summary>
    /// <exception cref="ArgumentException">A width below 1 or a dropout that is no probability.</exception>
    public FcnHead(Weights w, FcnConfig config, int channels, int classes, double momentum = 0.1) : base(w)
    {
        var inner = config.Channels ?? Math.Max(channels / Released, 1);
        layers = new(config.Names.Layers is { } name ? w / name : w,
            p => new Conv2d(p, channels, inner, kernel: 3),
            p => new BatchNorm2d(p, inner, momentum: momentum),
            p => new ReLU(p),
            p => new Dropout(p, config.Dropout),
            p => new Conv2d(p, inner, classes, kernel: 1, bias: true));
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor features) => features.Apply(layers);
}
