using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hwaso.Imaging;

/// <summary>
/// Resizes images and labels, pixel for pixel as OpenCV's <c>cv2.resize</c> does; like there, shrinking does not smooth.
/// The crop forms compute only a window of the scaled image, so that the cost is that of the crop.
/// </summary>
public static class Resize
{
    /// <summary>A colour image at another size, bilinear between pixel centres (INTER_LINEAR).</summary>
    /// <param name="image">The image.</param>
    /// <param name="width">Wanted width in pixels.</param>
    /// <param name="height">Wanted height in pixels.</param>
    /// <exception cref="ArgumentException">A size that is not positive or too large for an array.</exception>
    public static RgbImage Bilinear(RgbImage image, int width, int height)
    {
        var scaled = new RgbImage(width, height, PixelBuffer.Uncleared<byte>(width, height, 3));
        BilinearCrop(image, width, height, 0, 0, scaled);
        return scaled;
    }

    /// <summary>Labels at another size, each the nearest above and to the left (INTER_NEAREST).</summary>
    /// <exception cref="ArgumentException">A size that is not positive or too large for an array.</exception>
    public static LabelMap Nearest(LabelMap labels, int width, int height)
    {
        var scaled = new LabelMap(width, height, PixelBuffer.Uncleared<byte>(width, height, 1));
        NearestCrop(labels, width, height, 0, 0, scaled);
        return scaled;
    }

    /// <summary>16-bit values at another size, each the nearest above and to the left (INTER_NEAREST).</summary>
    /// <exception cref="ArgumentException">A size that is not positive or too large for an array.</exception>
    public static Gray16Image Nearest(Gray16Image image, int width, int height)
    {
        var scaled = new Gray16Image(width, height, PixelBuffer.Uncleared<ushort>(width, height, 1));
        NearestCrop(image, width, height, 0, 0, scaled);
        return scaled;
    }

    /// <summary>
    /// The window of the scaled image that <paramref name="destination"/> covers; pixels beyond the scaled image are not written.
    /// </summary>
    /// <param name="source">The image before scaling.</param>
    /// <param name="scaledWidth">Width of the whole scaled image.</param>
    /// <param name="scaledHeight">Height of the whole scaled image.</param>
    /// <param name="cropX">Left of the window, at least 0.</param>
    /// <param name="cropY">Top of the window, at least 0.</param>
    /// <param name="destination">Receives the window; its size is the window's.</param>
    /// <exception cref="ArgumentException">A size that is not positive, a window that begins outside, or one buffer for both
    /// images.</exception>
    public static void BilinearCrop(RgbImage source, int scaledWidth, int scaledHeight, int cropX, int cropY, RgbImage destination)
    {
        var window = new ResizeWindow(scaledWidth, scaledHeight, cropX, cropY, destination.Width, destination.Height);
        RefuseSame(source.Pixels, destination.Pixels);
        int width = source.Width, height = source.Height;
        if ((width, height) == (scaledWidth, scaledHeight))
        {
            window.Copy(source.Pixels, width, destination.Pixels, destination.Width, 3);
            return;
        }
        var columns = new ResizeTap[window.Width];
        var (stepX, stepY) = (ResizeTap.Step(width, scaledWidth), ResizeTap.Step(height, scaledHeight));
        for (var x = 0; x < columns.Length; x++)
            columns[x] = ResizeTap.Column(cropX + x, stepX, width);
        // A row scaled for one target row mostly serves the next one too.
        var (upper, lower) = (new short[3 * columns.Length + BilinearKernel.Slack], new short[3 * columns.Length + BilinearKernel.Slack]);
        var (upperRow, lowerRow) = (-1, -1);
        for (var y = 0; y < window.Height; y++)
        {
            var tap = ResizeTap.Row(cropY + y, stepY, height);
            if (upperRow != tap.First && lowerRow == tap.First)
                (upper, lower, upperRow, lowerRow) = (lower, upper, lowerRow, upperRow);
            if (upperRow != tap.First)
                BilinearKernel.Horizontal(source.Pixels, 3 * width * tap.First, columns, upper);
            if (lowerRow != tap.Second && tap.Second != tap.First)
                BilinearKernel.Horizontal(source.Pixels, 3 * width * tap.Second, columns, lower);
            upperRow = tap.First;
            lowerRow = tap.Second != tap.First ? tap.Second : lowerRow;
            BilinearKernel.Vertical(upper, tap.Second != tap.First ? lower : upper, tap.FirstWeight, tap.SecondWeight,
                destination.Pixels.AsSpan(3 * destination.Width * y, 3 * window.Width));
        }
    }

    /// <summary>The window of the scaled labels that <paramref name="destination"/> covers; pixels beyond them are not written.</summary>
    /// <inheritdoc cref="BilinearCrop"/>
    public static void NearestCrop(LabelMap source, int scaledWidth, int scaledHeight, int cropX, int cropY, LabelMap destination) =>
        NearestCrop(source.Labels, source.Width, source.Height, destination.Labels, destination.Width,
            new ResizeWindow(scaledWidth, scaledHeight, cropX, cropY, destination.Width, destination.Height));

