// Lin et al., "Feature pyramid networks for object detection", CVPR 2017. Key names follow torchvision 0.14
// (ops/feature_pyramid_network.py).
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>
/// FPN: each map through a 1×1 convolution, added to the coarser one enlarged by nearest, then a 3×3 convolution; a last level takes every
/// second pixel of the coarsest one.
/// </summary>
public sealed class TopDownPyramid : Net<Tensor[], Tensor[]>
{
    readonly Conv2d[] inner, layer;

    /// <summary>Over maps of so many channels, finest first.</summary>
    public TopDownPyramid(Weights w, IReadOnlyList<int> maps, int channels = FeaturePyramid.ReleasedChannels) : base(w)
    {
        inner = [.. maps.Select((cin, level) => Conv(w / "inner_blocks" / level / 0, cin, channels, kernel: 1))];
        layer = [.. maps.Select((_, level) => Conv(w / "layer_blocks" / level / 0, channels, channels, kernel: 3))];
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor[] maps)
    {
        var levels = new Tensor[maps.Length + 1];
        Tensor? above = null;
        for (var level = maps.Length - 1; level >= 0; level--)
        {
            var own = maps[level].Apply(inner[level]);                          // [N, 256, h, w]
            above = above is null ? own : own + above.ResizeNearest(own.Size(2), own.Size(3));
            levels[level] = above.Apply(layer[level]);
        }
        levels[^1] = Aten.MaxPool2d(levels[^2], [1, 1], [2, 2], [0, 0]);
        return levels;
    }

    // torchvision's initial values: uniform for a slope of 1 on either side, no bias.
    static Conv2d Conv(Weights w, int cin, int cout, int kernel)
    {
        var conv = new Conv2d(w, cin, cout, kernel, bias: true);
        Init.KaimingUniform(conv.Weight, 1);
        Init.Constant(conv.Bias!, 0);
        return conv;
    }
}
