namespace Hwaso.Runtime.Kernels;

/// <summary>
/// How a 3×3 convolution is cut into tiles of 4×4 output pixels. Adjacent tiles form groups, groups fill pairs of vectors, and a block
/// computes some pairs at a time, so that its intermediate results fit the second-level cache. With dilation the image is split into
/// phases, each an image of its own. With stride 2 the even and the odd columns of a tile's input are split: the outer taps meet the even
/// columns, by minimal filtering, and the middle tap meets the odd ones, directly. Rows are split in the same way.
/// </summary>
sealed class WinogradPlan
{
    /// <summary>Rows and columns of outputs per tile.</summary>
    public const int Tile = 4;

    /// <summary>
    /// The numbers that three taps are transformed to, along one axis: at six points; at stride 2, the outer two taps at five points and
    /// the middle tap itself.
    /// </summary>
    public const int Points = 6;

    /// <summary>The numbers that nine taps are transformed to.</summary>
    public const int Weights = Points * Points;

    /// <summary>The points that the outer two taps are transformed to at stride 2.</summary>
    public const int OuterPoints = 5;

    /// <summary>
    /// Numbers between rows of tiles in the transformed rows: padding, the rest of a window, and what a vector reads beyond it.
    /// </summary>
    public const int Rim = 32;

    // For vectors of 8; processors with vectors of 16 have second-level caches of twice the size.
    const int BlockBytes = 256 << 10, BlockBytesOfStride = 384 << 10, MostPairs = 8, MostPairsOfLarge = 2;

    // Tiles of output channels whose sums wait together, and inputs that stay in the first-level cache while these tiles use them.
    const int MostTilesTogether = 4, NearBytes = 20 << 10;

    // Transformed weights are four times as large. Those of up to 64 × 64 channels are kept. Larger ones, of layers with fewer pixels, are
    // transformed in each run, which takes an eighth of the time of multiplying by them.
    const int MostKept = 64 * 64;

    // Tiles of a group, where vectors have more than one number; fused multiply-adds of a tile of output channels and a pair of vectors;
    // what the transformation of a tile's weights takes, and of a vector's, each for one input channel.
    const int GroupTiles = 4, FusedOfTile = 12, TransformOfTile = 120, TransformOfVector = 160;

    // Tiles of an image, at most, for vectors to hold output channels, and what their transformed weights may take.
    const int MostFewTiles = 48, FewTilesBytes = 128 << 10;

    /// <summary>Tiles, and vectors of output channels, whose sums grow together where vectors hold output channels.</summary>
    public const int FewTilesTogether = 4, VectorsTogether = 3;

