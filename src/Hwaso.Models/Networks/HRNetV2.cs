// Wang et al., "Deep high-resolution representation learning for visual recognition", TPAMI 2020: HRNetV2 for segmentation.
// Key names follow HRNet-Semantic-Segmentation (seg_hrnet.py), whose body has no prefix and whose head is last_layer.
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>An HRNetV2 of any size: <c>hrnetv2-w48</c>, <c>hrnetv2-w48+psa-spatial</c>, …</summary>
public sealed record HRNetV2Definition : HRNetSegmentationDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<HRNetV2Definition>()
        .AlignCorners(d => d.Config.AlignCorners, (d, v) => d with { Config = d.Config with { AlignCorners = v } })
        .Include(d => d.Config, (d, v) => d with { Config = v }, HRNetConfig.Settings)
        .FinalKernel(d => d.FinalKernel, (d, v) => d with { FinalKernel = v })
        .Of<ModelDefinition>();

    // Counts of the official implementation, 59 classes; the paper behind psa-spatial prints 65.9 M and 69.0 M.
    static readonly Dictionary<string, long> published = new()
    {
        ["hrnetv2-w18-small-v1"] = 1_550_459,
        ["hrnetv2-w18-small-v2"] = 3_950_419,
        ["hrnetv2-w18"] = 9_651_959,
        ["hrnetv2-w32"] = 29_565_755,
        ["hrnetv2-w40"] = 45_918_475,
        ["hrnetv2-w48"] = 65_888_219,
        ["hrnetv2-w48+psa-spatial"] = 69_058_523,
        ["hrnetv2-w48+psa-s"] = 71_272_763,
        ["hrnetv2-w48+psa-p"] = 72_243_419,
    };

    /// <summary>Every one with a name, and <c>hrnetv2</c>.</summary>
    public static NetworkFamily Family { get; } =
        HRNetFamily.Of(Form("hrnetv2", HRNetFamily.Body), published, (size, config) => Form($"hrnetv2-{size}", config));

    /// <summary>Side of the last convolution's kernel.</summary>
    public int FinalKernel { get; init; } = 1;

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new HRNetV2(w, Config, classes, FinalKernel);

    static HRNetV2Definition Form(string name, HRNetConfig config) =>
        new() { Name = name, Description = "HRNetV2 for segmentation", Config = config };
}

/// <summary>The four branches, upsampled to the finest and concatenated, through two 1×1 convolutions: logits at stride 4.</summary>
public sealed class HRNetV2 : SegmentationNet
{
    readonly HRNet body;
    readonly Sequential last_layer;
    readonly bool alignCorners;

    /// <summary>Builds the network.</summary>
    /// <param name="w">Its root.</param>
    /// <param name="config">Body.</param>
    /// <param name="classes">K.</param>
    /// <param name="finalKernel">Side of the last convolution's kernel, 1 in every released network.</param>
    /// <exception cref="ArgumentException">Stages that do not fit, or a kernel that is not odd.</exception>
    public HRNetV2(Weights w, HRNetConfig config, int classes, int finalKernel = 1) : base(w, classes, config.AlignCorners)
    {
        if (finalKernel < 1 || finalKernel % 2 == 0)
            throw new ArgumentException($"last_layer: final kernel {finalKernel}; an odd number was wanted");
        body = new(w, config);
        var channels = body.Channels.Sum();                                     // 15 C
        last_layer = new(w / "last_layer",
            p => new Conv2d(p, channels, channels, kernel: 1, bias: true),
            p => new BatchNorm2d(p, channels, momentum: config.Momentum),
            p => new ReLU(p),
            p => new Conv2d(p, channels, classes, finalKernel, bias: true));
        alignCorners = config.AlignCorners;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["last_layer"];

    /// <summary>
    /// The authors' initial values: every convolution normal with deviation 0.001, batch norms 1 and 0, biases as PyTorch leaves them.
    /// </summary>
    public override void InitialiseAsPublished() => HRNetValues.Normal(Weights, HRNetValues.Deviation);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        var branches = x.Apply(body);
        var (height, width) = (branches[0].Size(2), branches[0].Size(3));
        var upsampled = branches.Select((branch, b) => b == 0 ? branch : branch.ResizeBilinear(height, width, alignCorners));
        return Tensor.Concat(upsampled, 1).Apply(last_layer);                   // [N, K, H/4, W/4]
    }
}
