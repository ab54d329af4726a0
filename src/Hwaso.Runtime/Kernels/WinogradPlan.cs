namespace Hwaso.Runtime.Kernels;

/// <summary>
/// How a 3×3 convolution is cut into tiles of 4×4 output pixels: tiles that lie side by side form groups, groups fill pairs of vectors,
/// and some pairs at a time are computed for all channels, so that what is between stays in the second-level cache.
/// </summary>
sealed class WinogradPlan
{
    /// <summary>Rows and columns of outputs in a tile.</summary>
    public const int Tile = 4;

    /// <summary>Rows and columns of inputs that a tile needs, and of products in it.</summary>
    public const int Window = 6;

    /// <summary>Products in a tile.</summary>
    public const int Products = Window * Window;

    /// <summary>Numbers between rows of tiles where they are transformed: padding, the rest of a window, and what a vector reads beyond it.</summary>
    public const int Rim = 32;

    const int BlockBytes = 256 << 10;

    /// <param name="shape">The convolution.</param>
    /// <param name="lanes">Numbers in a vector.</param>
    /// <param name="group">Tiles in a group.</param>
    /// <param name="threads">Threads that share the work.</param>
    public WinogradPlan(in ConvShape shape, int lanes, int group, int threads)
    {
        GroupColumns = Tile * group;
        GroupsInRow = Parts(shape.OutWidth, GroupColumns);
        Groups = GroupsInRow * Parts(shape.OutHeight, Tile);
        GroupsInPair = 2 * lanes / group;
        var pairs = Parts(Groups, GroupsInPair);
        // An odd number of cache lines: products of a tile, written together, must not share the few places of the first-level cache.
        ProductGap = 2 * lanes * sizeof(float) % 64 == 0 && shape.GroupCin % 2 == 0 ? 16 : 0;
        ProductNumbers = (shape.GroupCin * 2 * lanes) + ProductGap;
        PairNumbers = (long)Products * ProductNumbers;
        var images = shape.Batch * shape.Groups;
        // Larger blocks read the weights less often; enough of them keep every thread busy to the end.
        Pairs = (int)Math.Clamp(BlockBytes / (PairNumbers * sizeof(float)), 1, Math.Max(1, (long)pairs * images / (4 * threads)));
        Pairs = Math.Min(Pairs, 8);
        Blocks = Parts(pairs, Pairs);
        ChannelTiles = Parts(shape.GroupCout, ConvWeights.Tile);
        // Where there are few blocks, each is computed for some of the output channels at a time.
        var splits = Math.Clamp(Parts(2 * threads, Blocks * images), 1, ChannelTiles);
        TilesInSplit = threads == 1 ? ChannelTiles : Parts(ChannelTiles, splits);
        Splits = Parts(ChannelTiles, TilesInSplit);
        // Each row of tiles of a block has its columns and a rim.
        var rows = Math.Min(Parts(Pairs * GroupsInPair, GroupsInRow) + 1, Pairs * GroupsInPair);
        WindowPitch = (Pairs * GroupsInPair * GroupColumns) + ((rows + 2) * Rim);
        WindowPitch += WindowPitch % 32 == 0 ? 16 : 0;
    }

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

    /// <summary>Tiles of output channels.</summary>
    public int ChannelTiles { get; }

    /// <summary>Tiles of output channels that a piece of work computes.</summary>
    public int TilesInSplit { get; }

    /// <summary>Parts that the output channels are computed in.</summary>
    public int Splits { get; }

    /// <summary>Transformed inputs of a pair of vectors, all channels.</summary>
    public long PairNumbers { get; }

    /// <summary>Numbers from one product of a pair of vectors to the next.</summary>
    public int ProductNumbers { get; }

    /// <summary>Those between them that are not used.</summary>
    public int ProductGap { get; }

    /// <summary>Numbers between the six rows of windows while they are transformed.</summary>
    public int WindowPitch { get; }

    /// <summary>Whether a convolution is one that tiles can be used for, and has enough pixels and channels to gain by it.</summary>
    public static bool Fits(in ConvShape shape) =>
        shape is { KernelHeight: 3, KernelWidth: 3, StrideX: 1, StrideY: 1, DilationX: 1, DilationY: 1, OutHeight: >= 3, OutWidth: >= 3, GroupCin: >= 4, GroupCout: >= 4 };

    static int Parts(int whole, int part) => (whole + part - 1) / part;
}
