using System.Globalization;
using Hwaso.Imaging;

namespace Hwaso.Inference.Boxes;

/// <summary>Draws found objects over their image: masks, boxes, categories and scores.</summary>
public static class ObjectPicture
{
    /// <summary>Objects below this score are not drawn unless a limit is given.</summary>
    public const double DrawnFrom = 0.3;

    /// <summary>A copy of the image with the objects on it; the surest has its mask on top.</summary>
    /// <param name="image">The image that was asked about.</param>
    /// <param name="found">The objects, the surest first.</param>
    /// <param name="network">The network that found them, for the categories' names.</param>
    /// <param name="from">The least score that is drawn.</param>
    public static RgbImage Draw(RgbImage image, IEnumerable<FoundObject> found, DetectorNetwork network, double from = DrawnFrom)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(network);
        var picture = new RgbImage(image.Width, image.Height, (byte[])image.Pixels.Clone());
        FoundObject[] drawn = [.. found.Where(d => d.Score >= from)];
        foreach (var one in drawn.Reverse())
            if (one.MaskOf(image.Height, image.Width) is { } pixels)
                MaskDrawing.Draw(picture, image, pixels, BoxDrawing.ColourOf(one.Label));
        foreach (var one in drawn)
        {
            var (id, name) = network.CategoryOf(one.Label);
            BoxDrawing.Draw(picture, one.Box.X1, one.Box.Y1, one.Box.X2, one.Box.Y2, BoxDrawing.ColourOf(one.Label),
                string.Create(CultureInfo.InvariantCulture, $"{(name.Length > 0 ? name : id)} {one.Score:0.00}"));
        }
        return picture;
    }
}
