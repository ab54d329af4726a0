// Ranftl et al., "Vision transformers for dense prediction", ICCV 2021, as DINOv2 (Oquab et al., TMLR 2024) trains it for depth.
// Structure and key names follow the authors' code (dinov2/hub/depth/decode_heads.py, DPTHead).
// Deviations: the first values of its convolutions are PyTorch's own, not He's normal ones.
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>Four blocks as a pyramid of maps, fused from coarse to fine.</summary>
public sealed record DptDepthHead : DepthHead
{
    static readonly Settings<DepthHead> settings = Common.Include(h => (DptDepthHead)h, (_, h) => h, new Settings<DptDepthHead>()
        .Int("channels", h => h.Channels, (h, v) => h with { Channels = v }, 2, "channels of the DPT head's fused maps; 256"));

    /// <summary>Channels of the fused maps.</summary>
    public int Channels { get; init; } = 256;

    /// <inheritdoc/>
    public override string Name => "dpt";

    /// <inheritdoc/>
    public override Settings<DepthHead> Settings => settings;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Taps(DinoConfig config) => config.FourTaps;

    /// <inheritdoc/>
    public override Net<PatchFeatureList, Tensor> Build(Weights w, DinoConfig config)
    {
        CheckRange(w);
        if (Channels < 2 || Channels % 2 != 0)
            throw new ArgumentException(
                $"{w.Path}: {Channels} channels; an even number was wanted, "
                + "since the last convolutions halve it (256 in the authors' head)");
        if (config.Width % 8 != 0)
            throw new ArgumentException(
                $"{w.Path}: a width of {config.Width}; a multiple of 8 "
                + "was wanted, since the coarsest maps keep an eighth of it");
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

/// <summary>
/// Joins each block's class token to its patches and makes a pyramid of the maps: 4 and 2 times finer, as they are, and 2 times coarser.
/// </summary>
sealed class ReassembleBlocks : Net<PatchFeatureList, Tensor[]>
{
    readonly Conv2d[] projects;
    readonly Net?[] resize_layers;
    readonly Sequential[] readout_projects;

    public ReassembleBlocks(Weights w, int width, int[] channels) : base(w)
    {
        projects = [.. channels.Select((c, k) => new Conv2d(w / "projects" / k / "conv", width, c, kernel: 1, bias: true))];
        var resize = w / "resize_layers";
        resize_layers =
        [
            new ConvTranspose2d(resize / 0, channels[0], channels[0], kernel: 4, stride: 4),
            new ConvTranspose2d(resize / 1, channels[1], channels[1], kernel: 2, stride: 2),
            null,
            new Conv2d(resize / 3, channels[3], channels[3], kernel: 3, stride: 2, bias: true),
        ];
        readout_projects =
            [.. channels.Select((_, k) => new Sequential(w / "readout_projects" / k, p => new Linear(p, 2 * width, width),
            p => new GELU(p)))];
    }

    protected override Tensor[] Forward(PatchFeatureList features) => [.. features.Layers.Select(Reassemble)];

    Tensor Reassemble(PatchFeatures layer, int k)
    {
        var map = layer.Patches;
        var tokens = map.Flatten(2).Transpose(1, 2);                            // [N, T, D]
        var everywhere = Aten.Expand(layer.ClassToken.Unsqueeze(1), [-1, tokens.Size(1), -1]);
        var joined = Tensor.Concat([tokens, everywhere], 2).Apply(readout_projects[k]);
        var projected = joined.Transpose(1, 2).Reshape(map.Shape).Apply(projects[k]);
        return resize_layers[k] is { } resize ? projected.Apply(resize) : projected;
    }
}

/// <summary>
/// DPT's fusion: a finer map is added to what came from below, a residual unit, twice the size, a 1×1 convolution. Takes one map or (from
/// below, finer).
/// </summary>
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

/// <summary>x + conv(relu(conv(relu(x)))). He et al., "Identity mappings in deep residual networks", ECCV 2016, without norms.</summary>
sealed class PreActResidualUnit(Weights w, int channels) : Net(w)
{
    readonly Conv2d conv1 = new(w / "conv1" / "conv", channels, channels, kernel: 3);
    readonly Conv2d conv2 = new(w / "conv2" / "conv", channels, channels, kernel: 3);

    protected override Tensor Forward(Tensor x) => x + x.Relu().Apply(conv1).Relu().Apply(conv2);
}

/// <summary>
/// DPT's last convolutions, [N, C, H, W] to [N, 1, 2 H, 2 W]; numbered as in the official Sequential, whose 1 enlarges and 3 is a ReLU.
/// </summary>
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
