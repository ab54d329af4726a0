namespace Hwaso.Runtime.Kernels;

/// <summary>
/// How a 3×3 convolution is cut into tiles of 4×4 output pixels: tiles that lie side by side form groups, groups fill pairs of vectors,
/// and some pairs at a time are computed, so that what is between stays in the second-level cache. With dilation the image falls into
/// phases, each an image of its own. With stride 2 the even and the odd columns of a tile's input do: the outer taps meet the even ones,
/// by minimal filtering, and the middle tap the odd ones, directly; so do the rows.
/// </summary>
sealed class WinogradPlan
{
    /// <summary>Rows and columns of outputs in a tile.</summary>
    public const int Tile = 4;

    /// <summary>Numbers that three taps become, in one direction: those of six points, or of five for the outer two and the middle one.</summary>
    public const int Points = 6;

    /// <summary>Numbers that nine taps become.</summary>
    public const int Weights = Points * Points;

    /// <summary>Points of the outer two taps of stride 2.</summary>
    public const int OuterPoints = 5;

    /// <summary>Numbers between rows of tiles where they are transformed: padding, the rest of a window, and what a vector reads beyond it.</summary>
    public const int Rim = 32;

    const int BlockBytes = 256 << 10, BlockBytesOfStride = 384 << 10, MostPairs = 8, MostPairsOfLarge = 2;

    // Transformed weights are four times as large. Up to 64 × 64 channels they are kept; larger ones, of layers with fewer pixels, are made while running,
    // which takes an eighth of the time of multiplying by them.
    const int MostKept = 64 * 64;

    /// <param name="shape">The convolution.</param>
    /// <param name="lanes">Numbers in a vector.</param>
    /// <param name="group">Tiles in a group.</param>
    /// <param name="threads">Threads that share the work.</param>
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
        var pairBytes = (long)Products * 2 * lanes * sizeof(float);
        if (Stride == 2)
        {
            Pairs = KeepsWeights(shape) ? 1 : Math.Min(pairs, MostPairsOfLarge);
            Channels = (int)Math.Clamp(BlockBytesOfStride / (pairBytes * Pairs), 1, shape.GroupCin);
            Channels = Parts(shape.GroupCin, Parts(shape.GroupCin, Channels));
        }
        else if (KeepsWeights(shape))
        {
            Channels = shape.GroupCin;
            // Larger blocks read the weights less often; enough of them keep every thread busy to the end.
            Pairs = (int)Math.Clamp(BlockBytes / (pairBytes * Channels), 1, Math.Max(1, (long)pairs * images / (4 * threads)));
            Pairs = Even(pairs * images, Math.Min(Pairs, MostPairs), threads);
        }
        else
        {
            // Each transformation of weights serves two pairs.
            Pairs = Math.Min(pairs, MostPairsOfLarge);
            Channels = (int)Math.Clamp(BlockBytes / (pairBytes * Pairs), 1, shape.GroupCin);
            Channels = Parts(shape.GroupCin, Parts(shape.GroupCin, Channels));
        }
        // An odd number of cache lines: products of a tile, written together, must not share the few places of the first-level cache.
        ProductGap = 2 * lanes * sizeof(float) % 64 == 0 && Channels % 2 == 0 ? 16 : 0;
        ProductNumbers = (Channels * 2 * lanes) + ProductGap;
        PairNumbers = (long)Products * ProductNumbers;
        Blocks = Parts(pairs, Pairs);
        ChannelTiles = Parts(shape.GroupCout, ConvWeights.Tile);
        // Where there are few blocks, each is computed for some of the output channels at a time; its inputs are transformed for each of them.
        var splits = Math.Clamp(Parts(threads, Blocks * images), 1, ChannelTiles);
        TilesInSplit = threads == 1 ? ChannelTiles : Parts(ChannelTiles, splits);
        Splits = Parts(ChannelTiles, TilesInSplit);
        // Each row of tiles of a block has its columns and a rim.
        var rows = Math.Min(Parts(Pairs * GroupsInPair, GroupsInRow) + 1, Pairs * GroupsInPair);
        WindowPitch = (Pairs * GroupsInPair * GroupColumns) + ((rows + 2) * Rim);
        WindowPitch += WindowPitch % 32 == 0 ? 16 : 0;
    }

    /// <summary>Columns, and rows, from one output to the next.</summary>
    public int Stride { get; }

    /// <summary>Rows and columns of inputs that a tile needs, and of products in it.</summary>
    public int Window { get; }

    /// <summary>Products in a tile.</summary>
    public int Products { get; }

    /// <summary>Output rows of a phase; the last phases may have one less.</summary>
    public int PhaseHeight { get; }

    /// <summary>Output columns of a phase; the last phases may have one less.</summary>
    public int PhaseWidth { get; }

    /// <summary>Rows of tiles in a phase.</summary>
    public int RowsInPhase { get; }

    /// <summary>Output columns of a group.</summary>
    public int GroupColumns { get; }

    /// <summary>Groups in a row of tiles.</summary>
    public int GroupsInRow { get; }

    /// <summary>Groups of an image.</summary>
    public int Groups { get; }

    /// <summary>Groups in two vectors.</summary>
    public int GroupsInPair { get; }

    /// <summary>Pairs of vectors in a block.</summary>
    public int Pairs { get; }

    /// <summary>Blocks of an image.</summary>
    public int Blocks { get; }

    /// <summary>Input channels that are transformed and multiplied at a time.</summary>
    public int Channels { get; }

    /// <summary>Tiles of output channels.</summary>
    public int ChannelTiles { get; }

    /// <summary>Tiles of output channels that a piece of work computes.</summary>
    public int TilesInSplit { get; }

    /// <summary>Parts that the output channels are computed in.</summary>
    public int Splits { get; }

    /// <summary>Transformed inputs of a pair of vectors.</summary>
    public long PairNumbers { get; }

    /// <summary>Numbers from one product of a pair of vectors to the next.</summary>
    public int ProductNumbers { get; }

    /// <summary>Those between them that are not used.</summary>
    public int ProductGap { get; }

    /// <summary>Numbers between the six rows of windows while they are transformed.</summary>
    public int WindowPitch { get; }

    /// <summary>Whether a convolution is one that tiles can be used for, and has enough pixels and channels to gain by it.</summary>
    public static bool Fits(in ConvShape shape) => shape is { KernelHeight: 3, KernelWidth: 3 } && shape switch
    {
        { StrideX: 1, StrideY: 1, GroupCin: >= 4, GroupCout: >= 4 } => shape.OutHeight >= 3 * shape.DilationY && shape.OutWidth >= 3 * shape.DilationX,
        { StrideX: 2, StrideY: 2, GroupCin: >= 12, GroupCout: >= 12, DilationX: 1, DilationY: 1 } => shape is { OutHeight: >= Tile, OutWidth: >= 3 * Tile },
        _ => false,
    };

    /// <summary>How many times fewer products there are than multiply-adds.</summary>
    public static double Saving(in ConvShape shape) => shape.StrideX == 1 ? 4 : 16.0 / 9;

    /// <summary>Whether its transformed weights are made once and kept.</summary>
    public static bool KeepsWeights(in ConvShape shape) => (long)shape.GroupCin * shape.GroupCout <= MostKept;

    // Of up to so many pairs in a block, not many less, what leaves the busiest thread the least.
    static int Even(int all, int most, int threads) =>
        Enumerable.Range(0, 1 + (most / 3)).Select(k => most - k).MinBy(p => Parts(Parts(all, p), threads) * p);

    static int Parts(int whole, int part) => (whole + part - 1) / part;
}
