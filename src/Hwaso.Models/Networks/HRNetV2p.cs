// Wang et al., "Deep high-resolution representation learning for visual recognition", TPAMI 2020: HRNetV2p, the pyramid that detectors
// stand on. Key names follow the authors' HRNet-Object-Detection: backbone.* and neck.*.
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>An HRNetV2p of any size: <c>hrnetv2p-w32</c>, …; a detector's heads stand on its levels.</summary>
public sealed record HRNetPyramidDefinition : ModelDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<HRNetPyramidDefinition>()
        .Include(d => d.Config, (d, v) => d with { Config = v }, HRNetConfig.Settings)
        .Of<ModelDefinition>();

    /// <summary>Every one with a name, and <c>hrnetv2p</c>.</summary>
    public static NetworkFamily Family { get; } = HRNetFamily.Of(
        Form("hrnetv2p", HRNetFamily.Body), new Dictionary<string, long>(),
        (size, config) => Form($"hrnetv2p-{size}", config) with { PublishedSize = (800, 1344) });

    /// <summary>The body.</summary>
    public required HRNetConfig Config { get; init; }

    /// <summary>Channels of every level.</summary>
    public int Channels { get; init; } = FeaturePyramid.ReleasedChannels;

    /// <inheritdoc/>
    public override ModelTask Task => ModelTask.Features;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; }

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override Net Build(Weights w, int classes) => new HRNetV2pLevels(w, Config, Channels);

    static HRNetPyramidDefinition Form(string name, HRNetConfig config) =>
        new() { Name = name, Description = "HRNetV2p, the pyramid of features that detectors stand on", Config = config };
}

/// <summary>
/// Images [N, 3, H, W], sides multiples of 32 and at least 64, to five feature maps [N, 256, H/s, W/s] at strides 4, 8, 16, 32, 64.
/// </summary>
public sealed class HRNetV2p : Net<Tensor, Tensor[]>
{
    readonly HRNet backbone;
    readonly FeaturePyramid neck;

    /// <summary>Builds both.</summary>
    /// <param name="w">Their place.</param>
    /// <param name="config">The body.</param>
    /// <param name="channels">Channels of every level.</param>
    /// <param name="reduction">As <see cref="FeaturePyramid"/> has it.</param>
    /// <exception cref="ArgumentException">Stages that do not fit.</exception>
    public HRNetV2p(Weights w, HRNetConfig config, int channels = FeaturePyramid.ReleasedChannels, string reduction = "0") : base(w)
    {
        backbone = new(w / "backbone", config, FuseUpsampling.Nearest);
        neck = new(w / "neck", backbone.Channels, channels, reduction);
    }

    /// <summary>Channels of every level.</summary>
    public int Channels => neck.Channels;

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor x) => x.Apply(backbone).Apply(neck);
}

/// <summary>
/// An <see cref="HRNetV2p"/> as a network by name: it answers with the coarsest level [N, 256, H/64, W/64], and with all five where all are
/// asked for.
/// </summary>
public sealed class HRNetV2pLevels(Weights w, HRNetConfig config, int channels = FeaturePyramid.ReleasedChannels)
    : Net(w), ISeveralOutputs, ISeveralAnswers
{
    readonly HRNetV2p pyramid = new(w, config, channels);

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => [.. Enumerable.Range(0, FeaturePyramid.Levels).Select(level => $"level{level}")];

    /// <inheritdoc/>
    public IReadOnlyList<string> PublishedOrder => OutputNames;

    /// <summary>The levels at strides 4, 8, 16, 32 and 64.</summary>
    public Tensor[] Outputs(Tensor image) => image.Apply(pyramid);

    /// <inheritdoc/>
    public Tensor[] Answers(Tensor image) => Outputs(image);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Outputs(x)[^1];
}
