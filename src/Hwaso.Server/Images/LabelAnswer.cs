using System.Buffers;
using System.Text.Json;
using Hwaso.Imaging;
using Hwaso.Runtime;
using Hwaso.Server.Http;

namespace Hwaso.Server.Images;

/// <summary>The labels of an image, written in each form that a client may want.</summary>
static class LabelAnswer
{
    public static readonly AnswerForm Png = new("png", "image/png");
    public static readonly AnswerForm Overlay = new("overlay", "image/png");
    public static readonly AnswerForm Json = new("json", "application/json");
    public static readonly AnswerForm GeoJson = new("geojson", "application/geo+json");

    public static readonly AnswerForm Probability = new("probability", "image/png");

    /// <summary>All forms, the usual one first.</summary>
    public static IReadOnlyList<AnswerForm> Forms { get; } = [Png, Json, GeoJson, Overlay, Probability];

    /// <summary>Writes the labels.</summary>
    /// <param name="form">One of <see cref="Forms"/>, but <see cref="Probability"/>.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="image">The image.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="classes">Names and colours; may be fewer than the labels.</param>
    /// <param name="question">The share of the colours in an overlay, and the tolerance of polygons.</param>
    public static ReadOnlyMemory<byte> Write(
        AnswerForm form, string model, RgbImage image, LabelMap labels, IReadOnlyList<SegmentationClass> classes, ImageQuestion question)
    {
        var palette = classes.Count > 0 ? Palette.FromColors([.. classes.Select(c => (c.R, c.G, c.B))]) : Palette.Voc;
        if (form == Png)
            return Imaging.Png.EncodeIndexed(labels, palette);
        if (form == Overlay)
            return Imaging.Png.Encode(Imaging.Overlay.Blend(image, labels, palette, (float)question.Opacity));
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Http.Json.Plain))
        {
            var found = Found(labels, classes, palette);
            if (form == Json)
                Runs(json, model, labels, found);
            else
                Polygons(json, labels, found, question.Simplify);
        }
        return buffer.WrittenMemory;
    }

    static void Runs(Utf8JsonWriter json, string model, LabelMap labels, IReadOnlyList<FoundClass> found)
    {
        json.WriteStartObject();
        json.WriteString("model", model);
        json.WriteNumber("width", labels.Width);
        json.WriteNumber("height", labels.Height);
        json.WriteStartArray("classes");
        foreach (var one in found)
        {
            json.WriteStartObject();
            one.Write(json);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("runs");
        for (int k = 0, begin = 0; k <= labels.Labels.Length; k++)
        {
            if (k < labels.Labels.Length && labels.Labels[k] == labels.Labels[begin])
                continue;
            json.WriteStartArray();
            json.WriteNumberValue(labels.Labels[begin]);
            json.WriteNumberValue(k - begin);
            json.WriteEndArray();
            begin = k;
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>A feature for each class, in the image's pixels, x to the right and y down (RFC 7946 section 4 allows no other system; this
    /// departs from it).</summary>
    static void Polygons(Utf8JsonWriter json, LabelMap labels, IReadOnlyList<FoundClass> found, double tolerance)
    {
        var regions = BorderSimplifier.Of(labels, RegionTracer.Of(labels), tolerance).ToLookup(r => r.Label);
        json.WriteStartObject();
        json.WriteString("type", "FeatureCollection");
        json.WriteStartArray("features");
        foreach (var one in found)
        {
            json.WriteStartObject();
            json.WriteString("type", "Feature");
            json.WriteStartObject("properties");
            one.Write(json);
            json.WriteEndObject();
            json.WriteStartObject("geometry");
            json.WriteString("type", "MultiPolygon");
            json.WriteStartArray("coordinates");
            foreach (var region in regions[one.Label])
            {
                json.WriteStartArray();
                Ring(json, region.Outer);
                foreach (var hole in region.Holes)
                    Ring(json, hole);
                json.WriteEndArray();
            }
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void Ring(Utf8JsonWriter json, List<(int X, int Y)> ring)
    {
        json.WriteStartArray();
        foreach (var (x, y) in ring)
        {
            json.WriteStartArray();
            json.WriteNumberValue(x);
            json.WriteNumberValue(y);
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    static IReadOnlyList<FoundClass> Found(LabelMap labels, IReadOnlyList<SegmentationClass> classes, Palette palette)
    {
        var counts = new int[256];
        foreach (var label in labels.Labels)
            counts[label]++;
        return
        [
            .. from label in Enumerable.Range(0, counts.Length)
               where counts[label] > 0
               orderby counts[label] descending
               let color = palette[label]
               select new FoundClass(
                   (byte)label, label < classes.Count ? classes[label].Name : $"class {label}", $"#{color.R:x2}{color.G:x2}{color.B:x2}",
                   counts[label], (double)counts[label] / labels.Labels.Length),
        ];
    }

    sealed record FoundClass(byte Label, string Name, string Color, int Pixels, double Share)
    {
        public void Write(Utf8JsonWriter json)
        {
            json.WriteNumber("class", Label);
            json.WriteString("name", Name);
            json.WriteString("color", Color);
            json.WriteNumber("pixels", Pixels);
            json.WriteNumber("share", Share);
        }
    }
}
