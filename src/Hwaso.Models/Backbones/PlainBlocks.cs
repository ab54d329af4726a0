// The residual blocks of DDRNet's and PIDNet's authors: their callers apply the last ReLU, and a bottleneck puts out twice its width.
using Hwaso.Models.Attention;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>Two 3×3 convolutions and a shortcut, with or without a ReLU behind.</summary>
sealed class PlainBasicBlock(Weights w, int cin, int cout, int stride, bool relu, AttentionModule? attention) : Net(w)
{
    readonly Conv2d conv1 = new(w / "conv1", cin, cout, kernel: 3, stride: stride);
    readonly BatchNorm2d bn1 = new(w / "bn1", cout);
    readonly Net? between = attention is { Place: AttentionPlace.Between } ? attention.Build(w / "deattn", cout) : null;
    readonly Conv2d conv2 = new(w / "conv2", cout, cout, kernel: 3);
    readonly BatchNorm2d bn2 = new(w / "bn2", cout);
    readonly Net? end = attention is { Place: AttentionPlace.End } ? attention.Build(w / "deattn", cout) : null;
    readonly Sequential? downsample = Shortcut.Build(w / "downsample", cin, cout, stride, PlainLayer.Momentum);

    protected override Tensor Forward(Tensor x)
    {
        var y = x.Apply(conv1).NormRelu(bn1);
        y = (between is null ? y : y.Apply(between)).Apply(conv2).Apply(bn2);
        y = (end is null ? y : y.Apply(end)) + (downsample is null ? x : x.Apply(downsample));
        return relu ? y.Relu() : y;
    }
}

/// <summary>1×1, 3×3 and 1×1 convolutions to twice the width and a shortcut, without a ReLU behind.</summary>
sealed class PlainBottleneck(Weights w, int cin, int width, int stride) : Net(w)
{
    /// <summary>Output channels are this many times the width.</summary>
    public const int Expansion = 2;

    readonly Conv2d conv1 = new(w / "conv1", cin, width, kernel: 1);
    readonly BatchNorm2d bn1 = new(w / "bn1", width);
    readonly Conv2d conv2 = new(w / "conv2", width, width, kernel: 3, stride: stride);
    readonly BatchNorm2d bn2 = new(w / "bn2", width);
    readonly Conv2d conv3 = new(w / "conv3", width, Expansion * width, kernel: 1);
    readonly BatchNorm2d bn3 = new(w / "bn3", Expansion * width);
    readonly Sequential? downsample = Shortcut.Build(w / "downsample", cin, Expansion * width, stride, PlainLayer.Momentum);

    protected override Tensor Forward(Tensor x)
    {
        var y = x.Apply(conv1).NormRelu(bn1).Apply(conv2).NormRelu(bn2).Apply(conv3).Apply(bn3);
        return y + (downsample is null ? x : x.Apply(downsample));
    }
}

/// <summary>Rows of such blocks, and the layers that stand between them.</summary>
static class PlainLayer
{
    /// <summary>Batch norm's, as released.</summary>
    public const double Momentum = 0.1;

    /// <summary>Two strided 3×3 convolutions with biases: to a quarter of the image's size.</summary>
    public static Sequential Stem(Weights w, int inChannels, int width) => new(w,
        p => new Conv2d(p, inChannels, width, kernel: 3, stride: 2, bias: true),
        p => new BatchNorm2d(p, width),
        p => new ReLU(p),
        p => new Conv2d(p, width, width, kernel: 3, stride: 2, bias: true),
        p => new BatchNorm2d(p, width),
        p => new ReLU(p));

    /// <summary>BasicBlocks, the last without ReLU unless it is the only one.</summary>
    public static Sequential Basic(Weights w, int cin, int cout, int blocks, int stride, AttentionModule? attention) => new(w,
        [.. Enumerable.Range(0, blocks).Select(b => (Func<Weights, Net>)(p => new PlainBasicBlock(
            p, b == 0 ? cin : cout, cout, b == 0 ? stride : 1, relu: b == 0 || b < blocks - 1, attention)))]);

    /// <summary>Bottlenecks without ReLUs behind them.</summary>
    public static Sequential Bottlenecks(Weights w, int cin, int width, int blocks, int stride) => new(w,
        [.. Enumerable.Range(0, blocks).Select(b => (Func<Weights, Net>)(p => new PlainBottleneck(
            p, b == 0 ? cin : PlainBottleneck.Expansion * width, width, b == 0 ? stride : 1)))]);

    /// <summary>A convolution and batch norm.</summary>
    public static Sequential Normed(Weights w, int cin, int cout, int kernel, int stride = 1) => new(w,
        p => new Conv2d(p, cin, cout, kernel, stride),
        p => new BatchNorm2d(p, cout));
}
