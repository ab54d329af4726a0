using Hwaso.Models.Backbones;
using Hwaso.Models.Networks;
using Hwaso.Nn;

namespace Hwaso.Models.Families;

/// <summary>An HRNetV1 of any size; its classes are the joints.</summary>
public sealed record HRNetPoseDefinition : ModelDefinition
{
    /// <summary>The body.</summary>
    public required HRNetConfig Config { get; init; }

    /// <summary>Side of the last convolution's kernel.</summary>
    public int FinalKernel { get; init; } = 1;

    /// <inheritdoc/>
    public override ModelTask Task => ModelTask.Pose;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = HRNetPose.CocoJoints;

    /// <inheritdoc/>
    public override Net Build(Weights w, int classes) => new HRNetPose(w, Config, classes, FinalKernel);
}
