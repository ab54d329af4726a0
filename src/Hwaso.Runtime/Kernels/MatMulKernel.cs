using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
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

/// <summary>The end of a matrix product: f(product + bias + addend).</summary>
/// <param name="bias">A number for each column, or null.</param>
/// <param name="addend">A tensor of the output's shape, or null; may be the output.</param>
/// <param name="function">The function.</param>
readonly unsafe struct MatMulEnd(float* bias, float* addend, Unary function)
{
    public float* Bias => bias;

    public float* Addend => addend;

    public Unary Function => function;
}

/// <summary>Products of matrices, [M, K] · [K, N], for each of a batch.</summary>
/// <remarks>
/// Pairs of vectors of columns are laid out as panels, [K][2 vectors]; a right matrix that is known when the model is loaded is packed so.
/// Rows of the left matrix are laid out by sixes, [K][6], if enough columns use them; else they are read where they lie.
/// </remarks>
sealed unsafe class MatMulKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    // Rows of an item that lays out its own columns, at least.
    const int LeastRows = 64;

    // Rows that use a packed panel, at least, where the columns can be divided instead: it comes from memory, and fewer rows wait for it.
    const int LeastRowsOfPacked = 30;

    // Products of a part of a panel.
    const int MostDepth = 256;

    // Columns of an item from which on it lays out its rows: it writes each number once and multiplies it by all columns.
    const int LeastColumns = 128;

    const int TileRows = ConvTile<TLanes, TVector>.Channels, RowBytes = 256 << 10, PanelBytesOfItem = 256 << 10, Pair = 2;

    readonly MatMulShape shape;
    readonly Constant? packed;
    readonly MatMulEnd end;
    readonly float* left, right, output;
    readonly int pairs, blocks, rowBlocks, rowsOfItem;
    readonly bool laysRows;

    // Functions of many instructions, which whole rows compute faster than single vectors: one vector does not wait for the one before it.
    readonly Unary late;

    /// <summary>As <see cref="KernelSet.MatMul"/> says.</summary>
    public MatMulKernel(in MatMulShape shape, float* left, float* right, Constant? packed, MatMulEnd end, float* output, int threads)
    {
        this.shape = shape;
        this.left = left;
        this.right = right;
        this.packed = packed;
        var isShort = end.Function.Kind is UnaryKind.Identity or UnaryKind.Relu;
        (late, this.end) = isShort ? (default, end) : (end.Function, new MatMulEnd(end.Bias, end.Addend, default));
        this.output = output;
        var depth = Math.Max(shape.K, 1);
        var (tiles, columns) = (Parts(shape.M, TileRows), Parts(shape.N, Pair * TLanes.Count));
        // Items enough for all threads: first by rows, then by columns.
        var share = Math.Max(1, Parts(4 * threads, Math.Max(1, shape.Batch)));
        if (threads == 1)
            share = 1;
        var most = Math.Max(TileRows, RowBytes / sizeof(float) / depth);
        var rowShare = Math.Clamp(shape.M / (packed is null ? LeastRows : LeastRowsOfPacked), 1, share);
        rowsOfItem = Math.Min(Parts(Math.Max(tiles, 1), rowShare), Math.Max(1, most / TileRows)) * TileRows;
        rowBlocks = Parts(shape.M, rowsOfItem);
        var columnShare = Parts(share, Math.Max(1, Math.Min(rowShare, rowBlocks)));
        // Every item lays out its rows: it should have columns enough to make up for that.
        if (packed is not null)
            columnShare = Math.Min(columnShare, Math.Max(Parts(threads, Math.Max(1, rowBlocks)), shape.N / LeastColumns));
        pairs = Math.Max(1, Parts(columns, columnShare));
        if (packed is null)
            pairs = Math.Clamp(PanelBytesOfItem / (Pair * sizeof(TVector) * depth), 1, pairs);
        blocks = Parts(columns, pairs);
        laysRows = shape.LeftTransposed || Math.Min(shape.N, pairs * Pair * TLanes.Count) >= LeastColumns;
        Items = shape.Batch * blocks * rowBlocks;
    }

    public override int Items { get; }

    public override long ScratchBytes =>
        PanelBytes + PinnedMemory.Alignment + (laysRows ? (long)rowsOfItem * shape.K * sizeof(float) : 0);

    long PanelBytes => packed is null ? PinnedMemory.Whole((long)pairs * shape.K * Pair * sizeof(TVector)) : 0;

    public override void Run(int item, byte* scratch)
    {
        const int width = Pair;
        var columns = width * TLanes.Count;
        var (batch, firstPair) = (item / blocks / rowBlocks, item % blocks * pairs);
        var firstRow = item / blocks % rowBlocks * rowsOfItem;
        var (height, first) = (Math.Min(shape.M - firstRow, rowsOfItem), firstPair * columns);
        var last = Math.Min(shape.N, first + (pairs * columns));
        var a = left + (batch * shape.LeftStep) + (shape.LeftTransposed ? firstRow : firstRow * (long)shape.K);
        float* panels;
        if (packed is not null)
            panels = (float*)packed.Address + ((long)firstPair * shape.K * columns);
        else
            MatMulPanels.Lay(right + (batch * shape.RightStep), shape.K, shape.N, shape.RightTransposed, first, last - first, columns,
                panels = (float*)scratch);
        var tiles = Parts(height, TileRows);
        if (laysRows)
            MatMulRows.Lay(a, shape.LeftTransposed ? shape.M : shape.K, height, shape.K, shape.LeftTransposed,
                a = (float*)(scratch + PanelBytes));
        // A part of a panel stays in the first-level cache for all rows; the sums of all rows wait for the next part.
        var depth = Parts(Math.Max(shape.K, 1), Parts(Math.Max(shape.K, 1), MostDepth));
        const int sumsOfTile = ConvTile<TLanes, TVector>.Sums;
        var sums = stackalloc TVector[(depth < shape.K ? tiles : 1) * sumsOfTile];
        var parts = tiles * Math.Max(1, Parts(shape.K, depth));
        for (var n = first; n < last; n += columns, panels += (long)shape.K * columns)
            for (int k = 0, part = 0; k == 0 || k < shape.K; k += depth)
                for (var tile = 0; tile < tiles; tile++, part++)
                {
                    var m = tile * TileRows;
                    var so = sums + (depth < shape.K ? tile * sumsOfTile : 0);
                    var rows = Math.Min(TileRows, height - m);
                    if (packed is not null)
                        // The weights of a network do not fit the caches: they come from memory while the panel before them is in use.
                        Prefetch.Part(panels + (shape.K * (nint)columns), shape.K * (nint)columns, part, parts);
                    var panel = panels + (k * (nint)columns);
                    var products = Math.Min(depth, shape.K - k);
                    if (laysRows)
                        ConvTile<TLanes, TVector>.Add(a + (m * (long)shape.K) + (k * TileRows), panel, products, so, k == 0,
                            a + ((tile + 1 < tiles ? m + TileRows : 0) * (long)shape.K) + (k * TileRows));
                    else
                        ConvTile<TLanes, TVector>.AddRows(a + (m * (long)shape.K) + k, shape.K, rows, panel, products, so, k == 0);
                    if (k + depth >= shape.K)
                        Write(so, ((batch * (long)shape.M) + firstRow + m) * shape.N, n, rows);
                }
        if (late.Kind != UnaryKind.Identity)
            for (var row = 0; row < height; row++)
            {
                var at = output + (((batch * (long)shape.M) + firstRow + row) * shape.N) + first;
                UnaryRow<TLanes, TVector>.Apply(late, at, at, last - first);
            }
    }

    void Write(TVector* sums, long row, int n, int rows)
    {
        var scale = TLanes.All(shape.Scale);
        for (var half = 0; half < Pair; half++)
        {
            var (column, k) = (n + (half * TLanes.Count), half);
            var count = shape.N - column;
            if (count <= 0)
                return;
            var bias = end.Bias == null ? TLanes.All(0) : TLanes.Load(end.Bias + column);
            var at = row + column;
            for (var r = 0; r < rows; r++, k += Pair, at += shape.N)
                Finish<TLanes, TVector>.Store(TLanes.Multiply(sums[k], scale), bias, end.Addend == null ? null : end.Addend + at,
                    end.Function, output + at, count);
        }
    }

    static int Parts(int whole, int part) => (whole + part - 1) / part;
}