    /// <param name="shape">The convolution.</param>
    /// <param name="lanes">Numbers per vector.</param>
    /// <param name="group">Tiles per group.</param>
    /// <param name="threads">The number of threads that share the work.</param>
    public WinogradPlan(in ConvShape shape, int lanes, int group, int threads)
    {
        Stride = shape.StrideX;
        Window = Stride == 1 ? Points : OuterPoints + Tile;
        Products = Window * Window;
        GroupColumns = Tile * group;
        PhaseHeight = Parts(shape.OutHeight, shape.DilationY);
        PhaseWidth = Parts(shape.OutWidth, shape.DilationX);
        GroupsInRow = Parts(PhaseWidth, GroupColumns);
        RowsInPhase = Parts(PhaseHeight, Tile);
        Groups = GroupsInRow * RowsInPhase * shape.DilationY * shape.DilationX;
        GroupsInPair = 2 * lanes / group;
        var pairs = Parts(Groups, GroupsInPair);
        var images = shape.Batch * shape.Groups;
        var wider = Math.Max(1, lanes / 8);
        var pairBytes = (long)Products * 2 * lanes * sizeof(float);
        if (HasFewTiles(shape, lanes))
        {
            Pairs = pairs;
            Channels = (int)Math.Clamp(FewTilesBytes / (Weights * VectorsTogether * (long)lanes * sizeof(float)), 1, shape.GroupCin);
            Channels = Parts(shape.GroupCin, Parts(shape.GroupCin, Channels));
        }
        else if (Stride == 2)
        {
            Pairs = KeepsWeights(shape) ? 1 : Math.Min(pairs, MostPairsOfLarge);
            Channels = (int)Math.Clamp(wider * BlockBytesOfStride / (pairBytes * Pairs), 1, shape.GroupCin);
            Channels = Parts(shape.GroupCin, Parts(shape.GroupCin, Channels));
        }
        else if (KeepsWeights(shape))
        {
            Channels = shape.GroupCin;
            // Larger blocks read the weights less often; enough blocks keep every thread busy to the end.
            Pairs = (int)Math.Clamp(wider * BlockBytes / (pairBytes * Channels), 1, Math.Max(1, (long)pairs * images / (4 * threads)));
            Pairs = Even(pairs * images, Math.Min(Pairs, MostPairs), threads);
        }
        else
        {
            // Two pairs share each transformation of weights.
            Pairs = Math.Min(pairs, MostPairsOfLarge);
            Channels = (int)Math.Clamp(wider * BlockBytes / (pairBytes * Pairs), 1, shape.GroupCin);
            Channels = Parts(shape.GroupCin, Parts(shape.GroupCin, Channels));
        }
        // An odd number of cache lines: the products of a tile are written together, and must not compete for a few sets of the first-level
        // cache.
        ProductGap = 2 * lanes * sizeof(float) % 64 == 0 && Channels % 2 == 0 ? 16 : 0;
        ProductNumbers = (Channels * 2 * lanes) + ProductGap;
        PairNumbers = (long)Products * ProductNumbers;
        Blocks = Parts(pairs, Pairs);
        ChannelTiles = Parts(shape.GroupCout, ConvWeights.Tile);
        // Few blocks are divided by output channels, so that every thread has work; each part transforms the block's inputs again.
        var splits = Math.Clamp(Parts(threads, Blocks * images), 1, ChannelTiles);
        TilesInSplit = threads == 1 ? ChannelTiles : Parts(ChannelTiles, splits);
        Splits = Parts(ChannelTiles, TilesInSplit);
        TilesTogether = KeepsWeights(shape) ? Parts(TilesInSplit, Parts(TilesInSplit, MostTilesTogether)) : 1;
        ProductsTogether = TilesTogether == 1 ? Products : Math.Clamp(NearBytes / (Channels * 2 * lanes * sizeof(float)), 1, Products);
        // Each row of tiles in a block has its columns and a rim.
        var rows = Math.Min(Parts(Pairs * GroupsInPair, GroupsInRow) + 1, Pairs * GroupsInPair);
        WindowPitch = (Pairs * GroupsInPair * GroupColumns) + ((rows + 2) * Rim);
        WindowPitch += WindowPitch % 32 == 0 ? 16 : 0;
    }

    /// <summary>Rows, and columns, from one output to the next.</summary>
    public int Stride { get; }

    /// <summary>Rows and columns of inputs that a tile needs; also its products along one axis.</summary>
    public int Window { get; }

    /// <summary>Products per tile.</summary>
    public int Products { get; }

    /// <summary>Output rows per phase; the last phases may have one less.</summary>
    public int PhaseHeight { get; }

    /// <summary>Output columns per phase; the last phases may have one less.</summary>
    public int PhaseWidth { get; }

    /// <summary>Rows of tiles per phase.</summary>
    public int RowsInPhase { get; }

    /// <summary>Output columns per group.</summary>
    public int GroupColumns { get; }

    /// <summary>Groups per row of tiles.</summary>
    public int GroupsInRow { get; }

    /// <summary>Groups per image.</summary>
    public int Groups { get; }

    /// <summary>Groups per pair of vectors.</summary>
    public int GroupsInPair { get; }

    /// <summary>Pairs of vectors per block.</summary>
    public int Pairs { get; }

    /// <summary>Blocks per image.</summary>
    public int Blocks { get; }

    /// <summary>Input channels that are transformed and multiplied at a time.</summary>
    public int Channels { get; }

    /// <summary>Tiles of output channels.</summary>
    public int ChannelTiles { get; }

    /// <summary>Tiles of output channels per item.</summary>
    public int TilesInSplit { get; }

    /// <summary>Items that the output channels of a block are divided into.</summary>
    public int Splits { get; }

    /// <summary>Tiles of output channels that multiply the same inputs in turn.</summary>
    public int TilesTogether { get; }

    /// <summary>Products that each of these tiles computes before the next one's turn.</summary>
    public int ProductsTogether { get; }

    /// <summary>Transformed inputs of a pair of vectors, in numbers.</summary>
    public long PairNumbers { get; }

    /// <summary>Numbers from one product of a pair of vectors to the next.</summary>
    public int ProductNumbers { get; }

    /// <summary>Unused numbers between two products.</summary>
    public int ProductGap { get; }

    /// <summary>Numbers between the rows of windows while they are transformed.</summary>
    public int WindowPitch { get; }

