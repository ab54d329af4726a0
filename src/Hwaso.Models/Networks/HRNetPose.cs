// Sun et al., "Deep high-resolution representation learning for human pose estimation", CVPR 2019: HRNetV1.
// Key names follow the authors' deep-high-resolution-net.pytorch (pose_hrnet.py), whose body has no prefix and whose head is final_layer.
// Deviations: stage 1 is a setting here; there it is four Bottlenecks of 64.
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>An HRNetV1 of any size: <c>hrnet-w32-pose</c>, …; its classes are the joints.</summary>
public sealed record HRNetPoseDefinition : PoseDefinition
{
    static readonly Settings<ModelDefinition> settings = new Settings<HRNetPoseDefinition>()
        .Include(d => d.Config, (d, v) => d with { Config = v }, HRNetConfig.Settings)
        .FinalKernel(d => d.FinalKernel, (d, v) => d with { FinalKernel = v })
        .Of<ModelDefinition>();

    // Counts of the official implementation.
    static readonly Dictionary<string, long> published = new() { ["hrnet-w32-pose"] = 28_536_113, ["hrnet-w48-pose"] = 63_595_745 };

    /// <summary>Every one with a name, and <c>hrnet-pose</c>.</summary>
    public static NetworkFamily Family { get; } =
        HRNetFamily.Of(Form("hrnet-pose", HRNetFamily.Body), published, (size, config) => Form($"hrnet-{size}-pose", config));

    /// <summary>The body.</summary>
    public required HRNetConfig Config { get; init; }

    /// <summary>Side of the last convolution's kernel.</summary>
    public int FinalKernel { get; init; } = 1;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = HRNetPose.CocoJoints;

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => settings;

    /// <inheritdoc/>
    public override PoseNet Build(Weights w, int classes) => new HRNetPose(w, Config, classes, FinalKernel);

    static HRNetPoseDefinition Form(string name, HRNetConfig config) =>
        new() { Name = name, Description = "HRNetV1 for the keypoints of a person", Config = config };
}

/// <summary>
/// The finest branch alone through one convolution: images [N, 3, H, W] to a heat map a joint, [N, J, H/4, W/4], peak 1 at the joint.
/// </summary>
public sealed class HRNetPose : PoseNet
{
    /// <summary>COCO's keypoints.</summary>
    public const int CocoJoints = 17;

    readonly HRNet body;
    readonly Conv2d final_layer;

    /// <summary>Builds the network.</summary>
    /// <param name="w">Its root.</param>
    /// <param name="config">Body.</param>
    /// <param name="joints">J: 17 for COCO, 16 for MPII.</param>
    /// <param name="finalKernel">Side of the last convolution's kernel, 1 in every released network.</param>
    /// <exception cref="ArgumentException">Stages that do not fit, no joint, or a kernel that is not odd.</exception>
    public HRNetPose(Weights w, HRNetConfig config, int joints = CocoJoints, int finalKernel = 1) : base(w, joints)
    {
        if (finalKernel < 1 || finalKernel % 2 == 0)
            throw new ArgumentException($"final_layer: final kernel {finalKernel}; an odd number was wanted");
        body = new(w, config, FuseUpsampling.Nearest, highestOnly: true);
        final_layer = new(w / "final_layer", body.Channels[0], joints, finalKernel, bias: true);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["final_layer"];

    /// <summary>The authors' initial values: every convolution normal with deviation 0.001 and no bias, batch norms 1 and 0.</summary>
    public override void InitialiseAsPublished()
    {
        HRNetValues.Normal(Weights, HRNetValues.Deviation);
        Init.Constant(final_layer.Bias!, 0);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(body)[0].Apply(final_layer);
}
