// The linear depth head of DINOv2 (Oquab et al., TMLR 2024), with the bins of Bhat et al., "AdaBins", CVPR 2021, evenly spaced.
// Structure and key names follow the authors' code (dinov2/hub/depth/decode_heads.py, BNHead, which has no batch norm).
// Deviations: the mean over the bins is Σ b·r / Σ r, one division a pixel, not Σ b·(r / Σ r). An earlier state of the authors' code fixed
// the largest depth of every linear head at 80; it is a setting here, 10 by default as for their NYU heads.
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>One 1×1 convolution to bins of depth, over the last block or over four.</summary>
public sealed record LinearDepthHead : DepthHead
{
    static readonly Settings<DepthHead> settings = Common.Include(h => (LinearDepthHead)h, (_, h) => h, new Settings<LinearDepthHead>()
        .Int("bins", h => h.Bins, (h, v) => h with { Bins = v }, 2, "bins of depth of the linear heads; 256"));

    /// <summary>1 or 4.</summary>
    public int Layers { get; init; } = 1;

    /// <summary>Bins, evenly spaced from the smallest to the largest depth.</summary>
    public int Bins { get; init; } = 256;

    /// <inheritdoc/>
    public override string Name => Layers == 1 ? "linear" : $"linear{Layers}";

    /// <inheritdoc/>
    public override Settings<DepthHead> Settings => settings;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Taps(DinoConfig config) => Layers == 1 ? [config.Depth - 1] : config.FourTaps;

    /// <inheritdoc/>
    public override Net<PatchFeatureList, Tensor> Build(Weights w, DinoConfig config)
    {
        CheckRange(w);
        if (Layers is not (1 or 4))
            throw new ArgumentException($"{w.Path}: a linear head over {Layers} layers; 1 or 4 was wanted");
        if (Bins < 2)
            throw new ArgumentException($"{w.Path}: {Bins} bins of depth; at least 2 were wanted (256 in the authors' heads)");
        return new LinearDepthNet(w, config.Width, this);
    }
}

/// <summary>Maps and class tokens, side by side and four times finer, to depth.</summary>
public sealed class LinearDepthNet : Net<PatchFeatureList, Tensor>
{
    const int Finer = 4;

    /// <summary>Added to every bin after the ReLU, so that none is impossible and their sum is never 0.</summary>
    const double Least = 0.1;

    readonly LinearDepthHead head;
    readonly Conv2d conv_depth;

    internal LinearDepthNet(Weights w, int width, LinearDepthHead head) : base(w)
    {
        this.head = head;
        conv_depth = new(w / "conv_depth", 2 * width * head.Layers, head.Bins, kernel: 1, bias: true);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(PatchFeatureList features)
    {
        var (height, width) = (features.Layers[0].Patches.Size(2) * Finer, features.Layers[0].Patches.Size(3) * Finer);
        var maps = features.Layers.Select(l => WithClass(l).ResizeBilinear(height, width));
        var bins = Tensor.Concat(maps, 1).Apply(conv_depth).Relu() + Least;     // [N, bins, 4h, 4w]
        var depths = Aten.Linspace(head.MinDepth, head.MaxDepth, head.Bins, bins.Type, bins.Device).Reshape(1, 1, head.Bins);
        var weighted = depths.Times(bins.Flatten(2)).Reshape(bins.Size(0), 1, height, width);
        return weighted / bins.Sum([1], keep: true);
    }

    static Tensor WithClass(PatchFeatures layer)
    {
        var map = layer.Patches;
        var everywhere = Aten.Expand(layer.ClassToken.Unsqueeze(2).Unsqueeze(3), [-1, -1, map.Size(2), map.Size(3)]);
        return Tensor.Concat([map, everywhere], 1);                             // [N, 2 D, h, w]
    }
}
