using System.Globalization;
using Hwaso.Data.Panoptic;
using Hwaso.Imaging;

namespace Hwaso.Inference.Queries;

/// <summary>Draws instances and panoptic segments over their image.</summary>
public static class QueryPicture
{
    /// <summary>Instances below this score are not drawn unless a limit is given.</summary>
    public const double DrawnFrom = 0.3;

    /// <summary>A copy of the image with instances on it, each in a colour of its own; the surest lies on top.</summary>
    /// <param name="image">The image that was asked about.</param>
    /// <param name="found">The instances, the surest first.</param>
    /// <param name="categories">The category of each class.</param>
    /// <param name="from">The least score that is drawn.</param>
    public static RgbImage Draw(
        RgbImage image, IEnumerable<FoundInstance> found, IReadOnlyList<PanopticCategory> categories, double from = DrawnFrom)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(categories);
        var picture = Copy(image);
        FoundInstance[] drawn = [.. found.Where(f => f.Score >= from)];
        for (var k = drawn.Length - 1; k >= 0; k--)
            MaskDrawing.Draw(picture, image, drawn[k].Mask, BoxDrawing.ColourOf(k));
        foreach (var (k, one) in drawn.Index().Reverse())
        {
            var box = one.Mask.Box;
            BoxDrawing.Draw(picture, box.X, box.Y, box.X + box.Width - 1, box.Y + box.Height - 1, BoxDrawing.ColourOf(k),
                string.Create(CultureInfo.InvariantCulture, $"{categories[one.Label].Name} {one.Score:0.00}"));
        }
        return picture;
    }

    /// <summary>
    /// A copy of the image with segments on it: stuff in its category's colour, things in colours of their own, and a dark line between
    /// segments.
    /// </summary>
    /// <param name="image">The image that was asked about.</param>
    /// <param name="map">Its segments.</param>
    /// <param name="categories">The categories.</param>
    public static RgbImage Draw(RgbImage image, PanopticMap map, IReadOnlyList<PanopticCategory> categories)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(categories);
        var picture = Copy(image);
        var byId = categories.ToDictionary(c => c.Id);
        var masks = map.Masks();
        PanopticSegment[] seen = [.. map.Segments.Where(s => masks.ContainsKey(s.Id))];
        PanopticSegment[] things = [.. seen.Where(s => byId[s.CategoryId].IsThing)];
        foreach (var segment in seen)
            MaskDrawing.Draw(picture, image, masks[segment.Id], Array.IndexOf(things, segment) is >= 0 and var k
                ? BoxDrawing.ColourOf(k) : byId[segment.CategoryId].Colour ?? BoxDrawing.ColourOf((int)segment.CategoryId));
        Outline(picture, map);
        foreach (var (k, segment) in things.Index())
        {
            var box = masks[segment.Id].Box;
            BoxDrawing.Draw(picture, box.X, box.Y, box.X + box.Width - 1, box.Y + box.Height - 1, BoxDrawing.ColourOf(k),
                byId[segment.CategoryId].Name);
        }
        return picture;
    }

    static void Outline(RgbImage picture, PanopticMap map)
    {
        for (var y = 0; y < map.Height; y++)
            for (var x = 0; x < map.Width; x++)
            {
                var p = y * map.Width + x;
                if ((x + 1 < map.Width && map.Ids[p] != map.Ids[p + 1])
                    || (y + 1 < map.Height && map.Ids[p] != map.Ids[p + map.Width]))
                    picture.Pixels.AsSpan(3 * p, 3).Clear();
            }
    }

    static RgbImage Copy(RgbImage image) => new(image.Width, image.Height, (byte[])image.Pixels.Clone());
}
