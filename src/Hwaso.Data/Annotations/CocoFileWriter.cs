using System.Text.Json;

namespace Hwaso.Data.Annotations;

/// <summary>Writes annotation files of COCO's form: images, objects with boxes and outlines, and categories.</summary>
public static class CocoFileWriter
{
    /// <summary>Writes a file; one that was there before is replaced.</summary>
    /// <param name="path">Where; a file of this name is written whole or not at all.</param>
    /// <param name="file">Its contents.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, CocoFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var begun = path + ".part";
        using (var stream = File.Create(begun))
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            List(json, "images", file.Images, image =>
            {
                json.WriteNumber("id", image.Id);
                json.WriteString("file_name", image.FileName);
                json.WriteNumber("width", image.Width);
                json.WriteNumber("height", image.Height);
            });
            List(json, "annotations", file.Annotations, annotation => Write(json, annotation));
            List(json, "categories", file.Categories, category =>
            {
                json.WriteNumber("id", category.Id);
                json.WriteString("name", category.Name);
            });
            json.WriteEndObject();
        }
        File.Move(begun, path, overwrite: true);
    }

    static void Write(Utf8JsonWriter json, CocoAnnotation annotation)
    {
        json.WriteNumber("id", annotation.Id);
        json.WriteNumber("image_id", annotation.ImageId);
        json.WriteNumber("category_id", annotation.CategoryId);
        json.WriteNumber("iscrowd", annotation.IsCrowd ? 1 : 0);
        json.WriteNumber("area", annotation.Area ?? annotation.Box.Area);
        Numbers(json, "bbox", [annotation.Box.X, annotation.Box.Y, annotation.Box.Width, annotation.Box.Height]);
        if (annotation.Outline is not { } outline)
            return;
        if (outline.Polygons is { } polygons)
        {
            json.WriteStartArray("segmentation");
            foreach (var polygon in polygons)
                Numbers(json, null, polygon);
            json.WriteEndArray();
            return;
        }
        json.WriteStartObject("segmentation");
        Numbers(json, "size", [outline.Height, outline.Width]);
        if (outline.Text is { } text)
            json.WriteString("counts", text);
        else
            Numbers(json, "counts", outline.Counts!.Select(c => (double)c));
        json.WriteEndObject();
    }

    static void List<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> fields)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            fields(item);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static void Numbers(Utf8JsonWriter json, string? name, IEnumerable<double> values)
    {
        if (name is not null)
            json.WritePropertyName(name);
        json.WriteStartArray();
        foreach (var value in values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
