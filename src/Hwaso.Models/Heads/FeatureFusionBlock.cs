using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>DPT's fusion: a finer map is added to what came from below, a residual unit, twice the size, a 1×1 convolution. Takes one map or (from below, finer).</summary>
sealed class FeatureFusionBlock : Net<Tensor[], Tensor>
{
    readonly Conv2d project;
    readonly PreActResidualUnit? res_conv_unit1;
    readonly PreActResidualUnit res_conv_unit2;

    public FeatureFusionBlock(Weights w, int channels, bool joins) : base(w)
    {
        project = new(w / "project" / "conv", channels, channels, kernel: 1, bias: true);
        res_conv_unit1 = joins ? new(w / "res_conv_unit1", channels) : null;
        res_conv_unit2 = new(w / "res_conv_unit2", channels);
    }

    protected override Tensor Forward(Tensor[] maps)
    {
        var x = maps[0];
        var (height, width) = (x.Size(2), x.Size(3));
        if (res_conv_unit1 is not null)
        {
            // Twice a coarser map of an odd side is one larger than the map that it came from.
            var finer = maps[1].Size(2) == height && maps[1].Size(3) == width ? maps[1] : maps[1].ResizeBilinear(height, width);
            x = x + finer.Apply(res_conv_unit1);
        }
        return x.Apply(res_conv_unit2).ResizeBilinear(2 * height, 2 * width, alignCorners: true).Apply(project);
    }
}
