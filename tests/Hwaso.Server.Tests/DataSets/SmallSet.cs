using Hwaso.Imaging;

namespace Hwaso.Server.Tests.DataSets;

/// <summary>A folder of four images of 16×8 pixels with masks of three classes, one of them broken, one without a mask.</summary>
static class SmallSet
{
    public const int Width = 16, Height = 8;

    /// <summary>A palette that is not the classes' own.</summary>
    public static Palette Palette { get; } = Palette.FromColors([(1, 2, 3), (4, 5, 6), (7, 8, 9)]);

    public static string Write()
    {
        var root = Directory.CreateTempSubdirectory("hwaso-set").FullName;
        File.WriteAllText(Path.Combine(root, "dataset.yaml"), """
            images: images/{split}/*.png
            masks: masks/{split}/*.png
            classes: [sky, {name: road, color: [128, 64, 128]}, car]
            """);
        foreach (var folder in new[] { "images/train", "images/val", "masks/train", "masks/val" })
            Directory.CreateDirectory(Path.Combine(root, folder));
        // The first has sky and road in equal parts, the second is a third ignored, the third's mask has a value of no class.
        Image(root, "train", "a", p => p % 2);
        Image(root, "train", "b", p => p < 32 ? ClassIgnored : 2);
        Image(root, "train", "c", p => p == 5 ? 9 : 0);
        Image(root, "val", "d", p => 1);
        File.Delete(Path.Combine(root, "masks/val/d.png"));
        Image(root, "val", "e", p => 1);
        return root;
    }

    public const int ClassIgnored = 255;

    public static void Image(string root, string split, string name, Func<int, int> label)
    {
        var pixels = new byte[3 * Width * Height];
        for (var p = 0; p < pixels.Length; p++)
            pixels[p] = (byte)(p * name[0]);
        Png.Write(Path.Combine(root, "images", split, name + ".png"), new RgbImage(Width, Height, pixels));
        Png.WriteIndexed(Path.Combine(root, "masks", split, name + ".png"), Labels(label), Palette);
    }

    public static LabelMap Labels(Func<int, int> label) =>
        new(Width, Height, [.. Enumerable.Range(0, Width * Height).Select(p => (byte)label(p))]);
}