    /// <summary>The output row and column where a group of tiles begins.</summary>
    public (int Row, int Column) Corner(in ConvShape shape, int group)
    {
        var (row, column) = (group / GroupsInRow, group % GroupsInRow);
        var (phase, tileRow) = (row / RowsInPhase, row % RowsInPhase);
        return ((tileRow * Tile * shape.DilationY) + (phase / shape.DilationX),
            (column * GroupColumns * shape.DilationX) + (phase % shape.DilationX));
    }

    /// <summary>Whether the algorithm applies to a convolution, and there are enough pixels and channels to gain from it.</summary>
    public static bool Fits(in ConvShape shape) => shape is { KernelHeight: 3, KernelWidth: 3 } && shape switch
    {
        { StrideX: 1, StrideY: 1, GroupCin: >= 4, GroupCout: >= 4 } =>
            shape.OutHeight >= 3 * shape.DilationY && shape.OutWidth >= 3 * shape.DilationX && (KeepsWeights(shape) || Gains(shape)),
        { StrideX: 2, StrideY: 2, GroupCin: >= 12, GroupCout: >= 12, DilationX: 1, DilationY: 1 } =>
            shape is { OutHeight: >= Tile, OutWidth: >= 3 * Tile },
        _ => false,
    };

    /// <summary>The number of multiply-adds by definition per multiply-add computed.</summary>
    public static double Saving(in ConvShape shape) => shape.StrideX == 1 ? 4 : 16.0 / 9;

    /// <summary>Whether the transformed weights are computed once and kept.</summary>
    public static bool KeepsWeights(in ConvShape shape) => (long)shape.GroupCin * shape.GroupCout <= MostKept;

    /// <summary>
    /// Whether there are so few tiles that vectors hold output channels instead: vectors of tiles would be half empty. The weights are
    /// then transformed in each run.
    /// </summary>
    public static bool HasFewTiles(in ConvShape shape, int lanes) =>
        lanes >= GroupTiles && Tiles(shape) <= MostFewTiles && OfChannels(shape, lanes) < OfTiles(shape, lanes);

    // Whether tiles take less time than direct summation although the weights are transformed in each run; in vectors of 8, so that the
    // same layers have tiles everywhere.
    static bool Gains(in ConvShape shape)
    {
        const int lanes = 8;
        var pairs = (((long)shape.OutHeight * Parts(shape.OutWidth, lanes)) + 1) / 2;
        var direct = pairs * shape.Taps * FusedOfTile * Parts(shape.GroupCout, ConvWeights.Tile);
        return Math.Min(OfTiles(shape, lanes), HasFewTiles(shape, lanes) ? OfChannels(shape, lanes) : long.MaxValue) < direct;
    }

    // Fused multiply-adds of vectors, or what else takes as long, for each input channel: with vectors of tiles, and of output channels.
    static long OfTiles(in ConvShape shape, int lanes)
    {
        var groups = Parts(PhaseColumns(shape), Tile * GroupTiles) * (long)Parts(PhaseRows(shape), Tile) * Phases(shape);
        var pairs = (groups + (2 * lanes / GroupTiles) - 1) / (2 * lanes / GroupTiles);
        var transforms = KeepsWeights(shape) ? 0 : (pairs + MostPairsOfLarge - 1) / MostPairsOfLarge;
        return Parts(shape.GroupCout, ConvWeights.Tile) * ((pairs * ProductsOf(shape) * FusedOfTile) + (transforms * TransformOfTile));
    }

    static long OfChannels(in ConvShape shape, int lanes)
    {
        var vectors = Parts(shape.GroupCout, lanes);
        return (vectors * ((Parts(Tiles(shape), FewTilesTogether) * ProductsOf(shape) * FewTilesTogether) + TransformOfVector));
    }

    static long Tiles(in ConvShape shape) => Parts(PhaseColumns(shape), Tile) * (long)Parts(PhaseRows(shape), Tile) * Phases(shape);

    static int PhaseRows(in ConvShape shape) => Parts(shape.OutHeight, shape.DilationY);

    static int PhaseColumns(in ConvShape shape) => Parts(shape.OutWidth, shape.DilationX);

    static int Phases(in ConvShape shape) => shape.DilationY * shape.DilationX;

    static long ProductsOf(in ConvShape shape) =>
        shape.StrideX == 1 ? Points * Points : (OuterPoints + Tile) * (long)(OuterPoints + Tile);

    // The number of pairs per block, from two thirds of the most to the most, that leaves the least work to the busiest thread.
    static int Even(int all, int most, int threads) =>
        Enumerable.Range(0, 1 + (most / 3)).Select(k => most - k).MinBy(p => Parts(Parts(all, p), threads) * p);

    static int Parts(int whole, int part) => (whole + part - 1) / part;

    static long Parts(long whole, int part) => (whole + part - 1) / part;
}
