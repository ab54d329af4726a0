using System.Globalization;
using Hwaso.Imaging;

namespace Hwaso.Data.Tests.Boxes;

/// <summary>A folder of one's own in COCO's form: grey images and whatever annotations a test wants.</summary>
sealed class BoxFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("hwaso-boxes").FullName;

    public string Annotations => Path.Combine(Root, "annotations.json");

    public void Dispose() => Directory.Delete(Root, recursive: true);

    /// <summary>Writes images of sizes (width, height), numbered from 1, and annotations: image, category, box, and more fields.</summary>
    public void Write((int Width, int Height)[] sizes, params (int Image, int Category, double[] Box, string More)[] objects)
    {
        Directory.CreateDirectory(Path.Combine(Root, "images"));
        for (var k = 0; k < sizes.Length; k++)
        {
            var image = new RgbImage(sizes[k].Width, sizes[k].Height);
            for (var p = 0; p < image.Pixels.Length; p++)
                image.Pixels[p] = (byte)(p * 7 + k * 31);
            Png.Write(Path.Combine(Root, "images", $"{k + 1}.png"), image);
        }
        var images = sizes.Select(
            (s, k) => $$"""{"id": {{k + 1}}, "file_name": "{{k + 1}}.png", "width": {{s.Width}}, "height": {{s.Height}}}""");
        var annotations = objects.Select((o, k) => $$"""{"id": {{k + 1}}, "image_id": {{o.Image}}, "category_id": {{o.Category}}, """
            + $$""" "bbox": [{{Numbers(o.Box)}}], "area": {{Numbers([o.Box[2] * o.Box[3]])}}, "iscrowd": 0{{o.More}}}""");
        File.WriteAllText(Annotations,
            $$"""{"images": [{{string.Join(", ", images)}}], "annotations": [{{string.Join(", ", annotations)}}], """
            + """ "categories": [{"id": 7, "name": "car"}, {"id": 3, "name": "dog"}]}""");
    }

    static string Numbers(double[] values) => string.Join(", ", values.Select(v => v.ToString(CultureInfo.InvariantCulture)));
}
