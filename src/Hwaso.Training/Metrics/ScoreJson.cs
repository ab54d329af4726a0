using System.Text.Json;

namespace Hwaso.Training.Metrics;

/// <summary>The JSON fields of scores, as shares of 1; undefined values are null, fields that never apply are left out.</summary>
public static class ScoreJson
{
    /// <summary>Writes the fields into the object that the writer is in.</summary>
    /// <param name="json">A writer inside an object.</param>
    /// <param name="scores">Scores of K classes.</param>
    /// <param name="names">K class names.</param>
    /// <param name="cityscapes">Instance and category scores, where the data set defines them.</param>
    /// <exception cref="ArgumentException">The number of names is not K.</exception>
    public static void WriteFields(Utf8JsonWriter json, Scores scores, IReadOnlyList<string> names, CityscapesScores? cityscapes = null)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(names);
        ScoreTable.Check(scores, names.Count);
        Number(json, "miou", scores.Miou);
        Number(json, "pixel_accuracy", scores.PixelAccuracy);
        Number(json, "mean_accuracy", scores.MeanAccuracy);
        Named(json, "iou", names.Zip(scores.Classes, (name, c) => (name, c.Iou)));
        Named(json, "accuracy", names.Zip(scores.Classes, (name, c) => (name, c.Recall)));
        if (scores.ForegroundIou is not null)
            Number(json, "foreground_iou", scores.ForegroundIou);
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
        Number(json, "miou_absent_as_zero", scores.MiouAbsentAsZero);
        Number(json, "mean_accuracy_absent_as_zero", scores.MeanAccuracyAbsentAsZero);
        json.WriteNumber("pixels", scores.Pixels);
        json.WriteNumber("out_of_range_pixels", scores.OutOfRangePixels);
    }

    /// <summary>One JSON object with the fields of <see cref="WriteFields"/> and nothing else.</summary>
    public static string Text(Scores scores, IReadOnlyList<string> names, CityscapesScores? cityscapes = null)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            WriteFields(json, scores, names, cityscapes);
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
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
