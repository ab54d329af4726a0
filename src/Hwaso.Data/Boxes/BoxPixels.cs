using Hwaso.Imaging;

namespace Hwaso.Data.Boxes;

/// <summary>
/// Images as a detector sees them: resized and normalised, then laid into a batch whose rest stays zero. Not for several threads at a time.
/// </summary>
public sealed class BoxPixels
{
    readonly BoxSampling sampling;
    readonly float[] normalised = new float[3 * 256];

    /// <summary>Pixels of one form.</summary>
    public BoxPixels(BoxSampling sampling)
    {
        ArgumentNullException.ThrowIfNull(sampling);
        this.sampling = sampling;
        for (var c = 0; c < 3; c++)
            for (var v = 0; v < 256; v++)
                normalised[c * 256 + v] = (float)((v / 255.0 - sampling.Mean[c]) / sampling.Deviation[c]);
    }

    /// <summary>Lays an image into the upper left corner of planes.</summary>
    /// <param name="image">The image as stored.</param>
    /// <param name="size">The size at which it is seen.</param>
    /// <param name="mirrored">Whether it is mirrored left to right.</param>
    /// <param name="planes">3 × height × width numbers; pixels beyond the image are set to zero.</param>
    /// <param name="height">Height of the planes.</param>
    /// <param name="width">Width of the planes.</param>
    /// <exception cref="ArgumentException">The planes are smaller than the image.</exception>
    public void Fill(RgbImage image, SampledSize size, bool mirrored, Span<float> planes, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(size);
        if (size.Height > height || size.Width > width || planes.Length != 3 * height * width)
            throw new ArgumentException(
                $"an image of {size.Height}×{size.Width} and {planes.Length} numbers for planes of {height}×{width}");
        planes.Clear();
        if (sampling.Rounds)
            Bytes(Resize.Bilinear(image, size.Width, size.Height), mirrored, planes, height, width);
        else
            Fractions(image, size, mirrored, planes, height, width);
    }

    void Bytes(RgbImage image, bool mirrored, Span<float> planes, int height, int width)
    {
        for (var c = 0; c < 3; c++)
        {
            ReadOnlySpan<float> table = normalised.AsSpan(c * 256, 256);
            for (var y = 0; y < image.Height; y++)
            {
                var to = planes.Slice((c * height + y) * width, image.Width);
                var from = image.Pixels.AsSpan(y * image.Width * 3, image.Width * 3);
                for (int x = 0, at = c; x < to.Length; x++, at += 3)
                    to[x] = table[from[at]];
                if (mirrored)
                    to.Reverse();
            }
        }
    }

    // torch.nn.functional.interpolate on normalised pixels, align_corners false, the factor taken from the sizes.
    void Fractions(RgbImage image, SampledSize size, bool mirrored, Span<float> planes, int height, int width)
    {
        var columns = new (int First, int Second, float Share)[size.Width];
        for (var x = 0; x < columns.Length; x++)
            columns[x] = Tap(x, image.Width, size.Width);
        for (var y = 0; y < size.Height; y++)
        {
            var (upper, lower, down) = Tap(y, image.Height, size.Height);
            ReadOnlySpan<byte> above = image.Pixels.AsSpan(upper * image.Width * 3, image.Width * 3);
            ReadOnlySpan<byte> below = image.Pixels.AsSpan(lower * image.Width * 3, image.Width * 3);
            for (var c = 0; c < 3; c++)
            {
                ReadOnlySpan<float> table = normalised.AsSpan(c * 256, 256);
                var to = planes.Slice((c * height + y) * width, size.Width);
                for (var x = 0; x < to.Length; x++)
                {
                    var (left, right, across) = columns[x];
                    float first = table[above[3 * left + c]] * (1 - across) + table[above[3 * right + c]] * across;
                    float second = table[below[3 * left + c]] * (1 - across) + table[below[3 * right + c]] * across;
                    to[x] = first * (1 - down) + second * down;
                }
                if (mirrored)
                    to.Reverse();
            }
        }
    }

    static (int First, int Second, float Share) Tap(int at, int stored, int seen)
    {
        var place = MathF.Max(0, ((float)stored / seen) * (at + 0.5f) - 0.5f);
        var first = Math.Min((int)place, stored - 1);
        return (first, Math.Min(first + 1, stored - 1), place - first);
    }
}
