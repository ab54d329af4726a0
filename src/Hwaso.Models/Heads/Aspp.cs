// Chen et al., "Rethinking atrous convolution for semantic image segmentation", 2017, section 3.3. Key names follow torchvision
// (models/segmentation/deeplabv3.py): convs.0 is 1×1, convs.1… dilated, the last the image's average.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>A DeepLabV3 head; the defaults are torchvision's.</summary>
public sealed record AsppConfig
{
    /// <summary>The settings of the section <c>aspp</c>.</summary>
    public static Settings<AsppConfig> Settings { get; } = new Settings<AsppConfig>()
        .Int("channels", c => c.Channels, (c, v) => c with { Channels = v }, 1, "channels of every branch of a DeepLabV3 head; 256")
        .Ints("rates", c => c.Rates, (c, v) => c with { Rates = v }, 1, "dilations of its 3×3 branches; 12, 24, 36")
        .Number("dropout", c => c.Dropout, (c, v) => c with { Dropout = v }, 0,
            "probability with which an element of its projection is dropped; 0.5", max: 1);

    /// <summary>Channels of every branch and of the projection.</summary>
    public int Channels { get; init; } = 256;

    /// <summary>Dilations of the 3×3 branches: 12, 24, 36 at output stride 8, half of it at 16.</summary>
    public ValueList<int> Rates { get; init; } = [12, 24, 36];

    /// <summary>Probability with which an element of the projection is dropped, in training.</summary>
    public double Dropout { get; init; } = 0.5;

    /// <summary>Whether its 3×3 branches are separable: a depthwise convolution, then one of 1×1.</summary>
    public bool Separable { get; init; }
}

/// <summary>
/// Atrous spatial pyramid pooling: features [N, C, h, w] at several dilations and averaged over the image, concatenated and projected to
/// [N, M, h, w].
/// </summary>
public sealed class Aspp : Net
{
    readonly Sequential[] convs;
    readonly Sequential project;

    /// <summary>At a place.</summary>
    /// <exception cref="ArgumentException">A number below 1 or a dropout that is no probability.</exception>
    public Aspp(Weights w, AsppConfig config, int channels, double momentum = 0.1) : base(w)
    {
        Sequential Branch(int k, int kernel, int dilation) => new(w / "convs" / k,
            p => config.Separable && kernel > 1
                ? SeparableConvolution.Build(p, channels, config.Channels, dilation)
                : new Conv2d(p, channels, config.Channels, kernel, dilation: dilation),
            p => new BatchNorm2d(p, config.Channels, momentum: momentum),
            p => new ReLU(p));
        convs =
        [
            Branch(0, 1, 1),
            .. config.Rates.Select((rate, k) => Branch(k + 1, 3, rate)),
            new(w / "convs" / (config.Rates.Count + 1),
                p => new ImageAverage(p),
                p => new Conv2d(p, channels, config.Channels, kernel: 1),
                p => new BatchNorm2d(p, config.Channels, momentum: momentum),
                p => new ReLU(p)),
        ];
        project = new(w / "project",
            p => new Conv2d(p, convs.Length * config.Channels, config.Channels, kernel: 1),
            p => new BatchNorm2d(p, config.Channels, momentum: momentum),
            p => new ReLU(p),
            p => new Dropout(p, config.Dropout));
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        // The last branch is one pixel; resizing it repeats it.
        var branches = convs.Select((conv, k) => k < convs.Length - 1 ? x.Apply(conv) : x.Apply(conv).ResizeBilinear(x.Size(2), x.Size(3)))
            .ToArray();
        return Tensor.Concat(branches, 1).Apply(project);
    }
}

/// <summary>[N, C, h, w] to the average of its pixels, [N, C, 1, 1], as a module for <see cref="Sequential"/>.</summary>
sealed class ImageAverage(Weights w) : Net(w)
{
    protected override Tensor Forward(Tensor x) => x.Mean([2, 3], keep: true);
}

/// <summary>
/// A 3×3 convolution of each channel for itself and a 1×1 one over all, without norm between, [N, Cin, H, W] to [N, Cout, H, W].
/// </summary>
static class SeparableConvolution
{
    public static Sequential Build(Weights w, int cin, int cout, int dilation = 1) => new(w,
        p => new Conv2d(p, cin, cin, kernel: 3, dilation: dilation, groups: cin),
        p => new Conv2d(p, cin, cout, kernel: 1));
}
