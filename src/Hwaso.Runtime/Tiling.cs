namespace Hwaso.Runtime;

/// <summary>
/// Tiles of one size that cover an image and overlap by a third. Each pixel takes its label from the tile whose border is farthest from it.
/// </summary>
sealed class Tiling
{
    // Most networks shrink the image by 32 at most: tiles that start at multiples of 32 keep their feature maps on the grid of the whole
    // image's. A network with a larger stride has a coarser grid.
    const int UsualGrid = 32;

    readonly int[] lefts, tops;
    readonly int grid;

    Tiling(int width, int height, int tileWidth, int tileHeight, int grid)
    {
        (Width, Height, TileWidth, TileHeight, this.grid) = (width, height, tileWidth, tileHeight, grid);
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
                Kept(lefts, column, TileWidth, Width), Kept(tops, row, TileHeight, Height),
                Kept(lefts, column + 1, TileWidth, Width), Kept(tops, row + 1, TileHeight, Height));
        }
    }

    /// <summary>The whole image as one tile.</summary>
    /// <param name="width">Columns of the image.</param>
    /// <param name="height">Rows of the image.</param>
    /// <param name="stride">Pixels of the image per element of the network's smallest feature map.</param>
    public static Tiling Whole(int width, int height, int stride) =>
        new(width, height, width, height, (UsualGrid + stride - 1) / stride * stride);

    /// <summary>Tiles with a shorter longer side; null if they would be smaller than the smallest useful size.</summary>
    public Tiling? Smaller()
    {
        int Cut(int side) => Math.Max(2 * grid, (int)(side * 3L / 4 / grid) * grid);
        var (width, height) = TileWidth > TileHeight ? (Cut(TileWidth), TileHeight) : (TileWidth, Cut(TileHeight));
        return width < TileWidth || height < TileHeight ? new Tiling(Width, Height, width, height, grid) : null;
    }

    // A tile starts every two thirds of its size; the last one ends with the image.
    int[] Starts(int length, int tile)
    {
        var step = Math.Max(grid, tile * 2L / 3 / grid * grid);
        var starts = new List<int>();
        for (long at = 0; at + tile < length; at += step)
            starts.Add((int)at);
        starts.Add(length - tile);
        return [.. starts];
    }

    // The middle of the overlap of a tile with the one before it.
    static int Kept(int[] starts, int tile, int size, int length) =>
        tile == 0 ? 0 : tile == starts.Length ? length : (int)(((long)starts[tile - 1] + size + starts[tile]) / 2);
}

/// <summary>A tile of an image, and the part of it whose labels are kept.</summary>
/// <param name="Left">The tile's first column in the image.</param>
/// <param name="Top">The tile's first row in the image.</param>
/// <param name="KeptLeft">The first column to keep, in the image.</param>
/// <param name="KeptTop">The first row to keep, in the image.</param>
/// <param name="KeptRight">The column after the last to keep.</param>
/// <param name="KeptBottom">The row after the last to keep.</param>
readonly record struct Tile(int Left, int Top, int KeptLeft, int KeptTop, int KeptRight, int KeptBottom)
{
    /// <summary>Copies the kept part, of data with one element per pixel.</summary>
    /// <param name="from">The tile's elements.</param>
    /// <param name="width">Columns of the tile.</param>
    /// <param name="to">The image's elements.</param>
    /// <param name="imageWidth">Columns of the image.</param>
    public void Copy<T>(ReadOnlySpan<T> from, int width, Span<T> to, int imageWidth)
    {
        for (var y = KeptTop; y < KeptBottom; y++)
            from.Slice(((y - Top) * width) + KeptLeft - Left, KeptRight - KeptLeft).CopyTo(to[((y * imageWidth) + KeptLeft)..]);
    }
}
