using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>The sizes of matrix products, and the layout of the matrices.</summary>
/// <param name="Batch">The number of products.</param>
/// <param name="M">Rows of the result.</param>
/// <param name="K">Products per sum.</param>
/// <param name="N">Columns of the result.</param>
/// <param name="LeftStep">Numbers from one left matrix to the next; 0 if all products share one.</param>
/// <param name="RightStep">Numbers from one right matrix to the next; 0 if all products share one.</param>
/// <param name="LeftTransposed">Whether the left matrix is stored as [K, M].</param>
/// <param name="RightTransposed">Whether the right matrix is stored as [N, K].</param>
/// <param name="Scale">The factor of every result.</param>
readonly record struct MatMulShape(
    int Batch, int M, int K, int N, long LeftStep, long RightStep, bool LeftTransposed, bool RightTransposed, float Scale);

/// <summary>Products of matrices, [M, K] · [K, N], for each of a batch.</summary>
/// <remarks>Columns take the part of a convolution's pixels, and K that of its input channels.</remarks>
sealed unsafe class MatMulKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    // Rows of an item, at least: each item lays out its columns anew.
    const int LeastRows = 64;

    const int TileRows = ConvTile<TLanes, TVector>.Channels, BlockBytes = 256 << 10, MostPairs = 32;

    readonly MatMulShape shape;
    readonly float* left, right, output;
    readonly Unary function;
    readonly int pairs, blocks, rowBlocks, rowsOfItem;
    readonly long panelBytes;

    /// <param name="shape">The sizes and the layout.</param>
    /// <param name="left">The left matrices.</param>
    /// <param name="right">The right matrices.</param>
    /// <param name="function">The function applied last.</param>
    /// <param name="output">The result, [batch, M, N].</param>
    /// <param name="threads">The number of threads that share the work.</param>
    public MatMulKernel(in MatMulShape shape, float* left, float* right, Unary function, float* output, int threads)
    {
        this.shape = shape;
        this.left = left;
        this.right = right;
        this.function = function;
        this.output = output;
        const int pair = 2;
        // Items enough for all threads: first by rows, then by columns.
        var share = Math.Max(1, 4 * threads / Math.Max(1, shape.Batch));
        var rowShare = Math.Clamp(shape.M / LeastRows, 1, share);
        rowsOfItem = Parts(Parts(Math.Max(shape.M, 1), rowShare), TileRows) * TileRows;
        rowBlocks = Parts(shape.M, rowsOfItem);
        share = Parts(share, rowShare);
        var vectors = (shape.N + TLanes.Count - 1) / TLanes.Count;
        pairs = Math.Clamp(BlockBytes / (pair * sizeof(TVector) * Math.Max(shape.K, 1)), 1, MostPairs);
        pairs = Math.Clamp(vectors / (pair * share), 1, pairs);
        blocks = (vectors + (pair * pairs) - 1) / (pair * pairs);
        panelBytes = (long)pairs * shape.K * pair * sizeof(TVector);
        Items = shape.Batch * blocks * rowBlocks;
    }

    public override int Items { get; }

    public override long ScratchBytes =>
        PinnedMemory.Whole(panelBytes) + ((long)shape.K * TileRows * sizeof(float)) + PinnedMemory.Alignment;

    public override void Run(int item, byte* scratch)
    {
        const int pair = 2;
        var columns = pairs * pair * TLanes.Count;
        var (batch, firstColumn) = (item / blocks / rowBlocks, item % blocks * columns);
        var firstRow = item / blocks % rowBlocks * rowsOfItem;
        var end = Math.Min(shape.M, firstRow + rowsOfItem);
        var count = Math.Min(columns, shape.N - firstColumn);
        var a = left + (batch * shape.LeftStep);
        var panels = (float*)scratch;
        Lay(right + (batch * shape.RightStep), firstColumn, count, panels);
        var rows = (float*)(scratch + PinnedMemory.Whole(panelBytes));
        var sums = stackalloc TVector[ConvTile<TLanes, TVector>.Sums];
        for (var m = firstRow; m < end; m += TileRows)
        {
            var height = Math.Min(TileRows, end - m);
            for (var r = 0; r < TileRows; r++)
                LayRow(a, m + r, r < height, rows + r);
            for (var n = 0; n < count; n += pair * TLanes.Count)
            {
                ConvTile<TLanes, TVector>.Add(rows, panels + ((long)n * shape.K), shape.K, sums, first: true);
                for (var r = 0; r < height; r++)
                {
                    var to = output + (((batch * (long)shape.M) + m + r) * shape.N) + firstColumn + n;
                    for (var half = 0; half < 2; half++)
                        if (count - n - (half * TLanes.Count) is > 0 and var left)
                            Finish<TLanes, TVector>.Store(TLanes.Multiply(sums[(2 * r) + half], TLanes.All(shape.Scale)), TLanes.All(0),
                                null, function, to + (half * TLanes.Count), left);
                }
            }
        }
    }

    /// <summary>Lays out a row of the left matrix between those of its tile; zeros for one beyond the last.</summary>
    void LayRow(float* matrix, int row, bool isInside, float* to)
    {
        var from = matrix + (shape.LeftTransposed ? row : row * (long)shape.K);
        var step = shape.LeftTransposed ? (long)shape.M : 1;
        for (var k = 0; k < shape.K; k++)
            to[k * TileRows] = isInside ? from[k * step] : 0;
    }

    static int Parts(int whole, int part) => (whole + part - 1) / part;

    /// <summary>Lays out columns of the right matrix, pair of vectors by pair; zeros beyond the last column.</summary>
    void Lay(float* matrix, int firstColumn, int count, float* panels)
    {
        var width = 2 * TLanes.Count;
        for (var n = 0; n < count; n += width)
        {
            var inside = Math.Min(width, count - n);
            for (var k = 0; k < shape.K; k++, panels += width)
                if (!shape.RightTransposed && inside == width)
                {
                    var from = matrix + ((long)k * shape.N) + firstColumn + n;
                    TLanes.Store(TLanes.Load(from), panels);
                    TLanes.Store(TLanes.Load(from + TLanes.Count), panels + TLanes.Count);
                }
                else
                    for (var x = 0; x < width; x++)
                        panels[x] = x >= inside ? 0
                            : shape.RightTransposed ? matrix[((firstColumn + n + x) * (long)shape.K) + k]
                            : matrix[((long)k * shape.N) + firstColumn + n + x];
        }
    }
}
