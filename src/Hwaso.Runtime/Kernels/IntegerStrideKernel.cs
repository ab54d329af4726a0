using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// A 3×3 convolution of bytes, to bytes, that takes every second column, by VNNI. The first two taps of a row of 16 pixels lie side by
/// side in the image, as products need them: nothing has to be split into even and odd columns.
/// </summary>
sealed unsafe class IntegerStrideKernel : Kernel
{
    /// <summary>Input channels that are laid out together: 12 rows of taps, 9 groups of 4 bytes.</summary>
    public const int Channels = 4;

    const int Tile = IntegerWeights.Tile, Taps = 9, Side = 3, Piece = ByteTile.Pixels, PanelBytes = 192 << 10, MostPieces = 64;

    // Bytes of a row that 16 pixels meet, whole vectors at their first and third tap.
    const int RowBytes = 34, ZeroBytes = 64;

    // Bytes that are read before a row's first one, where there is padding.
    const int MostLeft = 2;

    readonly ConvShape shape;
    readonly Constant weights;
    readonly ByteEnd end;
    readonly byte zero;
    readonly byte* input, output;
    readonly int[] starts;
    readonly int groups, tiles, inRow, pieces, piecesPerItem, items;
    readonly long panelBytes;

    public IntegerStrideKernel(
        in ConvShape shape, Constant weights, int zero, ByteEnd end, byte* input, byte* output, int threads)
    {
        (this.shape, this.weights, this.zero, this.end) = (shape, weights, (byte)zero, end);
        this.input = input;
        this.output = output;
        groups = (shape.GroupCin + Channels - 1) / Channels * Taps;
        tiles = (shape.GroupCout + Tile - 1) / Tile;
        starts = IntegerWeights.Starts(weights, shape.Groups * tiles, groups, zero);
        inRow = (shape.OutWidth + Piece - 1) / Piece;
        pieces = inRow * shape.OutHeight;
        var bytes = (long)groups * Piece * sizeof(int);
        // Enough items to keep every thread busy to the end.
        piecesPerItem = (int)Math.Clamp((long)pieces * shape.Batch * shape.Groups / (4L * threads), 1,
            Math.Clamp(PanelBytes / bytes, 1, MostPieces));
        items = (pieces + piecesPerItem - 1) / piecesPerItem;
        panelBytes = bytes * piecesPerItem;
    }

    public override int Items => shape.Batch * shape.Groups * items;

    public override long ScratchBytes => panelBytes + ZeroBytes;

    /// <summary>Whether a convolution is of this kind, and the processor has VNNI.</summary>
    public static bool Fits(int lanes, in ConvShape shape) =>
        lanes >= 8 && AvxVnni.IsSupported
        && shape is { KernelHeight: Side, KernelWidth: Side, StrideX: 2, DilationX: 1, Left: >= 0 and <= MostLeft }
        // Values have room behind them, so that the last vector may be read beyond.
        && ((shape.OutWidth - 1) * 2) - shape.Left <= shape.Width;

    public override void Run(int item, byte* scratch)
    {
        var (image, first) = (item / items, item % items * piecesPerItem);                  // n × groups + g
        var count = Math.Min(piecesPerItem, pieces - first);
        var panels = (int*)scratch;
        var zeros = scratch + panelBytes;
        new Span<byte>(zeros, ZeroBytes).Fill(zero);
        for (var k = 0; k < count; k++)
            Lay(image, (first + k) / inRow, (first + k) % inRow * Piece, zeros, panels + ((nint)k * groups * Piece));
        var group = image % shape.Groups;
        fixed (float* scales = end.Scales, shifts = end.Shifts)
        fixed (int* begins = starts)
            for (var tile = 0; tile < tiles; tile++)
            {
                var target = ByteTarget.Of(shape, end, begins, image, tile, output, scales, shifts);
                var taps = (int*)weights.Address + ((((nint)group * tiles) + tile) * groups * Tile);
                var to = target.First;
                for (var k = 0; k < count; k++)
                {
                    var (y, x) = ((first + k) / inRow, (first + k) % inRow * Piece);
                    var pixels = Math.Min(Piece, shape.OutWidth - x);
                    target.First = to + ((nint)y * shape.OutWidth) + x;
                    target.Second = target.First + (Piece / 2);
                    (target.FirstCount, target.SecondCount) = (Math.Min(Piece / 2, pixels), Math.Max(0, pixels - (Piece / 2)));
                    ByteTile.Run(taps, panels + ((nint)k * groups * Piece), groups, Piece, target);
                }
            }
    }

