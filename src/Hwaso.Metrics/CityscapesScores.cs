namespace Hwaso.Metrics;

/// <summary>Cityscapes' scores, as shares of 1.</summary>
public sealed record CityscapesScores
{
    /// <summary>
    /// Scores of the evaluated classes from pixels alone, in id order, which is train-id order; mIoU is the class IoU average.
    /// </summary>
    public required Scores Pixels { get; init; }

    /// <summary>IoU and instance-weighted IoU of each evaluated class.</summary>
    public required IReadOnlyList<NamedScore> Classes { get; init; }

    /// <summary>IoU and instance-weighted IoU of each category with an evaluated class.</summary>
    public required IReadOnlyList<NamedScore> Categories { get; init; }

    /// <summary>Mean class IoU.</summary>
    public double? Miou => Classes.Average(c => c.Iou);

    /// <summary>Mean instance-weighted class IoU (iIoU).</summary>
    public double? InstanceIou => Classes.Average(c => c.InstanceIou);

    /// <summary>Mean category IoU.</summary>
    public double? CategoryMiou => Categories.Average(c => c.Iou);

    /// <summary>Mean instance-weighted category IoU.</summary>
    public double? CategoryInstanceIou => Categories.Average(c => c.InstanceIou);
}

/// <summary>The two scores that Cityscapes gives a class or a category.</summary>
/// <param name="Name">Name of the class or category.</param>
/// <param name="Iou">Intersection over union; null if it is neither in the truth nor predicted.</param>
/// <param name="InstanceIou">The same with each object weighted by average size ÷ own size; null where it has no instances.</param>
public sealed record NamedScore(string Name, double? Iou, double? InstanceIou);
