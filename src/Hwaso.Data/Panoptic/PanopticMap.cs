using Hwaso.Imaging;
using Hwaso.Imaging.Masks;

namespace Hwaso.Data.Panoptic;

/// <summary>An image divided into segments: things one by one, and of each kind of stuff one. Kirillov et al., CVPR 2019.</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Ids">The segment of each pixel, rows from the top; 0 where there is none.</param>
/// <param name="Segments">What the numbers mean.</param>
public sealed record PanopticMap(int Width, int Height, int[] Ids, IReadOnlyList<PanopticSegment> Segments)
{
    /// <summary>The segment of pixels that belong to none.</summary>
    public const int Void = 0;

    /// <summary>The largest number of a segment: three bytes of a PNG's pixel hold it.</summary>
    public const int Largest = (1 << 24) - 1;

    const int Byte = 8, Channels = 3;

    /// <summary>Pixels of each number that occurs.</summary>
    public IReadOnlyDictionary<int, long> Areas()
    {
        var areas = new Dictionary<int, long>();
        for (var p = 0; p < Ids.Length;)
        {
            // Neighbours are mostly of one segment.
            var (id, from) = (Ids[p], p);
            while (p < Ids.Length && Ids[p] == id)
                p++;
            areas[id] = areas.GetValueOrDefault(id) + p - from;
        }
        return areas;
    }

    /// <summary>The pixels of each segment that has some, by number.</summary>
    public IReadOnlyDictionary<int, RunLengths> Masks()
    {
        var runs = new Dictionary<int, (List<uint> Lengths, uint End)>();
        // Column by column, as COCO's run lengths go: the lengths of runs outside and inside in turn.
        for (var x = 0; x < Width; x++)
            for (int y = 0, p = x; y < Height; y++, p += Width)
            {
                var id = Ids[p];
                if (id == Void)
                    continue;
                var at = (uint)(x * Height + y);
                var (lengths, end) = runs.TryGetValue(id, out var known) ? known : ([], 0u);
                if (lengths.Count > 0 && at == end)
                    lengths[^1]++;
                else
                    lengths.AddRange([at - end, 1]);
                runs[id] = (lengths, at + 1);
            }
        var pixels = (uint)(Width * Height);
        return runs.ToDictionary(r => r.Key, r => new RunLengths(Height, Width, [.. r.Value.Lengths, pixels - r.Value.End]));
    }

    /// <summary>The numbers as COCO writes them into a PNG: red + 256 · green + 256² · blue.</summary>
    public RgbImage ToColours()
    {
        var image = new RgbImage(Width, Height);
        for (var p = 0; p < Ids.Length; p++)
            for (var c = 0; c < Channels; c++)
                image.Pixels[Channels * p + c] = (byte)(Ids[p] >> Byte * c);
        return image;
    }

    /// <summary>The numbers in a PNG of that form.</summary>
    /// <param name="image">Its pixels.</param>
    /// <param name="segments">What the numbers mean.</param>
    public static PanopticMap OfColours(RgbImage image, IReadOnlyList<PanopticSegment> segments)
    {
        ArgumentNullException.ThrowIfNull(image);
        var ids = new int[image.Width * image.Height];
        for (var p = 0; p < ids.Length; p++)
            ids[p] = image.Pixels[Channels * p] | image.Pixels[Channels * p + 1] << Byte | image.Pixels[Channels * p + 2] << 2 * Byte;
        return new(image.Width, image.Height, ids, segments);
    }
}

/// <summary>A segment of an image.</summary>
/// <param name="Id">Its number in the map, from 1.</param>
/// <param name="CategoryId">The number of its category.</param>
/// <param name="IsCrowd">Whether it stands for many objects, which were not told apart.</param>
public sealed record PanopticSegment(int Id, long CategoryId, bool IsCrowd = false)
{
    /// <summary>How sure a network is, 0 to 1; null in a truth.</summary>
    public float? Score { get; init; }
}

/// <summary>A category of segments.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsThing">Whether its objects are told apart.</param>
public sealed record PanopticCategory(long Id, string Name, bool IsThing)
{
    /// <summary>Its colour; null where none is named.</summary>
    public (byte R, byte G, byte B)? Colour { get; init; }
}
