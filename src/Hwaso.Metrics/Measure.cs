namespace Hwaso.Metrics;

/// <summary>A score that tables of runs have a column for.</summary>
/// <param name="Name">Its name in files, such as <c>miou</c>.</param>
/// <param name="Title">Its name in tables, such as mIoU.</param>
/// <param name="Of">Its value, a share of 1; null where it is not defined.</param>
public sealed record Measure(string Name, string Title, Func<Scores, double?> Of)
{
    /// <summary>Those there are; the first is the usual one.</summary>
    public static IReadOnlyList<Measure> All { get; } =
    [
        new("miou", "mIoU", s => s.Miou),
        new("foreground_iou", "IoU without background", s => s.ForegroundIou),
        new("pixel_accuracy", "pixel accuracy", s => s.PixelAccuracy),
        new("mean_accuracy", "mean accuracy", s => s.MeanAccuracy),
    ];
}
