using Hwaso.Data;
using Hwaso.Imaging;

namespace Hwaso.Metrics.Tests;

public sealed class ScoreTallyTests
{
    const int Classes = 6;

    static readonly ScoreOptions everything = new() { Bootstrap = 50, BoundaryRatio = 0.02 };

    static (string Name, LabelMap Prediction, LabelMap Truth)[] Images()
    {
        var random = new Random(11);
        return [.. Enumerable.Range(0, 17).Select(k =>
        {
            var (width, height) = (random.Next(1, 60), random.Next(1, 60));
            return ($"{k}", new LabelMap(width, height, RandomLabels.Areas(random, width * height, RandomLabels.Values(Classes + 1))),
                new LabelMap(width, height, RandomLabels.Areas(random, width * height, RandomLabels.Values(Classes, 255))));
        })];
    }

    static string Everything(ScoreTally tally)
    {
        var report = tally.Report();
        return ScoreJson.Text(report, AbsentClasses.LeaveOut) + string.Join(",", report.Confusion.ToCounts());
    }

    [Fact]
    public void Figures_do_not_depend_on_the_order_of_images_or_on_threads()
    {
        var images = Images();
        var whole = new ScoreTally(ClassList.Numbered(Classes), everything);
        foreach (var (name, prediction, truth) in images)
            whole.Add(name, prediction, truth);
        for (var trial = 1; trial < 6; trial++)
        {
            new Random(trial).Shuffle(images);
            var parts = Enumerable.Range(0, trial).Select(_ => new ScoreTally(ClassList.Numbered(Classes), everything)).ToArray();
            Parallel.For(0, trial, thread =>
            {
                for (var k = thread; k < images.Length; k += trial)
                    parts[thread].Add(images[k].Name, images[k].Prediction, images[k].Truth);
            });
            // Merged halfway, and then counted on: what was added by others is not the next image's.
            for (var k = 1; k < trial; k++)
                parts[0].Add(parts[k]);
            Assert.Equal(Everything(whole), Everything(parts[0]));
        }
        var twice = new ScoreTally(ClassList.Numbered(Classes), everything);
        twice.Add(images[0].Name, images[0].Prediction, images[0].Truth);
        var rest = new ScoreTally(ClassList.Numbered(Classes), everything);
        foreach (var (name, prediction, truth) in images[1..9])
            rest.Add(name, prediction, truth);
        twice.Add(rest);
        foreach (var (name, prediction, truth) in images[9..])
            twice.Add(name, prediction, truth);
        Assert.Equal(Everything(whole), Everything(twice));
    }

    [Fact]
    public void An_image_that_cannot_be_counted_changes_nothing()
    {
        var tally = new ScoreTally(ClassList.Numbered(Classes), everything);
        foreach (var (name, prediction, truth) in Images())
            tally.Add(name, prediction, truth);
        var before = Everything(tally);
        Assert.Throws<ArgumentException>(() => tally.Add("a", new LabelMap(2, 3), new LabelMap(3, 2)));
        Assert.Throws<ArgumentException>(() => tally.Add("b", new LabelMap(2, 1), new LabelMap(2, 1, [0, Classes])));
        Assert.Equal(before, Everything(tally));
    }

    [Fact]
    public void Predictions_are_compared_image_by_image()
    {
        // The second is the first with every hundredth pixel of class 0 lost: always worse, by little, while images differ much.
        var random = new Random(5);
        var (better, worse) =
            (new ScoreTally(ClassList.Numbered(2), new ScoreOptions()), new ScoreTally(ClassList.Numbered(2), new ScoreOptions()));
        for (var k = 0; k < 30; k++)
        {
            var truth = new LabelMap(40, 40, RandomLabels.Areas(random, 1600, 0, 1));
            var chance = random.NextDouble();
            var prediction = new LabelMap(40, 40, [.. truth.Labels.Select(v => random.NextDouble() < chance ? (byte)1 : v)]);
            better.Add($"{k}", prediction, truth);
            worse.Add($"{k}", new LabelMap(40, 40, [.. prediction.Labels.Select((v, p) => p % 100 == 0 ? (byte)1 : v)]), truth);
        }
        var (first, second) = (better.Report(), worse.Report());
        var difference = first.DifferenceFrom(second, AbsentClasses.LeaveOut);
        var alone = Interval.Of(first.Bootstrap!.MeanIous(AbsentClasses.LeaveOut).OfType<double>())!;

        Assert.Equal(first.Scores.Miou - second.Scores.Miou, difference.Miou);
        Assert.True(difference.Interval!.Low > 0, $"{difference}");
        Assert.Equal(1, difference.ShareBetter);
        // What the images have in common drops out of the difference.
        Assert.True(difference.Interval.High - difference.Interval.Low < (alone.High - alone.Low) / 5);
        Assert.Throws<ArgumentException>(() =>
            first.DifferenceFrom(new ScoreTally(ClassList.Numbered(2), new ScoreOptions()).Report(), AbsentClasses.Zero));
    }

    [Fact]
    public void Absent_classes_are_left_out_or_count_as_zero_as_asked()
    {
        var tally = new ScoreTally(ClassList.Numbered(4), new ScoreOptions { Bootstrap = 0 });
        tally.Add("a", new LabelMap(4, 1, [0, 0, 1, 1]), new LabelMap(4, 1, [0, 0, 1, 0]));
        var report = tally.Report();
        using var left = System.Text.Json.JsonDocument.Parse(ScoreJson.Text(report, AbsentClasses.LeaveOut));
        using var zero = System.Text.Json.JsonDocument.Parse(ScoreJson.Text(report, AbsentClasses.Zero));

        // IoU 2/3 and 1/2, Dice 4/5 and 2/3, accuracy 2/3 and 1, of 2 classes or of 4. 1e-12: a few roundings.
        Assert.Equal(7.0 / 12, left.RootElement.GetProperty("miou").GetDouble(), 1e-12);
        Assert.Equal(7.0 / 24, zero.RootElement.GetProperty("miou").GetDouble(), 1e-12);
        Assert.Equal(11.0 / 15, left.RootElement.GetProperty("mean_dice").GetDouble(), 1e-12);
        Assert.Equal(11.0 / 30, zero.RootElement.GetProperty("mean_dice").GetDouble(), 1e-12);
        Assert.Equal(5.0 / 6, left.RootElement.GetProperty("mean_accuracy").GetDouble(), 1e-12);
        Assert.Equal(5.0 / 12, zero.RootElement.GetProperty("mean_accuracy").GetDouble(), 1e-12);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, left.RootElement.GetProperty("iou").GetProperty("3").ValueKind);
        Assert.Equal(0, zero.RootElement.GetProperty("iou").GetProperty("3").GetDouble());
        Assert.Equal("truth,0,1,2,3,no class\n0,2,1,0,0,0\n1,0,1,0,0,0\n2,0,0,0,0,0\n3,0,0,0,0,0\n",
            ConfusionCsv.Text(report.Confusion, ["0", "1", "2", "3"]));
        Assert.StartsWith("truth,\"a,b\",\"c\"\"d\",e,f,no class\n", ConfusionCsv.Text(report.Confusion, ["a,b", "c\"d", "e", "f"]),
            StringComparison.Ordinal);
        Assert.Contains("2 of 4 classes absent, counted as 0; left out 58.33", ScoreTable.Text(report, AbsentClasses.Zero),
            StringComparison.Ordinal);
    }
}
