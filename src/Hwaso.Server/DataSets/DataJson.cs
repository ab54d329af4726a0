using System.Text.Json;

namespace Hwaso.Server.DataSets;

/// <summary>Writes a data set and its images as JSON.</summary>
static class DataJson
{
    /// <summary>The members of the data set: splits, classes with their pixels, what the check found, how far it is.</summary>
    public static void Set(Utf8JsonWriter json, DataFolder data)
    {
        var (done, of) = data.Scan.Progress;
        json.WriteString("name", Path.GetFileName(data.Root));
        json.WriteString("layout", data.Layout);
        json.WriteStartArray("splits");
        foreach (var split in data.All.GroupBy(i => i.Split))
        {
            json.WriteStartObject();
            json.WriteString("name", split.Key);
            json.WriteNumber("images", split.Count());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        Classes(json, data);
        json.WriteStartObject("problems");
        foreach (var kind in (data.Scan.Report?.Problems ?? []).GroupBy(p => p.Kind).OrderByDescending(g => g.Count()))
            json.WriteNumber(DataQuery.Word(kind.Key), kind.Count());
        json.WriteEndObject();
        json.WriteStartArray("suspicions");
        foreach (var suspicion in data.Scan.Report?.Suspicions ?? [])
            json.WriteStringValue(suspicion);
        json.WriteEndArray();
        json.WriteStartObject("scan");
        json.WriteNumber("done", done);
        json.WriteNumber("of", of);
        json.WriteBoolean("ended", data.Scan.IsDone);
        if (data.Scan.Problem is { } problem)
            json.WriteString("problem", problem);
        json.WriteEndObject();
    }

    /// <summary>The members of an image of a list.</summary>
    public static void Image(Utf8JsonWriter json, DataFolder data, DataImage image, double? miou)
    {
        json.WriteString("split", image.Split);
        json.WriteString("key", image.Key);
        json.WriteString("id", image.Sample.Id);
        json.WriteString("address", image.Address);
        json.WriteBoolean("labelled", image.Sample.LabelPath is not null);
        if (data.Scan.ContentOf(image) is { } content)
        {
            json.WriteStartArray("classes");
            foreach (var (k, pixels) in content.Classes)
            {
                json.WriteStartObject();
                json.WriteNumber("class", k);
                json.WriteNumber("share", (double)pixels / content.Pixels);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteNumber("ignored", (double)content.Ignored / content.Pixels);
        }
        json.WriteStartArray("problems");
        foreach (var problem in data.Scan.ProblemsOf(image))
        {
            json.WriteStartObject();
            json.WriteString("kind", DataQuery.Word(problem.Kind));
            json.WriteString("message", data.Relative(problem.Message));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (miou is { } score)
            json.WriteNumber("miou", score);
    }

    static void Classes(Utf8JsonWriter json, DataFolder data)
    {
        var (pixels, images, ignored) = (new long[256], new int[256], 0L);
        foreach (var content in data.All.Select(data.Scan.ContentOf).OfType<ImageContent>())
        {
            ignored += content.Ignored;
            foreach (var (k, count) in content.Classes)
            {
                pixels[k] += count;
                images[k]++;
            }
        }
        json.WriteStartArray("classes");
        foreach (var (k, one) in data.Classes.Entries.Index())
        {
            json.WriteStartObject();
            json.WriteNumber("class", k);
            json.WriteString("name", one.Name);
            json.WriteString("color", $"#{one.R:x2}{one.G:x2}{one.B:x2}");
            json.WriteNumber("pixels", pixels[k]);
            json.WriteNumber("images", images[k]);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("ignored_pixels", ignored);
    }
}