/// <summary>Lays out the columns of a right matrix, pair of vectors by pair.</summary>
static unsafe class MatMulPanels
{
    /// <summary>Lays out some columns as [pairs][K][width]; zeros beyond the last column.</summary>
    /// <param name="matrix">The matrix, [K, N], or [N, K] if it is stored transposed.</param>
    /// <param name="depth">Its K.</param>
    /// <param name="columns">Its N.</param>
    /// <param name="transposed">Whether it is stored as [N, K].</param>
    /// <param name="first">The first column.</param>
    /// <param name="count">The number of columns.</param>
    /// <param name="width">Columns of a pair of vectors.</param>
    /// <param name="panels">Receives them.</param>
    public static void Lay(float* matrix, int depth, int columns, bool transposed, int first, int count, int width, float* panels)
    {
        for (var n = 0; n < count; n += width, panels += (long)depth * width)
        {
            var inside = Math.Min(width, count - n);
            if (inside < width)
                new Span<float>(panels, depth * width).Clear();
            if (transposed)
                TransposeKernel.Square(matrix + ((long)(first + n) * depth), depth, panels, width, depth, inside);
            else
                Copy(matrix + first + n, columns, depth, inside, panels, width);
        }
    }

    /// <summary>Copies some rows' part of a panel.</summary>
    /// <param name="from">The first number.</param>
    /// <param name="pitch">Numbers from one row to the next.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="count">Numbers of each row.</param>
    /// <param name="to">Receives them.</param>
    /// <param name="width">Numbers from one row to the next there.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* from, nint pitch, int rows, int count, float* to, nint width)
    {
        for (; rows > 0; rows--, from += pitch, to += width)
        {
            var x = 0;
            for (; x + Vector256<float>.Count <= count; x += Vector256<float>.Count)
                Vector256.Store(Vector256.Load(from + x), to + x);
            for (; x < count; x++)
                to[x] = from[x];
        }
    }
}

