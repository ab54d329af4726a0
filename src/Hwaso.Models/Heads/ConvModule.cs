// mmcv's ConvModule and DepthwiseSeparableConvModule, whose names mmsegmentation's heads have.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>A convolution, batch norm and, unless it gives weights, ReLU: <c>conv</c>, <c>bn</c>.</summary>
sealed class ConvModule(Weights w, int cin, int cout, int kernel, int dilation = 1, int groups = 1, bool bias = false,
    bool relu = true, int stride = 1, bool absolute = false) : Net(w)
{
    readonly Conv2d conv = new(w / "conv", cin, cout, kernel, stride, dilation: dilation, groups: groups, bias: bias);
    readonly BatchNorm2d bn = new(w / "bn", cout, absolute: absolute);

    protected override Tensor Forward(Tensor x)
    {
        x = x.Apply(conv);
        return relu ? x.NormRelu(bn) : x.Apply(bn);
    }
}

/// <summary>A 3×3 convolution of each channel for itself, then one of 1×1, batch norm and ReLU behind both.</summary>
sealed class SeparableConvModule(Weights w, int cin, int cout, int dilation = 1) : Net(w)
{
    readonly ConvModule depthwise_conv = new(w / "depthwise_conv", cin, cin, kernel: 3, dilation, groups: cin);
    readonly ConvModule pointwise_conv = new(w / "pointwise_conv", cin, cout, kernel: 1);

    protected override Tensor Forward(Tensor x) => x.Apply(depthwise_conv).Apply(pointwise_conv);
}

/// <summary>Dropout of whole channels and the 1×1 convolution to the classes, as every head of mmsegmentation ends.</summary>
sealed class SegmentationClassifier
{
    const double Deviation = 0.01;

    readonly Dropout2d dropout;
    readonly Conv2d conv_seg;

    /// <summary>Builds its two layers at the head's own place.</summary>
    public SegmentationClassifier(Weights w, int channels, int classes, double probability)
    {
        dropout = new(w / "dropout", probability);
        conv_seg = new(w / "conv_seg", channels, classes, kernel: 1, bias: true);
    }

    /// <summary>The authors' initial values: those of a whole head, its last convolution normal with a small deviation.</summary>
    public static void InitialiseHead(Weights head)
    {
        foreach (var (name, tensor) in head.Parameters)
            if (name.EndsWith("conv_seg.weight", StringComparison.Ordinal))
                Init.Normal(tensor, Deviation);
            else if (name.EndsWith("conv_seg.bias", StringComparison.Ordinal))
                Init.Constant(tensor, 0);
            else if (tensor.Dimensions == 4)
                Init.KaimingNormal(tensor);
    }

    /// <summary>Features [N, C, h, w] to logits [N, K, h, w].</summary>
    public Tensor Of(Tensor features) => features.Apply(dropout).Apply(conv_seg);
}
