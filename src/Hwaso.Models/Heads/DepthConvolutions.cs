using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>DPT's last convolutions, [N, C, H, W] to [N, 1, 2 H, 2 W]; numbered as in the official Sequential, whose 1 enlarges and 3 is a ReLU.</summary>
sealed class DepthConvolutions(Weights w, int channels) : Net(w)
{
    const int Narrow = 32;

    readonly Conv2d first = new(w / 0, channels, channels / 2, kernel: 3, bias: true);
    readonly Conv2d second = new(w / 2, channels / 2, Narrow, kernel: 3, bias: true);
    readonly Conv2d last = new(w / 4, Narrow, 1, kernel: 1, bias: true);

    protected override Tensor Forward(Tensor x)
    {
        var half = x.Apply(first);
        return half.ResizeBilinear(2 * half.Size(2), 2 * half.Size(3), alignCorners: true).Apply(second).Relu().Apply(last);
    }
}