    /// <summary>Finds the rows that 16 pixels meet, and lays them out.</summary>
    void Lay(int image, int y, int x, byte* zeros, int* panel)
    {
        var plane = (nint)shape.Height * shape.Width;
        var left = (x * 2) - shape.Left;
        var rows = stackalloc byte*[Side];
        var steps = stackalloc nint[Side];
        for (var ky = 0; ky < Side; ky++)
        {
            var at = (y * shape.StrideY) + (ky * shape.DilationY) - shape.Top;
            var isInside = at >= 0 && at < shape.Height;
            rows[ky] = isInside ? input + (image * (nint)shape.GroupCin * plane) + ((nint)at * shape.Width) + left : zeros;
            steps[ky] = isInside ? plane : 0;
        }
        var inside = stackalloc byte[RowBytes];
        for (var k = 0; k < RowBytes; k++)
            inside[k] = left + k >= 0 && left + k < shape.Width ? byte.MaxValue : (byte)0;
        Lay(rows, steps, shape.GroupCin, panel, left < 0 || left + RowBytes > shape.Width, Vector256.Load(inside),
            Vector256.Load(inside + 2), Vector256.Create(zero));
    }

    // Of each 12 rows of taps, 4 channels × 3: the first two taps of two rows are a group, then the third of four rows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Lay(byte** rows, nint* steps, int channels, int* panel, bool isEdge, Vector256<byte> inside, Vector256<byte> insideThird,
        Vector256<byte> zeros)
    {
        const int rowCount = Channels * Side;
        var at = stackalloc byte*[rowCount];
        var low = Vector256.Create((short)byte.MaxValue);
        for (var c = 0; c < channels; c += Channels)
        {
            for (var k = 0; k < Channels; k++)
            {
                // The weights of channels beyond the last are 0.
                nint channel = Math.Min(c + k, channels - 1);
                at[Side * k] = rows[0] + (channel * steps[0]);
                at[(Side * k) + 1] = rows[1] + (channel * steps[1]);
                at[(Side * k) + 2] = rows[2] + (channel * steps[2]);
            }
            for (var k = 0; k < rowCount; k += 2)
            {
                var (a, b) = (Vector256.Load(at[k]), Vector256.Load(at[k + 1]));
                if (isEdge)
                    (a, b) = (Vector256.ConditionalSelect(inside, a, zeros), Vector256.ConditionalSelect(inside, b, zeros));
                Store(a.AsInt16(), b.AsInt16(), panel);
                panel += Piece;
            }
            for (var k = 0; k < rowCount; k += 4)
            {
                var (a, b) = (Vector256.Load(at[k] + 2), Vector256.Load(at[k + 1] + 2));
                var (e, f) = (Vector256.Load(at[k + 2] + 2), Vector256.Load(at[k + 3] + 2));
                if (isEdge)
                {
                    (a, b) = (Vector256.ConditionalSelect(insideThird, a, zeros), Vector256.ConditionalSelect(insideThird, b, zeros));
                    (e, f) = (Vector256.ConditionalSelect(insideThird, e, zeros), Vector256.ConditionalSelect(insideThird, f, zeros));
                }
                Store((a.AsInt16() & low) | (b.AsInt16() << 8), (e.AsInt16() & low) | (f.AsInt16() << 8), panel);
                panel += Piece;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(Vector256<short> first, Vector256<short> second, int* to)
    {
        Vector256.Store(Avx2.UnpackLow(first, second).AsInt32(), to);
        Vector256.Store(Avx2.UnpackHigh(first, second).AsInt32(), to + Vector256<int>.Count);
    }
}