    /// <summary>The window of the scaled values that <paramref name="destination"/> covers; pixels beyond them are not written.</summary>
    /// <inheritdoc cref="BilinearCrop"/>
    public static void NearestCrop(Gray16Image source, int scaledWidth, int scaledHeight, int cropX, int cropY, Gray16Image destination) =>
        NearestCrop(source.Values, source.Width, source.Height, destination.Values, destination.Width,
            new ResizeWindow(scaledWidth, scaledHeight, cropX, cropY, destination.Width, destination.Height));

    static void NearestCrop<T>(T[] source, int width, int height, T[] destination, int stride, in ResizeWindow window)
    {
        RefuseSame(source, destination);
        var columns = new int[window.Width];
        var (stepX, stepY) = (ResizeTap.Step(width, window.ScaledWidth), ResizeTap.Step(height, window.ScaledHeight));
        for (var x = 0; x < columns.Length; x++)
            columns[x] = ResizeTap.Nearest(window.X + x, stepX, width);
        var last = -1;
        for (var y = 0; y < window.Height; y++)
        {
            var row = ResizeTap.Nearest(window.Y + y, stepY, height);
            var target = destination.AsSpan(y * stride, columns.Length);
            if (row == last)
            {
                destination.AsSpan((y - 1) * stride, columns.Length).CopyTo(target);
                continue;
            }
            last = row;
            var line = source.AsSpan(row * width, width);
            ref var first = ref MemoryMarshal.GetReference(line);
            for (var x = 0; x < target.Length; x++)
                target[x] = Unsafe.Add(ref first, columns[x]);   // columns are clamped to the line
        }
    }

    static void RefuseSame<T>(T[] source, T[] destination)
    {
        if (ReferenceEquals(source, destination))
            throw new ArgumentException("an image cannot be resized into its own buffer; give another one", nameof(destination));
    }
}

/// <summary>A window of a scaled image, cut to the scaled image.</summary>
readonly struct ResizeWindow
{
    public ResizeWindow(int scaledWidth, int scaledHeight, int x, int y, int width, int height)
    {
        if (scaledWidth < 1 || scaledHeight < 1)
            throw new ArgumentException($"scaling to {scaledWidth}×{scaledHeight} pixels: both sides must be at least 1");
        if (x < 0 || y < 0 || x >= scaledWidth || y >= scaledHeight)
            throw new ArgumentException($"a window that begins at ({x}, {y}) in a scaled image of "
                + $"{scaledWidth}×{scaledHeight}: it must begin inside");
        (ScaledWidth, ScaledHeight, X, Y) = (scaledWidth, scaledHeight, x, y);
        (Width, Height) = (Math.Min(width, scaledWidth - x), Math.Min(height, scaledHeight - y));
    }

    public int ScaledWidth { get; }

    public int ScaledHeight { get; }

    public int X { get; }

    public int Y { get; }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Copies the window from an image that needs no scaling.</summary>
    public void Copy(ReadOnlySpan<byte> source, int sourceWidth, Span<byte> destination, int destinationWidth, int channels)
    {
        for (var y = 0; y < Height; y++)
            source.Slice(((Y + y) * sourceWidth + X) * channels, Width * channels).CopyTo(destination[(y * destinationWidth * channels)..]);
    }
}

/// <summary>
/// The two source pixels that a scaled one lies between, along one axis, and their weights in 1/2048, as OpenCV's INTER_LINEAR has
/// them.
/// </summary>
readonly record struct ResizeTap(int First, int Second, short FirstWeight, short SecondWeight)
{
    public const int One = 2048;

    /// <summary>
    /// Source pixels a scaled pixel: the reciprocal of a quotient, as in OpenCV, since its last bit can decide about a pixel.
    /// </summary>
    public static double Step(int source, int scaled) => 1 / ((double)scaled / source);

    /// <summary>Up and down: beyond the border both rows are the outermost.</summary>
    public static ResizeTap Row(int at, double step, int length)
    {
        var (first, share) = Place(at, step);
        return new ResizeTap(Math.Clamp(first, 0, length - 1), Math.Clamp(first + 1, 0, length - 1), Weight(1 - share), Weight(share));
    }

    /// <summary>Left and right: beyond the border the second weighs nothing, so that whatever is read there does not matter.</summary>
    public static ResizeTap Column(int at, double step, int length)
    {
        var (first, share) = Place(at, step);
        if (first < 0 || first >= length - 1)
        {
            var outermost = first < 0 ? 0 : length - 1;
            return new ResizeTap(outermost, outermost, One, 0);
        }
        return new ResizeTap(first, first + 1, Weight(1 - share), Weight(share));
    }

    /// <summary>INTER_NEAREST: the pixel at the left of the scaled one, not the one at its centre.</summary>
    public static int Nearest(int at, double step, int length) => (int)Math.Min(at * step, length - 1);

    static (int First, float Share) Place(int at, double step)
    {
        var centre = (float)((at + 0.5) * step - 0.5);
        var first = (int)MathF.Floor(centre);
        return (first, centre - first);
    }

    static short Weight(float share) => (short)MathF.Round(share * One);
}
