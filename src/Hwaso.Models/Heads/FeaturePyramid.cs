// Wang et al., TPAMI 2020, section 3.2, HRNetV2p. Key names follow the authors' HRNet-Object-Detection (necks/hrfpn.py).
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>
/// HRFPN: the four branches concatenated at stride 4, 1×1 to 256 channels, average-pooled to strides 8 to 64, a 3×3 convolution each: five
/// maps.
/// </summary>
public sealed class FeaturePyramid : Net<Tensor[], Tensor[]>
{
    /// <summary>Channels of every level in the released networks.</summary>
    public const int ReleasedChannels = 256;

    /// <summary>Levels: strides 4, 8, 16, 32, 64.</summary>
    public const int Levels = 5;

    readonly Conv2d reduction_conv;
    readonly Conv2d[] fpn_conv;

    /// <summary>Over branches of so many channels.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="branches">Channels of each branch.</param>
    /// <param name="channels">Channels of every level.</param>
    /// <param name="reduction">
    /// The name of the 1×1 convolution below <c>reduction_conv</c>: 0 in the authors' release, conv in mmdetection 2 and 3.
    /// </param>
    public FeaturePyramid(Weights w, IReadOnlyList<int> branches, int channels = ReleasedChannels, string reduction = "0") : base(w)
    {
        reduction_conv = Linear(w / "reduction_conv" / reduction, branches.Sum(), channels, kernel: 1);
        fpn_conv = Enumerable.Range(0, Levels).Select(level => Linear(w / "fpn_conv" / level, channels, channels, kernel: 3)).ToArray();
        Channels = channels;
    }

    /// <summary>Channels of every level.</summary>
    public int Channels { get; }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor[] branches)
    {
        var (height, width) = (branches[0].Size(2), branches[0].Size(3));
        const int Coarsest = 1 << Levels - 1;
        if (height < Coarsest || width < Coarsest)
            throw new ArgumentException(
                $"{(Weights / "fpn_conv" / (Levels - 1)).Path}: features of {height}×{width} "
                + "pixels at stride 4 leave none at stride 64; images of at least 64×64 were wanted");
        var upsampled = branches.Select((branch, b) => b == 0 ? branch : branch.ResizeBilinear(height, width));
        var finest = Tensor.Concat(upsampled, 1).Apply(reduction_conv);         // [N, 256, H/4, W/4]
        return fpn_conv.Select((conv, level) => (level == 0 ? finest : Pool(finest, 1 << level)).Apply(conv)).ToArray();
    }

    // No activation follows: He's normal for a slope of 1 on either side, as the authors begin.
    static Conv2d Linear(Weights w, int cin, int cout, int kernel)
    {
        var conv = new Conv2d(w, cin, cout, kernel, bias: true);
        Init.Normal(conv.Weight, 1 / Math.Sqrt(Init.FanIn(conv.Weight)));
        Init.Constant(conv.Bias!, 0);
        return conv;
    }

    static Tensor Pool(Tensor x, long side) => Aten.AvgPool2d(x, [side, side], [side, side]);
}
