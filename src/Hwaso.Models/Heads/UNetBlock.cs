using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>Two 3×3 convolutions with batch norm and ReLU over upsampled features and the skip beside them, [N, Cin + Cskip, h, w] to [N, Cout, h, w].</summary>
public sealed class UNetBlock(Weights w, int cin, int skip, int cout, double momentum = 0.1) : Net(w)
{
    readonly Sequential conv1 = Convolution(w / "conv1", cin + skip, cout, momentum);
    readonly Sequential conv2 = Convolution(w / "conv2", cout, cout, momentum);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(conv1).Apply(conv2);

    static Sequential Convolution(Weights w, int cin, int cout, double momentum) => new(w,
        p => new Conv2d(p, cin, cout, kernel: 3),
        p => new BatchNorm2d(p, cout, momentum: momentum),
        p => new ReLU(p));
}
