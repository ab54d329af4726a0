using System.Text.Json;
using Hwaso.Data;
using Hwaso.Metrics.Scoring;
using Hwaso.Tests;

namespace Hwaso.Metrics.Tests.Scoring;

/// <summary>The figures that cityscapesScripts' and HRNet's code gave for recorded label files.</summary>
public sealed class RecordedScoreTests
{
    // What was asked for; the figures are quotients of the same integers, and agree to rounding.
    const double Tolerance = 1e-9;

    [Fact]
    public void Cityscapes_classes_categories_and_instances_score_as_its_own_script()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("metrics/cityscapes/expected.json")));
        CheckCityscapes(Fixtures.Path("metrics/cityscapes"), json.RootElement.GetProperty("few"), images: 2);
    }

    // What the recording has not: every label id, no object that counts, only void predicted, odd sizes.
    [Theory]
    [InlineData("all", 3)]
    [InlineData("no_object", 1)]
    [InlineData("void_predicted", 2)]
    public void Cityscapes_rules_computed_anew_give_the_same(string name, int images)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("metrics/recomputed/expected.json")));
        CheckCityscapes(Fixtures.Path($"metrics/recomputed/{name}"), json.RootElement.GetProperty("cityscapes").GetProperty(name), images);
    }

    static void CheckCityscapes(string folder, JsonElement expected, int images)
    {
        var pairs = LabelPairs.Cityscapes(Path.Combine(folder, "pred"), Path.Combine(folder, "gt"));
        var report = new FolderScorer(ClassList.Cityscapes, LabelTable.CityscapesIds, cityscapes: true)
            .Score(pairs, new ScoreOptions(), threads: 2);
        var own = report.Cityscapes!;

        Assert.Equal(images, report.Images);
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

        Assert.Equal(expected.GetProperty("confusion").EnumerateArray().SelectMany(row =>
            row.EnumerateArray().Select(v => v.GetInt64()).Append(0)), report.Confusion.ToCounts());
        Same(expected.GetProperty("mean_iou"), report.Miou(AbsentClasses.Zero));
        Same(expected.GetProperty("pixel_acc"), report.Scores.PixelAccuracy);
        Same(expected.GetProperty("mean_acc"), report.Scores.MeanAccuracyAbsentAsZero);
        foreach (var (value, score) in expected.GetProperty("per_class_iou").EnumerateArray().Zip(report.Scores.Classes))
            Same(value, score.Iou ?? 0);
    }

    // One class, as many as fit, all ignored, and class 0 ignored that is still predicted.
    [Theory]
    [InlineData("one_class")]
    [InlineData("many")]
    [InlineData("nothing")]
    [InlineData("zero_ignored")]
    public void HRNets_rules_computed_anew_give_the_same(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("metrics/recomputed/expected.json")));
        var expected = json.RootElement.GetProperty("labels").GetProperty(name);
        var classes = expected.GetProperty("num_classes").GetInt32();
        var folder = Fixtures.Path($"metrics/recomputed/{name}");
        var pairs = LabelPairs.ByName(Path.Combine(folder, "pred"), Path.Combine(folder, "gt"));
        var report = new FolderScorer(ClassList.Numbered(classes), LabelTable.Plain(classes, expected.GetProperty("ignore").GetByte()),
            PredictedValues.Indices).Score(pairs, new ScoreOptions(), threads: 2);

        Same(expected.GetProperty("mean_iou"), report.Miou(AbsentClasses.Zero));
        Same(expected.GetProperty("pixel_acc"), report.Scores.PixelAccuracy);
        Same(expected.GetProperty("mean_acc"), report.Scores.MeanAccuracyAbsentAsZero);
        Assert.Equal(classes, report.Scores.Classes.Count);
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
