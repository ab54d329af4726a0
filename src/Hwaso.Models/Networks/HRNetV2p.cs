// Wang et al., "Deep high-resolution representation learning for visual recognition", TPAMI 2020: HRNetV2p, the pyramid that detectors stand on.
// Key names follow the authors' HRNet-Object-Detection: backbone.* and neck.*.
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>Images [N, 3, H, W], sides multiples of 32 and at least 64, to five feature maps [N, 256, H/s, W/s] at strides 4, 8, 16, 32, 64.</summary>
public sealed class HRNetV2p : Net<Tensor, Tensor[]>
{
    readonly HRNet backbone;
    readonly FeaturePyramid neck;

    /// <summary>Builds both.</summary>
    /// <exception cref="ArgumentException">Stages that do not fit.</exception>
    public HRNetV2p(Weights w, HRNetConfig config, int channels = FeaturePyramid.ReleasedChannels) : base(w)
    {
        backbone = new(w / "backbone", config, FuseUpsampling.Nearest);
        neck = new(w / "neck", backbone.Channels, channels);
    }

    /// <summary>Channels of every level.</summary>
    public int Channels => neck.Channels;

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor x) => x.Apply(backbone).Apply(neck);
}
