using System.Text.Json;
using Hwaso.Data;
using Hwaso.Tests;
using Hwaso.Training.Metrics;
using Hwaso.Training.Scoring;

namespace Hwaso.Training.Tests.Scoring;

/// <summary>The figures that cityscapesScripts' and HRNet's code gave for recorded label files.</summary>
public sealed class RecordedScoreTests
{
    // What was asked for; the figures are quotients of the same integers, and agree to rounding.
    const double Tolerance = 1e-9;

    [Fact]
    public void Cityscapes_classes_categories_and_instances_score_as_its_own_script()
    {
        var folder = Fixtures.Path("metrics/cityscapes");
        var pairs = LabelPairs.Cityscapes(Path.Combine(folder, "pred"), Path.Combine(folder, "gt"));
        var report = new FolderScorer(ClassList.Cityscapes, LabelTable.CityscapesIds, cityscapes: true).Score(pairs, new ScoreOptions(), threads: 2);
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")));
        var expected = json.RootElement.GetProperty("few");
        var own = report.Cityscapes!;

        Assert.Equal(2, report.Images);
        foreach (var score in own.Classes)
        {
            Same(expected.GetProperty("classScores").GetProperty(score.Name), score.Iou);
            Same(expected.GetProperty("classInstScores").GetProperty(score.Name), score.InstanceIou);
        }
        foreach (var score in own.Categories)
        {
            Same(expected.GetProperty("categoryScores").GetProperty(score.Name), score.Iou);
            Same(expected.GetProperty("categoryInstScores").GetProperty(score.Name), score.InstanceIou);
        }
        Assert.Equal((19, 7), (own.Classes.Count, own.Categories.Count));
        Same(expected.GetProperty("averageScoreClasses"), own.Miou);
        Same(expected.GetProperty("averageScoreInstClasses"), own.InstanceIou);
        Same(expected.GetProperty("averageScoreCategories"), own.CategoryMiou);
        Same(expected.GetProperty("averageScoreInstCategories"), own.CategoryInstanceIou);
        // Counted a second way, over training indices: the same classes, so the same mean.
        Same(expected.GetProperty("averageScoreClasses"), report.Scores.Miou);
    }

    [Theory]
    [InlineData("c5")]
    [InlineData("c19_absent")]
    [InlineData("c19_never")]
    public void Plain_labels_score_as_HRNets_code(string name)
    {
        var folder = Fixtures.Path("metrics/labels");
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")));
        var expected = json.RootElement.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
        var classes = expected.GetProperty("num_classes").GetInt32();
        var pairs = LabelPairs.ByName(Path.Combine(folder, $"{name}_pred_*.png"), Path.Combine(folder, $"{name}_gt_*.png"));
        var report = new FolderScorer(ClassList.Numbered(classes), LabelTable.Plain(classes)).Score(pairs, new ScoreOptions());

        Assert.Equal(expected.GetProperty("confusion").EnumerateArray().SelectMany(row => row.EnumerateArray().Select(v => v.GetInt64()).Append(0)), report.Confusion.ToCounts());
        Same(expected.GetProperty("mean_iou"), report.Miou(AbsentClasses.Zero));
        Same(expected.GetProperty("pixel_acc"), report.Scores.PixelAccuracy);
        Same(expected.GetProperty("mean_acc"), report.Scores.MeanAccuracyAbsentAsZero);
        foreach (var (value, score) in expected.GetProperty("per_class_iou").EnumerateArray().Zip(report.Scores.Classes))
            Same(value, score.Iou ?? 0);
    }

    static void Same(JsonElement expected, double? found)
    {
        if (expected.ValueKind == JsonValueKind.Null)
            Assert.Null(found);
        else
            Assert.Equal(expected.GetDouble(), found!.Value, Tolerance);
    }
}