/// <summary>Lays out rows of a left matrix by sixes, as <see cref="ConvWeights"/> lays out channels.</summary>
static unsafe class MatMulRows
{
    const int Tile = ConvWeights.Tile, Together = 4;

    /// <summary>Lays out some rows as [tiles][K][6]; the first row of a tile takes the place of rows beyond the last.</summary>
    /// <param name="matrix">The first row.</param>
    /// <param name="pitch">Numbers from one row to the next, or, if it is stored transposed, from one column to the next.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="depth">Its K.</param>
    /// <param name="transposed">Whether it is stored as [K, M].</param>
    /// <param name="to">Receives them.</param>
    public static void Lay(float* matrix, nint pitch, int rows, int depth, bool transposed, float* to)
    {
        for (var first = 0; first < rows; first += Tile, to += (nint)depth * Tile)
        {
            var inside = Math.Min(Tile, rows - first);
            if (transposed)
                for (var k = 0; k < depth; k++)
                    for (var r = 0; r < Tile; r++)
                        to[((nint)k * Tile) + r] = matrix[(k * pitch) + first + (r < inside ? r : 0)];
            else
                Interleave(matrix + (first * pitch), pitch, inside, depth, to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Interleave(float* row, nint pitch, int rows, int depth, float* to)
    {
        var b = rows > 1 ? row + pitch : row;
        var c = rows > 2 ? row + (2 * pitch) : row;
        var d = rows > 3 ? row + (3 * pitch) : row;
        var e = rows > 4 ? row + (4 * pitch) : row;
        var f = rows > 5 ? row + (5 * pitch) : row;
        nint k = 0;
        if (Sse2.IsSupported)
            for (; k + Together <= depth; k += Together, to += Together * Tile)
            {
                Both(Vector128.Load(row + k), Vector128.Load(b + k), out var ab, out var abNext);
                Both(Vector128.Load(c + k), Vector128.Load(d + k), out var cd, out var cdNext);
                Both(Vector128.Load(e + k), Vector128.Load(f + k), out var ef, out var efNext);
                Store(ab, cd, ef, to);
                Store(abNext, cdNext, efNext, to + (2 * Tile));
            }
        for (; k < depth; k++, to += Tile)
            (to[0], to[1], to[2], to[3], to[4], to[5]) = (row[k], b[k], c[k], d[k], e[k], f[k]);
    }

    // Two rows' numbers in turn: those of the first two columns, then of the next two.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Both(Vector128<float> a, Vector128<float> b, out Vector128<double> low, out Vector128<double> high) =>
        (low, high) = (Sse.UnpackLow(a, b).AsDouble(), Sse.UnpackHigh(a, b).AsDouble());

    // Two columns of six rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(Vector128<double> ab, Vector128<double> cd, Vector128<double> ef, float* to)
    {
        Sse2.UnpackLow(ab, cd).AsSingle().Store(to);
        Sse2.Shuffle(ef, ab, 0b10).AsSingle().Store(to + 4);
        Sse2.UnpackHigh(cd, ef).AsSingle().Store(to + 8);
    }
}

/// <summary>Packs a right matrix that is known when the model is loaded.</summary>
static unsafe class MatMulWeights
{
    // Distinguishes these forms from those of convolutions.
    const int Layout = -100, Turned = -200;

    const int PieceNumbers = 1 << 15;

    /// <summary>Packs [K, N], or [N, K] if it is stored transposed, as panels for vectors of some length, at the first call.</summary>
    public static Constant Get(PackedWeights packed, Constant weights, bool transposed, int lanes, string place) =>
        packed.Get(weights, (transposed ? Turned : Layout) - lanes, memory => Pack(weights, transposed, lanes, place, memory));

    static Constant Pack(Constant weights, bool transposed, int lanes, string place, WeightMemory? memory)
    {
        var (shape, width) = (weights.Type.Shape, 2 * lanes);
        var (depth, columns) = transposed ? (shape[1], shape[0]) : (shape[0], shape[1]);
        var packed = new Constant(new TensorType(true, [(columns + width - 1) / width, depth, width], place), memory);
        // Some rows, or columns, at a time, so that the weights need not be in memory.
        var (line, lines) = (transposed ? depth : columns, transposed ? columns : depth);
        var together = transposed ? width : Math.Clamp(PieceNumbers / Math.Max(line, 1), 1, Math.Max(lines, 1));
        var rented = ArrayPool<float>.Shared.Rent(checked(together * line) + width);
        fixed (float* from = rented)
            for (var first = 0; first < lines; first += together)
            {
                var count = Math.Min(together, lines - first);
                weights.Read(first * line, rented.AsSpan(0, count * line));
                var to = (float*)packed.Address + ((nint)first * (transposed ? depth : width));
                if (transposed)
                    MatMulPanels.Lay(from, depth, count, transposed, 0, count, width, to);
                else
                    for (var n = 0; n < columns; n += width, to += (nint)depth * width)
                        MatMulPanels.Copy(from + n, columns, count, Math.Min(width, columns - n), to, width);
            }
        ArrayPool<float>.Shared.Return(rented);
        return packed;
    }
}
