using Hwaso.Data;
using Hwaso.Data.Depth;
using Hwaso.Imaging;

namespace Hwaso.Scenes;

/// <summary>
/// PASCAL VOC 2012's layout, with the street's objects that VOC has classes for, each with a border that is not scored; and the exact
/// depth, which VOC does not have.
/// </summary>
sealed class VocWriter(string dir) : ISceneWriter
{
    const int BorderRadius = 1;

    readonly string root = Path.Combine(dir, "VOCdevkit", "VOC2012");

    public void Begin(int train, int val)
    {
        foreach (var folder in new[] { "JPEGImages", "SegmentationClass", "SegmentationObject", "Depth",
            Path.Combine("ImageSets", "Segmentation") })
            Directory.CreateDirectory(Path.Combine(root, folder));
        var training = Enumerable.Range(0, train).Select(k => Id("train", k)).ToArray();
        var validation = Enumerable.Range(0, val).Select(k => Id("val", k)).ToArray();
        void List(string name, IEnumerable<string> ids) =>
            File.WriteAllText(Path.Combine(root, "ImageSets", "Segmentation", name + ".txt"), string.Concat(ids.Select(i => i + "\n")));
        List("train", training);
        List("val", validation);
        List("trainval", training.Concat(validation));
    }

    public void End()
    {
    }

    public void Write(string split, int number, Scene scene)
    {
        var id = Id(split, number);
        var (classes, objects) = Labels(scene);
        Png.WriteIndexed(Path.Combine(root, "SegmentationClass", id + ".png"), classes, Palette.Voc);
        Png.WriteIndexed(Path.Combine(root, "SegmentationObject", id + ".png"), objects, Palette.Voc);
        DepthPng.Write(Path.Combine(root, "Depth", id + ".png"), new DepthMap(scene.Image.Width, scene.Image.Height, scene.DepthMetres));
        Jpeg.Write(Path.Combine(root, "JPEGImages", id + ".jpg"), scene.Image);
    }

    // VOC's ids are a year and six digits.
    static string Id(string split, int number) => $"{(split == "train" ? 2026 : 2027)}_{number:000000}";

    static (LabelMap Classes, LabelMap Objects) Labels(Scene scene)
    {
        int width = scene.LabelIds.Width, height = scene.LabelIds.Height;
        var (classes, objects) = (new LabelMap(width, height), new LabelMap(width, height));
        var numbers = new Dictionary<ushort, byte>();
        for (var k = 0; k < classes.Labels.Length; k++)
        {
            if (Class(scene.LabelIds.Labels[k]) is not (> 0 and var own))
                continue;
            classes.Labels[k] = own;
            if (!numbers.TryGetValue(scene.InstanceIds.Values[k], out var number))
                numbers.Add(scene.InstanceIds.Values[k], number = (byte)Math.Min(numbers.Count + 1, 254));
            objects.Labels[k] = number;
        }
        var border = Border(objects);
        for (var k = 0; k < border.Length; k++)
            if (border[k])
                classes.Labels[k] = objects.Labels[k] = ClassList.Ignore;
        return (classes, objects);
    }

    static byte Class(byte id) => id switch
    {
        StreetLabels.Person or StreetLabels.Rider => 15,
        StreetLabels.Car => 7,
        StreetLabels.Bus => 6,
        StreetLabels.Train => 19,
        StreetLabels.Motorcycle => 14,
        StreetLabels.Bicycle => 2,
        _ => 0,
    };

    /// <summary>The pixels beside another object, or beside the background.</summary>
    static bool[] Border(LabelMap objects)
    {
        int width = objects.Width, height = objects.Height;
        var border = new bool[objects.Labels.Length];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                for (var dy = -BorderRadius; dy <= BorderRadius; dy++)
                    for (var dx = -BorderRadius; dx <= BorderRadius; dx++)
                        if (y + dy >= 0 && y + dy < height && x + dx >= 0 && x + dx < width
                            && objects.Labels[(y + dy) * width + x + dx] != objects.Labels[y * width + x])
                            border[y * width + x] = true;
        return border;
    }
}
