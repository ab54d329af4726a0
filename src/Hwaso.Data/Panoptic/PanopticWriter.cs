using System.Text.Json;
using Hwaso.Imaging;

namespace Hwaso.Data.Panoptic;

/// <summary>
/// Writes a file of COCO's panoptic form image by image, and each image's PNG. The file appears when all are written; one that was there
/// before is then replaced.
/// </summary>
public sealed class PanopticWriter : IDisposable
{
    readonly string path, folder, begun;
    readonly FileStream stream;
    readonly Utf8JsonWriter json;

    /// <summary>Begins a file.</summary>
    /// <param name="path">The JSON file; the PNGs go into a folder with its name.</param>
    /// <exception cref="IOException">The file or the folder cannot be made.</exception>
    public PanopticWriter(string path)
    {
        (this.path, folder, begun) = (path, Path.ChangeExtension(path, null), path + ".part");
        Directory.CreateDirectory(folder);
        stream = File.Create(begun);
        json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteStartArray("annotations");
    }

    /// <summary>Writes an image.</summary>
    /// <param name="imageId">Its number.</param>
    /// <param name="name">Its PNG's name without ending.</param>
    /// <param name="map">Its segments; those without pixels are left out.</param>
    /// <returns>The PNG.</returns>
    /// <exception cref="IOException">The PNG cannot be written.</exception>
    public string Add(long imageId, string name, PanopticMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        var file = Path.Combine(folder, name + ".png");
        Png.Write(file, map.ToColours());
        var masks = map.Masks();
        json.WriteStartObject();
        json.WriteNumber("image_id", imageId);
        json.WriteString("file_name", name + ".png");
        json.WriteStartArray("segments_info");
        foreach (var segment in map.Segments.Where(s => masks.ContainsKey(s.Id)))
        {
            var mask = masks[segment.Id];
            json.WriteStartObject();
            json.WriteNumber("id", segment.Id);
            json.WriteNumber("category_id", segment.CategoryId);
            json.WriteNumber("iscrowd", segment.IsCrowd ? 1 : 0);
            json.WriteNumber("area", mask.Area);
            Numbers("bbox", mask.Box.X, mask.Box.Y, mask.Box.Width, mask.Box.Height);
            if (segment.Score is { } score)
                json.WriteNumber("score", score);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        return file;
    }

    /// <summary>Writes the categories and puts the file in its place.</summary>
    /// <param name="categories">The categories.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Finish(IReadOnlyList<PanopticCategory> categories)
    {
        ArgumentNullException.ThrowIfNull(categories);
        json.WriteEndArray();
        json.WriteStartArray("categories");
        foreach (var category in categories)
        {
            json.WriteStartObject();
            json.WriteNumber("id", category.Id);
            json.WriteString("name", category.Name);
            json.WriteNumber("isthing", category.IsThing ? 1 : 0);
            if (category.Colour is { } colour)
                Numbers("color", colour.R, colour.G, colour.B);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Dispose();
        stream.Dispose();
        File.Move(begun, path, overwrite: true);
    }

    /// <summary>Ends the work; a file that was not finished is removed, its PNGs stay.</summary>
    public void Dispose()
    {
        json.Dispose();
        stream.Dispose();
        File.Delete(begun);
    }

    void Numbers(string name, params ReadOnlySpan<double> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
