using Hwaso.Models.Networks;
using Hwaso.Nn;

namespace Hwaso.Models.Families;

/// <summary>An HRNetV2 of any size.</summary>
public sealed record HRNetV2Definition : HRNetSegmentationDefinition
{
    /// <summary>Side of the last convolution's kernel.</summary>
    public int FinalKernel { get; init; } = 1;

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new HRNetV2(w, Config, classes, FinalKernel);
}
