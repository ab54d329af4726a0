namespace Hwaso.Runtime.Kernels;

/// <summary>
/// How a convolution is cut into blocks that fit the second-level cache: some vectors of pixels and some input channels each. In a block,
/// the numbers of all taps of every pair of vectors are laid out in the order in which they are multiplied.
/// </summary>
sealed class ConvPlan
{
    // A panel of 256 products and the weights for it fit the first-level cache; so do those of one tap, where taps follow each other.
    const int BlockBytes = 256 << 10, MostPairs = 32, MostDepth = 256, MostChannelsByTaps = 96;

    public ConvPlan(in ConvShape shape, bool byTaps, int lanes, int threads)
    {
        // A pointwise convolution does not know rows: it treats the image as one row of all pixels.
        (Height, Width) = shape.IsPointwise ? (1, shape.OutHeight * shape.OutWidth) : (shape.OutHeight, shape.OutWidth);
        var segments = Parts(Width, lanes);
        Channels = Math.Clamp(byTaps ? MostChannelsByTaps : MostDepth / shape.Taps, 1, shape.GroupCin);
        // Blocks of equal numbers of channels.
        Channels = Parts(shape.GroupCin, Parts(shape.GroupCin, Channels));
        Depth = Channels * shape.Taps;
        PanelNumbers = Depth * 2 * lanes;
        var most = 2 * (int)Math.Clamp(BlockBytes / (2L * lanes * sizeof(float) * Depth), 1, MostPairs);
        var images = shape.Batch * shape.Groups;
        // Enough blocks to keep every thread busy to the end.
        most = Math.Min(most, Math.Max(2, (int)Math.Min((long)segments * Height * images / (4 * threads), int.MaxValue)));
        // Taps that lie outside the image for all columns of a block are skipped: where the kernel is about as wide as the image, narrow
        // blocks need few taps.
        var isWide = 2 * (shape.KernelWidth - 1) * (long)shape.DilationX >= shape.OutWidth && shape.DilationX >= lanes;
        Rows = Math.Clamp(isWide ? most : most / segments, 1, Height);
        // Blocks of equal numbers of columns, of whole pairs of vectors.
        Segments = isWide ? 1 : most >= segments ? segments : 2 * Parts(segments, 2 * Parts(segments, Math.Max(2, most & ~1)));
        RowBlocks = Parts(Height, Rows);
        Blocks = RowBlocks * Parts(segments, Segments);
        Pairs = Parts(Rows * Segments, 2);
    }

    /// <summary>Output rows of the image.</summary>
    public int Height { get; }

    /// <summary>Output columns of the image.</summary>
    public int Width { get; }

    /// <summary>Input channels per block.</summary>
    public int Channels { get; }

    /// <summary>Products that a block adds to each sum: channels × taps.</summary>
    public int Depth { get; }

    /// <summary>Numbers from one pair's panel to the next.</summary>
    public int PanelNumbers { get; }

    /// <summary>Output rows per block.</summary>
    public int Rows { get; }

    /// <summary>Vectors of output columns per block; the last one of a row may reach beyond the image.</summary>
    public int Segments { get; }

    /// <summary>Blocks from the top of an image to its bottom.</summary>
    public int RowBlocks { get; }

    /// <summary>Blocks per image.</summary>
    public int Blocks { get; }

    /// <summary>Pairs of vectors per block.</summary>
    public int Pairs { get; }

    static int Parts(int whole, int part) => (whole + part - 1) / part;
}
