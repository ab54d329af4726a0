using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>x + conv(relu(conv(relu(x)))). He et al., "Identity mappings in deep residual networks", ECCV 2016, without norms.</summary>
sealed class PreActResidualUnit(Weights w, int channels) : Net(w)
{
    readonly Conv2d conv1 = new(w / "conv1" / "conv", channels, channels, kernel: 3);
    readonly Conv2d conv2 = new(w / "conv2" / "conv", channels, channels, kernel: 3);

    protected override Tensor Forward(Tensor x) => x + x.Relu().Apply(conv1).Relu().Apply(conv2);
}
