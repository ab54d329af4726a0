namespace Hwaso.Runtime;

/// <summary>An image in tiles of one size that overlap by a third; each pixel's label comes from the tile in which it lies deepest.</summary>
sealed class Tiling
{
    // The coarsest feature maps of networks are 32 times smaller than the image: tiles that begin at multiples see their pixels where the whole image has them.
    const int Grid = 32;
    const int Smallest = 2 * Grid;

    readonly int[] lefts, tops;

    Tiling(int width, int height, int tileWidth, int tileHeight)
    {
        (Width, Height, TileWidth, TileHeight) = (width, height, tileWidth, tileHeight);
        (lefts, tops) = (Starts(width, tileWidth), Starts(height, tileHeight));
    }

    public int Width { get; }

    public int Height { get; }

    public int TileWidth { get; }

    public int TileHeight { get; }

    public SegmentationSizes TileSizes => new(TileWidth, TileHeight);

    public int Count => lefts.Length * tops.Length;

    public Tile this[int tile]
    {
        get
        {
            var (row, column) = Math.DivRem(tile, lefts.Length);
            return new Tile(
                lefts[column], tops[row],
                Kept(lefts, column, TileWidth, Width), Kept(tops, row, TileHeight, Height), Kept(lefts, column + 1, TileWidth, Width), Kept(tops, row + 1, TileHeight, Height));
        }
    }

    /// <summary>The whole image as one tile.</summary>
    public static Tiling Whole(int width, int height) => new(width, height, width, height);

    /// <summary>Tiles whose longer side is shorter; null where they would be too small to see anything.</summary>
    public Tiling? Smaller()
    {
        static int Cut(int side) => Math.Max(Smallest, (int)(side * 3L / 4 / Grid) * Grid);
        var (width, height) = TileWidth > TileHeight ? (Cut(TileWidth), TileHeight) : (TileWidth, Cut(TileHeight));
        return width < TileWidth || height < TileHeight ? new Tiling(Width, Height, width, height) : null;
    }

    // Every two thirds of a tile, the last one flush with the end.
    static int[] Starts(int length, int tile)
    {
        var step = Math.Max(Grid, tile * 2L / 3 / Grid * Grid);
        var starts = new List<int>();
        for (long at = 0; at + tile < length; at += step)
            starts.Add((int)at);
        starts.Add(length - tile);
        return [.. starts];
    }

    // The middle of what a tile shares with the one before it.
    static int Kept(int[] starts, int tile, int size, int length) =>
        tile == 0 ? 0 : tile == starts.Length ? length : (int)(((long)starts[tile - 1] + size + starts[tile]) / 2);
}

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
