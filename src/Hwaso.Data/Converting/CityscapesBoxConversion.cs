using Hwaso.Data.Annotations;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;
using Hwaso.Imaging.Masks;

namespace Hwaso.Data.Converting;

/// <summary>
/// Cityscapes' instances (<c>gtFine/SPLIT/CITY/*_instanceIds.png</c>) in COCO's form, with masks as run lengths: the eight classes that
/// have instances. A value of 1000 and more is an object of the class value ÷ 1000; a smaller one is a group of objects, and becomes a
/// crowd.
/// </summary>
public static class CityscapesBoxConversion
{
    const int PerClass = 1000;

    static readonly (int Id, string Name)[] classes =
    [
        (24, "person"), (25, "rider"), (26, "car"), (27, "truck"), (28, "bus"), (31, "train"), (32, "motorcycle"), (33, "bicycle"),
    ];

    /// <summary>Converts.</summary>
    /// <param name="source">The folder that holds leftImg8bit and gtFine, or the folders that each was unpacked into.</param>
    /// <param name="target">The folder to write to.</param>
    /// <param name="progress">Receives the number of finished images and of all images of a split.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    /// <exception cref="DatasetException">A folder is missing, or no annotation could be used.</exception>
    public static CocoSummary Run(string source, string target, Action<int, int>? progress = null, CancellationToken stop = default)
    {
        var conversion = new CocoConversion();
        foreach (var split in new[] { "train", "val" })
        {
            var samples = CityscapesDataset.Open(source, split).Samples;
            var byFile = samples.Where(s => s.InstancePath is not null).ToDictionary(s => s.InstancePath!, s => s.ImagePath);
            if (byFile.Count == 0)
                throw new DatasetException(source, $"the split '{split}' has no *_gtFine_instanceIds.png; unpack gtFine");
            conversion.Add(split, [.. byFile.Keys], (file, _) => Read(file, byFile[file]), progress, stop);
        }
        return conversion.Write(source, target, [.. classes.Select(c => c.Name)]);
    }

    static ConvertedImage Read(string path, string image)
    {
        var map = Png.ReadGray16(path);
        var found = new SortedDictionary<ushort, List<uint>>();
        var ends = new Dictionary<ushort, uint>();
        // Column by column, as COCO's run lengths go: the lengths of runs outside and inside in turn.
        for (var x = 0; x < map.Width; x++)
            for (var y = 0; y < map.Height; y++)
            {
                var value = map.Values[y * map.Width + x];
                if (ClassOf(value) is null)
                    continue;
                if (!found.TryGetValue(value, out var runs))
                    found[value] = runs = [];
                var (at, end) = ((uint)(x * map.Height + y), ends.GetValueOrDefault(value));
                if (runs.Count > 0 && at == end)
                    runs[^1]++;
                else
                    runs.AddRange([at - end, 1]);
                ends[value] = at + 1;
            }
        var pixels = (uint)(map.Width * map.Height);
        return ConvertedImage.Of(
            image, (map.Width, map.Height),
            [.. found.Select(f => Of(f.Key, new RunLengths(map.Height, map.Width, [.. f.Value, pixels - ends[f.Key]])))]);
    }

    static ConvertedObject Of(ushort value, RunLengths mask)
    {
        var box = mask.Box;
        return new ConvertedObject(
            ClassOf(value)!, new CocoBox(box.X, box.Y, box.Width, box.Height),
            new CocoOutline { Height = mask.Height, Width = mask.Width, Counts = mask.Counts.ToArray() }, mask.Area, value < PerClass);
    }

    static string? ClassOf(ushort value)
    {
        var id = value >= PerClass ? value / PerClass : value;
        foreach (var (own, name) in classes)
            if (own == id)
                return name;
        return null;
    }
}
