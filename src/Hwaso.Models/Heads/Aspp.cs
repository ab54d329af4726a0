// Chen et al., "Rethinking atrous convolution for semantic image segmentation", 2017, section 3.3. Key names follow torchvision
// (models/segmentation/deeplabv3.py): convs.0 is 1×1, convs.1… dilated, the last the image's average.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>Atrous spatial pyramid pooling: features [N, C, h, w] at several dilations and averaged over the image, concatenated and projected to [N, M, h, w].</summary>
public sealed class Aspp : Net
{
    readonly Sequential[] convs;
    readonly Sequential project;

    /// <summary>At a place.</summary>
    /// <exception cref="ArgumentException">A number below 1 or a dropout that is no probability.</exception>
    public Aspp(Weights w, AsppConfig config, int channels, double momentum = 0.1) : base(w)
    {
        Sequential Branch(int k, int kernel, int dilation) => new(w / "convs" / k,
            p => new Conv2d(p, channels, config.Channels, kernel, dilation: dilation),
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
        var branches = convs.Select((conv, k) => k < convs.Length - 1 ? x.Apply(conv) : x.Apply(conv).ResizeBilinear(x.Size(2), x.Size(3))).ToArray();
        return Tensor.Concat(branches, 1).Apply(project);
    }
}
