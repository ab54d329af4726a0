using Hwaso.Imaging;

namespace Hwaso.Data;

/// <summary>The classes that a network learns, with their colours.</summary>
/// <param name="Name">The list's name.</param>
/// <param name="Entries">The K classes, by training index.</param>
/// <param name="HasBackground">Whether class 0 is the background.</param>
public sealed record ClassList(string Name, IReadOnlyList<ClassEntry> Entries, bool HasBackground = false)
{
    /// <summary>The label of ignored pixels.</summary>
    public const byte Ignore = 255;

    /// <summary>K.</summary>
    public int Count => Entries.Count;

    /// <summary>
    /// Pairs of classes that are each other's mirror image, such as left and right arm: they change places where an image is mirrored.
    /// </summary>
    public IReadOnlyList<(byte Left, byte Right)> FlipPairs { get; init; } = [];

    /// <summary>The names, by training index.</summary>
    public IReadOnlyList<string> Names => Entries.Select(e => e.Name).ToArray();

    /// <summary>The classes' colours; ignored pixels are black, or VOC's own border colour.</summary>
    public Palette Palette
    {
        get
        {
            var colors = new (byte, byte, byte)[256];
            for (var k = 0; k < Count; k++)
                colors[k] = (Entries[k].R, Entries[k].G, Entries[k].B);
            if (HasBackground)
                colors[Ignore] = Palette.Voc[Ignore];
            return Palette.FromColors(colors);
        }
    }

    /// <summary>Cityscapes' 19 training classes; void pixels are ignored. Cordts et al., CVPR 2016.</summary>
    public static ClassList Cityscapes { get; } = new("Cityscapes",
    [
        new("road", 128, 64, 128, "flat"),
        new("sidewalk", 244, 35, 232, "flat"),
        new("building", 70, 70, 70, "construction"),
        new("wall", 102, 102, 156, "construction"),
        new("fence", 190, 153, 153, "construction"),
        new("pole", 153, 153, 153, "object"),
        new("traffic light", 250, 170, 30, "object"),
        new("traffic sign", 220, 220, 0, "object"),
        new("vegetation", 107, 142, 35, "nature"),
        new("terrain", 152, 251, 152, "nature"),
        new("sky", 70, 130, 180, "sky"),
        new("person", 220, 20, 60, "human", true),
        new("rider", 255, 0, 0, "human", true),
        new("car", 0, 0, 142, "vehicle", true),
        new("truck", 0, 0, 70, "vehicle", true),
        new("bus", 0, 60, 100, "vehicle", true),
        new("train", 0, 80, 100, "vehicle", true),
        new("motorcycle", 0, 0, 230, "vehicle", true),
        new("bicycle", 119, 11, 32, "vehicle", true),
    ]);

    /// <summary>PASCAL VOC's 20 objects and the background. Everingham et al., IJCV 2010.</summary>
    public static ClassList Voc { get; } = new("PASCAL VOC", Colored(
    [
        "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse",
        "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    ], firstColor: 0), HasBackground: true);

    /// <summary>
    /// PASCAL Context's 59 classes in the order of its label files, which is alphabetical (Mottaghi et al., CVPR 2014); the list that
    /// comes with the annotations is in another order. No colours are published: VOC's, from label 1 on.
    /// </summary>
    public static ClassList PascalContext59 { get; } = new("PASCAL Context (59)", Colored(
    [
        "aeroplane", "bag", "bed", "bedclothes", "bench", "bicycle", "bird", "boat", "book", "bottle", "building", "bus", "cabinet", "car",
        "cat", "ceiling", "chair", "cloth", "computer", "cow", "cup", "curtain", "dog", "door", "fence", "floor", "flower", "food", "grass",
        "ground", "horse", "keyboard", "light", "motorbike", "mountain", "mouse", "person", "plate", "platform", "pottedplant", "road",
        "rock", "sheep", "shelves", "sidewalk", "sign", "sky", "snow", "sofa", "table", "track", "train", "tree", "truck", "tvmonitor",
        "wall", "water", "window", "wood",
    ], firstColor: 1));

    /// <summary>PASCAL Context's 59 classes and, as class 0, the background.</summary>
    public static ClassList PascalContext60 { get; } =
        new("PASCAL Context (60)", Colored(["background", .. PascalContext59.Names], firstColor: 0), HasBackground: true);

    /// <summary>
    /// LIP's 19 parts of people and the background; left and right change places in a mirrored image. Gong et al., CVPR 2017.
    /// </summary>
    public static ClassList Lip { get; } = new("LIP", Colored(
    [
        "background", "hat", "hair", "glove", "sunglasses", "upper-clothes", "dress", "coat", "socks", "pants", "jumpsuits", "scarf",
        "skirt", "face", "left-arm", "right-arm", "left-leg", "right-leg", "left-shoe", "right-shoe",
    ], firstColor: 0), HasBackground: true)
    {
        FlipPairs = [(14, 15), (16, 17), (18, 19)],
    };

    /// <summary>The 150 classes of ADE20K's scene parsing challenge, in VOC's colours. Zhou et al., CVPR 2017.</summary>
    public static ClassList Ade20k { get; } = new("ADE20K", Colored([.. PublishedLabels.Ade20k], firstColor: 1));

    /// <summary>COCO-Stuff's 80 things and 91 stuffs, in VOC's colours. Caesar et al., CVPR 2018.</summary>
    public static ClassList CocoStuff { get; } = new("COCO-Stuff", Colored([.. PublishedLabels.CocoStuff], firstColor: 1));

    /// <summary>Classes of the given names, in VOC's colours.</summary>
    /// <exception cref="ArgumentException">None, or more than the 255 that 8-bit labels have room for beside the ignored one.</exception>
    public static ClassList Named(string name, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (names.Count is < 1 or > 255)
            throw new ArgumentException($"{names.Count} classes; 1 to 255 were wanted");
        return new(name, Colored([.. names], firstColor: 0));
    }

    /// <summary>Classes 0 to <paramref name="classes"/> − 1 that are named by their numbers, in VOC's colours.</summary>
    /// <exception cref="ArgumentException">Fewer than 1, or more than the 255 that 8-bit labels have room for beside the ignored
    /// one.</exception>
    public static ClassList Numbered(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(classes);
        return Named($"{classes} classes", [.. Enumerable.Range(0, classes).Select(k => $"{k}")]);
    }

    static ClassEntry[] Colored(string[] names, int firstColor) => names.Select((name, k) =>
    {
        var (r, g, b) = Palette.Voc[firstColor + k];
        return new ClassEntry(name, r, g, b);
    }).ToArray();
}

/// <summary>One class of a data set.</summary>
/// <param name="Name">Its name, as the data set writes it.</param>
/// <param name="R">Red of its colour.</param>
/// <param name="G">Green.</param>
/// <param name="B">Blue.</param>
/// <param name="Category">The group it belongs to; null where the data set has none.</param>
/// <param name="HasInstances">Whether its objects have instance ids.</param>
public sealed record ClassEntry(string Name, byte R, byte G, byte B, string? Category = null, bool HasInstances = false)
{
    /// <summary>The number of its category in files of COCO's form; null where the data set has none.</summary>
    public long? CategoryId { get; init; }
}

/// <summary>How a class that is neither in the truth nor predicted enters a mean; toolkits disagree.</summary>
public enum AbsentClasses
{
    /// <summary>It is left out, as by cityscapesScripts.</summary>
    LeaveOut,

    /// <summary>It counts as 0, as in HRNet's code.</summary>
    Zero,
}
