using System.Text.Json;
using Hwaso.Data;

namespace Hwaso.Metrics;

/// <summary>The JSON fields of scores, as shares of 1; undefined values are null, fields that never apply are left out.</summary>
public static class ScoreJson
{
    /// <summary>Writes the fields into the object that the writer is in.</summary>
    /// <param name="json">A writer inside an object.</param>
    /// <param name="scores">Scores of K classes.</param>
    /// <param name="names">K class names.</param>
    /// <param name="cityscapes">Instance and category scores, where the data set defines them.</param>
    /// <param name="absent">How absent classes enter the means and are shown; Cityscapes' own scores always leave them out.</param>
    /// <exception cref="ArgumentException">The number of names is not K.</exception>
    public static void WriteFields(
        Utf8JsonWriter json, Scores scores, IReadOnlyList<string> names, CityscapesScores? cityscapes = null,
        AbsentClasses absent = AbsentClasses.LeaveOut)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(names);
        ScoreTable.Check(scores, names.Count);
        var zero = absent == AbsentClasses.Zero;
        void PerClass(string key, Func<ClassScore, double?> score) =>
            Named(json, key, names.Zip(scores.Classes, (name, c) => (name, score(c) ?? (zero ? 0 : null))));
        Number(json, "miou", zero ? scores.MiouAbsentAsZero : scores.Miou);
        Number(json, "pixel_accuracy", scores.PixelAccuracy);
        Number(json, "mean_accuracy", zero ? scores.MeanAccuracyAbsentAsZero : scores.MeanAccuracy);
        PerClass("iou", c => c.Iou);
        PerClass("accuracy", c => c.Recall);
        PerClass("precision", c => c.Precision);
        PerClass("dice", c => c.Dice);
        if (scores.ForegroundIouAbsentAsZero is not null)
            Number(json, "foreground_iou", zero ? scores.ForegroundIouAbsentAsZero : scores.ForegroundIou);
        if (cityscapes is not null)
        {
            Number(json, "category_miou", cityscapes.CategoryMiou);
            Number(json, "iiou", cityscapes.InstanceIou);
            Number(json, "category_iiou", cityscapes.CategoryInstanceIou);
            Named(json, "class_iiou", WithInstances(cityscapes.Classes));
            Named(json, "categories", cityscapes.Categories.Select(c => (c.Name, c.Iou)));
            Named(json, "categories_iiou", WithInstances(cityscapes.Categories));
        }
        Number(json, "frequency_weighted_iou", scores.FrequencyWeightedIou);
        Number(json, "mean_dice", zero ? scores.Classes.Average(c => c.Dice ?? 0) : scores.MeanDice);
        json.WriteString("absent", zero ? "zero" : "leave-out");
        Number(json, "miou_absent_left_out", scores.Miou);
        Number(json, "miou_absent_as_zero", scores.MiouAbsentAsZero);
        Number(json, "mean_accuracy_absent_as_zero", scores.MeanAccuracyAbsentAsZero);
        json.WriteNumber("pixels", scores.Pixels);
        json.WriteNumber("out_of_range_pixels", scores.OutOfRangePixels);
    }

    /// <summary>One JSON object with the fields of <see cref="WriteFields"/> and nothing else.</summary>
    public static string Text(Scores scores, IReadOnlyList<string> names, CityscapesScores? cityscapes = null) =>
        Text(json => WriteFields(json, scores, names, cityscapes));

    /// <summary>One JSON object with a whole report.</summary>
    /// <param name="report">The report.</param>
    /// <param name="absent">How absent classes enter the means and are shown.</param>
    /// <param name="difference">The difference from other scores, if there are any.</param>
    public static string Text(ScoreReport report, AbsentClasses absent, ScoreDifference? difference = null)
    {
        ArgumentNullException.ThrowIfNull(report);
        var names = report.Classes.Names;
        return Text(json =>
        {
            WriteFields(json, report.Scores, names, report.Cityscapes, absent);
            json.WriteNumber("images", report.Images);
            if (report.Boundary is { } boundary)
            {
                Number(json, "boundary_miou", report.BoundaryMiou);
                Named(json, "boundary_iou", names.Zip(boundary, (name, c) => (name, c.Iou)));
            }
            if (report.Bootstrap is { } bootstrap)
            {
                json.WriteNumber("bootstrap", bootstrap.Replicates);
                Ends(json, "miou_interval", Interval.Of(bootstrap.MeanIous(absent).OfType<double>()));
                Ends(json, "pixel_accuracy_interval", Interval.Of(bootstrap.PixelAccuracies().OfType<double>()));
            }
            if (difference is not null)
            {
                Number(json, "miou_difference", difference.Miou);
                Ends(json, "miou_difference_interval", difference.Interval);
                Number(json, "better_share", difference.ShareBetter);
            }
        });
    }

    static string Text(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    static void Ends(Utf8JsonWriter json, string key, Interval? interval)
    {
        if (interval is null)
        {
            json.WriteNull(key);
            return;
        }
        json.WriteStartArray(key);
        json.WriteNumberValue(interval.Low);
        json.WriteNumberValue(interval.High);
        json.WriteEndArray();
    }

    static IEnumerable<(string, double?)> WithInstances(IEnumerable<NamedScore> scores) =>
        scores.Where(s => s.InstanceIou is not null).Select(s => (s.Name, s.InstanceIou));

    static void Named(Utf8JsonWriter json, string key, IEnumerable<(string Name, double? Value)> values)
    {
        json.WriteStartObject(key);
        var used = new HashSet<string>();
        foreach (var (name, value) in values)
        {
            // An object cannot hold one key twice; the class that comes later says which one it is.
            var unique = name;
            for (var n = 2; !used.Add(unique); n++)
                unique = $"{name} ({n})";
            Number(json, unique, value);
        }
        json.WriteEndObject();
    }

    static void Number(Utf8JsonWriter json, string key, double? value)
    {
        if (value is { } number && double.IsFinite(number))
            json.WriteNumber(key, number);
        else
            json.WriteNull(key);
    }
}
