namespace Hwaso.Imaging;

/// <summary>A window of a scaled image, cut to what the scaled image has.</summary>
readonly struct ResizeWindow
{
    public ResizeWindow(int scaledWidth, int scaledHeight, int x, int y, int width, int height)
    {
        if (scaledWidth < 1 || scaledHeight < 1)
            throw new ArgumentException($"scaling to {scaledWidth}×{scaledHeight} pixels: both sides must be at least 1");
        if (x < 0 || y < 0 || x >= scaledWidth || y >= scaledHeight)
            throw new ArgumentException($"a window that begins at ({x}, {y}) in a scaled image of {scaledWidth}×{scaledHeight}: it must begin inside");
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
