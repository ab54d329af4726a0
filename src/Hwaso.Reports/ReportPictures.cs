using Hwaso.Imaging;

namespace Hwaso.Reports;

/// <summary>Makes the small pictures of a report.</summary>
static class ReportPictures
{
    /// <summary>Wide enough for a quarter of a page on a sharp screen.</summary>
    public const int MaxWidth = 640;

    /// <summary>Colour of pixels that have no class.</summary>
    public static readonly (byte R, byte G, byte B) Unlabelled = (58, 60, 66);

    /// <summary>Colour of wrong pixels.</summary>
    public static readonly (byte R, byte G, byte B) Wrong = (255, 72, 54);

    /// <summary>The factor by which a picture is reduced: whole, so that labels are picked and never mixed.</summary>
    public static int Factor(int width) => (width + MaxWidth - 1) / MaxWidth;

    /// <summary>The mean of each factor × factor block.</summary>
    public static RgbImage Reduce(RgbImage image, int factor)
    {
        if (factor == 1)
            return image;
        var (width, height) = (Math.Max(1, image.Width / factor), Math.Max(1, image.Height / factor));
        var small = new RgbImage(width, height);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                for (var c = 0; c < 3; c++)
                {
                    int sum = 0, count = 0;
                    for (var v = y * factor; v < Math.Min((y + 1) * factor, image.Height); v++)
                        for (var u = x * factor; u < (x + 1) * factor; u++, count++)
                            sum += image.Pixels[(v * image.Width + u) * 3 + c];
                    small.Pixels[(y * width + x) * 3 + c] = (byte)((sum + count / 2) / count);
                }
        return small;
    }

    /// <summary>The middle label of each factor × factor block.</summary>
    public static LabelMap Reduce(LabelMap labels, int factor)
    {
        if (factor == 1)
            return labels;
        var (width, height) = (Math.Max(1, labels.Width / factor), Math.Max(1, labels.Height / factor));
        var small = new LabelMap(width, height);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                small.Labels[y * width + x] =
                    labels.Labels[Math.Min(y * factor + factor / 2, labels.Height - 1) * labels.Width + x * factor + factor / 2];
        return small;
    }

    /// <summary>The input in dim gray with wrong pixels in red; pixels that are not scored are flat.</summary>
    public static RgbImage Errors(RgbImage input, LabelMap truth, LabelMap prediction, byte ignore)
    {
        var image = new RgbImage(input.Width, input.Height);
        for (var i = 0; i < truth.Labels.Length; i++)
        {
            var pixel = input.Pixels.AsSpan(3 * i, 3);
            // Rec. 601 luma, in 1/256.
            var gray = (77 * pixel[0] + 150 * pixel[1] + 29 * pixel[2]) >> 8;
            var (r, g, b) = truth.Labels[i] == ignore ? Unlabelled
                : truth.Labels[i] == prediction.Labels[i] ? ((byte)(30 + gray / 2), (byte)(34 + gray / 2), (byte)(42 + gray / 2))
                : Tinted(gray);
            (image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2]) = (r, g, b);
        }
        return image;
    }

    // Some of the texture stays, so that the mistaken object can be recognised.
    static (byte R, byte G, byte B) Tinted(int gray)
    {
        var share = 0.7 + 0.3 * gray / 255;
        return ((byte)(Wrong.R * share), (byte)(Wrong.G * share), (byte)(Wrong.B * share));
    }
}
