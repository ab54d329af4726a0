using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>Channels weighed by what the whole image says: σ(W₂ silu(W₁ mean(x))) · x, [N, C, h, w] to the same. Hu et al., CVPR 2018; names as torchvision's.</summary>
sealed class SqueezeExcitation(Weights w, int channels, int squeezed) : Net(w)
{
    readonly Conv2d fc1 = new(w / "fc1", channels, squeezed, kernel: 1, bias: true);
    readonly Conv2d fc2 = new(w / "fc2", squeezed, channels, kernel: 1, bias: true);

    protected override Tensor Forward(Tensor x) => x * Aten.Silu(x.Mean([2, 3], keep: true).Apply(fc1)).Apply(fc2).Sigmoid();
}
