// Ranftl et al., "Vision transformers for dense prediction", ICCV 2021, as DINOv2 (Oquab et al., TMLR 2024) trains it for depth.
// Structure and key names follow the authors' code (dinov2/hub/depth/decode_heads.py, DPTHead).
// Deviations: the first values of its convolutions are PyTorch's own, not He's normal ones.
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>Four blocks as a pyramid of maps, fused from coarse to fine.</summary>
public sealed record DptDepthHead : DepthHead
{
    /// <summary>Channels of the fused maps.</summary>
    public int Channels { get; init; } = 256;

    /// <inheritdoc/>
    public override string Name => "dpt";

    /// <inheritdoc/>
    public override IReadOnlyList<int> Taps(DinoConfig config) => config.FourTaps;

    /// <inheritdoc/>
    public override Net<PatchFeatureList, Tensor> Build(Weights w, DinoConfig config)
    {
        CheckRange(w);
        if (Channels < 2 || Channels % 2 != 0)
            throw new ArgumentException($"{w.Path}: {Channels} channels; an even number was wanted, since the last convolutions halve it (256 in the authors' head)");
        if (config.Width % 8 != 0)
            throw new ArgumentException($"{w.Path}: a width of {config.Width}; a multiple of 8 was wanted, since the coarsest maps keep an eighth of it");
        return new DptDepthNet(w, config.Width, this);
    }
}

/// <summary>Reassembles, fuses, predicts.</summary>
public sealed class DptDepthNet : Net<PatchFeatureList, Tensor>
{
    readonly double minDepth;
    readonly Conv2d[] convs;
    readonly ReassembleBlocks reassemble_blocks;
    readonly FeatureFusionBlock[] fusion_blocks;
    readonly Conv2d project;
    readonly DepthConvolutions conv_depth;

    internal DptDepthNet(Weights w, int width, DptDepthHead head) : base(w)
    {
        minDepth = head.MinDepth;
        int[] channels = [width / 8, width / 4, width / 2, width];
        conv_depth = new(w / "conv_depth" / "head", head.Channels);             // first in the official files
        reassemble_blocks = new(w / "reassemble_blocks", width, channels);
        convs = [.. channels.Select((c, k) => new Conv2d(w / "convs" / k / "conv", c, head.Channels, kernel: 3))];
        fusion_blocks = [.. channels.Select((_, k) => new FeatureFusionBlock(w / "fusion_blocks" / k, head.Channels, joins: k > 0))];
        project = new(w / "project" / "conv", head.Channels, head.Channels, kernel: 3, bias: true);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(PatchFeatureList features)
    {
        var maps = features.Apply(reassemble_blocks).Select((map, k) => map.Apply(convs[k])).ToArray();
        var fused = new[] { maps[3] }.Apply(fusion_blocks[0]);
        for (var k = 1; k < fusion_blocks.Length; k++)
            fused = new[] { fused, maps[3 - k] }.Apply(fusion_blocks[k]);
        return fused.Apply(project).Relu().Apply(conv_depth).Relu() + minDepth;
    }
}
