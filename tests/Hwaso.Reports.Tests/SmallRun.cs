using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Metrics;

namespace Hwaso.Reports.Tests;

/// <summary>A run so small that every figure of its report can be worked out by hand.</summary>
static class SmallRun
{
    public static IReadOnlyList<ClassEntry> Classes { get; } =
        [new("road", 128, 64, 128), new("car & <van>", 0, 0, 142), new("train", 0, 80, 100), new("bus", 0, 60, 100)];

    /// <summary>
    /// True classes down, predicted across, last the pixels predicted as no class. 100 pixels of road, 40 of car; a train is predicted
    /// but not there, a bus neither.
    /// </summary>
    public static ConfusionMatrix Matrix { get; } = ConfusionMatrix.FromCounts(
    [
        90, 5, 5, 0, 0,
        10, 30, 0, 0, 0,
        0, 0, 0, 0, 0,
        0, 0, 0, 0, 0,
    ]);

    public static Scores Scores { get; } = Scores.Of(Matrix);

    /// <summary>Title and classes: all that a report needs.</summary>
    public static RunReportData Bare { get; } = new() { Title = "A run", Classes = Classes };

    /// <summary>Scores of two classes of one pixel each: one right and one wrong, or both right.</summary>
    public static Scores Two(bool right) => Scores.Of(ConfusionMatrix.FromCounts(right ? [1, 0, 0, 0, 1, 0] : [1, 0, 0, 1, 0, 0]));

    /// <summary>A picture of 4 × 2 pixels whose labels are given.</summary>
    public static ExamplePicture Picture(string name, byte[]? truth, byte[] prediction, double? miou = null) => new(
        name, new RgbImage(4, 2, [.. Enumerable.Range(0, 24).Select(k => (byte)(10 * k))]),
        truth is null ? null : new LabelMap(4, 2, truth), new LabelMap(4, 2, prediction), miou);
}
