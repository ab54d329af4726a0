namespace Hwaso.Runtime;

/// <summary>A part of an image, and the part of that whose labels are kept.</summary>
/// <param name="Left">Its first column in the image.</param>
/// <param name="Top">Its first row.</param>
/// <param name="KeptLeft">The first column that is kept, counted in the image.</param>
/// <param name="KeptTop">The first row that is kept.</param>
/// <param name="KeptRight">The column behind the last that is kept.</param>
/// <param name="KeptBottom">The row behind the last that is kept.</param>
readonly record struct Tile(int Left, int Top, int KeptLeft, int KeptTop, int KeptRight, int KeptBottom)
{
    /// <summary>Copies what is kept of one number a pixel.</summary>
    /// <param name="from">The tile's numbers.</param>
    /// <param name="width">Columns of the tile.</param>
    /// <param name="to">The image's numbers.</param>
    /// <param name="imageWidth">Columns of the image.</param>
    public void Copy<T>(ReadOnlySpan<T> from, int width, Span<T> to, int imageWidth)
    {
        for (var y = KeptTop; y < KeptBottom; y++)
            from.Slice(((y - Top) * width) + KeptLeft - Left, KeptRight - KeptLeft).CopyTo(to[((y * imageWidth) + KeptLeft)..]);
    }
}
