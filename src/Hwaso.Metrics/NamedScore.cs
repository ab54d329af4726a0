namespace Hwaso.Metrics;

/// <summary>The two scores that Cityscapes gives a class or a category.</summary>
/// <param name="Name">Name of the class or category.</param>
/// <param name="Iou">Intersection over union; null if it is neither in the truth nor predicted.</param>
/// <param name="InstanceIou">The same with each object weighted by average size ÷ own size; null where it has no instances.</param>
public sealed record NamedScore(string Name, double? Iou, double? InstanceIou);
