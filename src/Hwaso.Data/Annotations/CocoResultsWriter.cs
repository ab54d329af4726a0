using System.Text.Json;

namespace Hwaso.Data.Annotations;

/// <summary>Writes result files of COCO's form: boxes, and masks as the text of run lengths.</summary>
public static class CocoResultsWriter
{
    /// <summary>Writes a file.</summary>
    /// <param name="path">Where; a file of this name is replaced.</param>
    /// <param name="results">The detections; joints are left out, outlines are texts.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, CocoResults results)
    {
        ArgumentNullException.ThrowIfNull(results);
        using var stream = File.Create(path);
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartArray();
        foreach (var entry in results.Entries)
        {
            json.WriteStartObject();
            json.WriteNumber("image_id", entry.ImageId);
            json.WriteNumber("category_id", entry.CategoryId);
            if (entry.Box is { } box)
            {
                json.WriteStartArray("bbox");
                foreach (var number in new[] { box.X, box.Y, box.Width, box.Height })
                    json.WriteNumberValue(number);
                json.WriteEndArray();
            }
            if (entry.Outline is { } outline)
            {
                json.WriteStartObject("segmentation");
                json.WriteStartArray("size");
                json.WriteNumberValue(outline.Height);
                json.WriteNumberValue(outline.Width);
                json.WriteEndArray();
                json.WriteString("counts", outline.Text);
                json.WriteEndObject();
            }
            json.WriteNumber("score", entry.Score);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
