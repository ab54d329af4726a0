using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>Selects Winograd's convolution of bytes.</summary>
static class IntegerWinograd
{
    // With fewer channels the transforms take longer than the products that they save.
    const int LeastChannels = 8;

    /// <summary>Whether a convolution of 3×3 of bytes, to bytes, has a kernel with a quarter of the multiplications.</summary>
    public static bool Fits(int lanes, in ConvShape shape) =>
        Lanes(lanes) is var count and > 0 && shape is { KernelHeight: 3, KernelWidth: 3, StrideX: 1, StrideY: 1, DilationX: 1, DilationY: 1 }
        && shape.GroupCin >= LeastChannels && shape.GroupCout >= LeastChannels
        && (shape.OutHeight + 3) / 4 * ((shape.OutWidth + 3) / 4) >= count / 2;

    /// <summary>The kernel.</summary>
    public static unsafe Kernel Make(int lanes, in ConvShape shape, PackedWeights packed, Constant weights, Constant sums, int zero,
        ByteEnd end, byte* input, byte* output, int threads, string place) => Lanes(lanes) == 16
        ? new IntegerWinogradKernel<Words512, Vector512<int>>(shape, packed, weights, sums, zero, end, input, output, threads, place)
        : new IntegerWinogradKernel<Words256, Vector256<int>>(shape, packed, weights, sums, zero, end, input, output, threads, place);

    static int Lanes(int lanes) => lanes == 16 && Avx512BW.IsSupported ? 16 : lanes >= 8 && Avx2.IsSupported ? 8 : 0;
}

/// <summary>
/// A 3×3 convolution of bytes by Winograd's F(4×4, 3×3), with the same sums as the direct one, exact: inputs and weights are transformed to
/// 16 bits, and the sums of their products, which may exceed 32 bits, are known modulo 2³². The outputs are 576 times too large then; a
/// product with the inverse of 9 and a shift leave their lowest 26 bits, which tell those sums apart that are possible.
/// </summary>
sealed unsafe class IntegerWinogradKernel<TWords, TVector> : Kernel
    where TWords : struct, IWords<TVector>
    where TVector : unmanaged
{
    const int Tile = 4, Window = 6, Channels = IntegerWinogradWeights.Tile, Products = IntegerWinogradWeights.Products;

    // Bytes of a line: the windows of 32 tiles, and what a vector writes beyond them.
    const int LinePitch = 192, Wide = 32;

    // Tiles of output channels that use a product's inputs while they are in the first-level cache.
    const int MostTogether = 4;

    // Transformed weights are eight times as large. Larger ones, of layers with fewer pixels, are transformed in each run.
    const int MostKept = 96 * 96;

    readonly ConvShape shape;
    readonly Constant weights, sums;
    readonly ByteEnd end;
    readonly byte* input, output;
    readonly bool keeps;
    readonly int zero, pairs, pitch, tilesInRow, tiles, blocks, splits, tilesInSplit, channelTiles;
    readonly long linesBytes, inputsBytes, sumsBytes;

    public IntegerWinogradKernel(in ConvShape shape, PackedWeights packed, Constant weights, Constant sums, int zero, ByteEnd end,
        byte* input, byte* output, int threads, string place)
    {
        (this.shape, this.sums, this.zero, this.end) = (shape, sums, zero, end);
        (this.input, this.output) = (input, output);
        keeps = shape.GroupCin * shape.GroupCout <= MostKept;
        this.weights = keeps
            ? IntegerWinogradWeights.Transformed<TWords, TVector>(packed, weights, shape.Groups, place)
            : IntegerWinogradWeights.Pairs(packed, weights, shape.Groups, place);
        pairs = (shape.GroupCin + 1) / 2;
        pitch = IntegerWinogradWeights.Pitch(pairs * Channels);
        tilesInRow = (shape.OutWidth + Tile - 1) / Tile;
        tiles = tilesInRow * ((shape.OutHeight + Tile - 1) / Tile);
        blocks = (tiles + (2 * TWords.Count) - 1) / (2 * TWords.Count);
        channelTiles = (shape.GroupCout + Channels - 1) / Channels;
        var images = shape.Batch * shape.Groups;
        // Few blocks are divided by output channels, so that every thread has work; each part transforms the block's inputs again.
        splits = Math.Clamp((threads + (blocks * images) - 1) / Math.Max(1, blocks * images), 1, channelTiles);
        tilesInSplit = (channelTiles + splits - 1) / splits;
        splits = (channelTiles + tilesInSplit - 1) / tilesInSplit;
        Items = images * blocks * splits;
        // The lines of two channels, and one that is being cut.
        linesBytes = PinnedMemory.Whole(LinePitch * ((4L * Window) + 1));
        inputsBytes = (long)Products * pairs * 2 * sizeof(TVector);
        sumsBytes = (long)MostTogether * Products * Channels * 2 * sizeof(TVector);
        ScratchBytes = linesBytes + inputsBytes + sumsBytes + PinnedMemory.Whole((Products + Tile) * sizeof(TVector))
            + (keeps ? 0 : PinnedMemory.Whole(((long)Products * pitch) + 16) * sizeof(int));
    }

    public override int Items { get; }

    public override long ScratchBytes { get; }

    public override void Run(int item, byte* scratch)
    {
        var (split, block, image) = (item % splits, item / splits % blocks, item / splits / blocks);
        var first = block * 2 * TWords.Count;
        var count = Math.Min(2 * TWords.Count, tiles - first);
        var vectors = count > TWords.Count ? 2 : 1;
        var inputs = (TVector*)(scratch + linesBytes);
        var results = (TVector*)(scratch + linesBytes + inputsBytes);
        var rows = (TVector*)((byte*)results + sumsBytes);
        var made = (int*)((byte*)rows + PinnedMemory.Whole((Products + Tile) * sizeof(TVector)));
        Transform(image, first, count, vectors, scratch, inputs, rows);
        var group = image % shape.Groups;
        var last = Math.Min(channelTiles, (split + 1) * tilesInSplit);
        var together = keeps ? MostTogether : 1;
        var each = 3 * 3 * pairs * Channels;
        for (var tile = split * tilesInSplit; tile < last; tile += together)
        {
            var number = ((nint)group * channelTiles) + tile;
            var w = keeps ? (int*)weights.Address + (number * Products * pitch) : made;
            if (!keeps)
                IntegerWinogradWeights.Transform<TWords, TVector>((short*)weights.Address + (number * each), pairs * Channels, made);
            var now = Math.Min(together, last - tile);
            for (var f = 0; f < Products; f++)
                for (var t = 0; t < now; t++)
                {
                    var from = w + ((((nint)t * Products) + f) * pitch);
                    var to = results + ((((nint)t * Products) + f) * Channels * vectors);
                    if (vectors == 2)
                        IntegerWinogradTile<TWords, TVector>.Multiply(from, inputs + ((nint)f * pairs * 2), pairs, to);
                    else
                        IntegerWinogradTile<TWords, TVector>.MultiplyOne(from, inputs + ((nint)f * pairs), pairs, to);
                }
            for (var t = 0; t < now; t++)
                for (var o = 0; o < Math.Min(Channels, shape.GroupCout - ((tile + t) * Channels)); o++)
                    for (var v = 0; v < vectors; v++)
                        Write(results + ((nint)t * Products * Channels * vectors) + (o * vectors) + v, Channels * vectors, rows,
                            image / shape.Groups, (group * shape.GroupCout) + ((tile + t) * Channels) + o,
                            first + (v * TWords.Count), Math.Min(TWords.Count, count - (v * TWords.Count)));
        }
    }

    /// <summary>Transforms the windows of a block's tiles.</summary>
    void Transform(int image, int first, int count, int vectors, byte* scratch, TVector* inputs, TVector* rows)
    {
        var plane = (nint)shape.Height * shape.Width;
        var source = input + (image * (nint)shape.GroupCin * plane);
        var isRow = first % tilesInRow + count <= tilesInRow;
        // Tiles of one row share a line; a window's last bytes are the next one's first.
        nint next = isRow ? Tile : Window * LinePitch;
        var (even, odd) = (scratch, scratch + (2 * Window * LinePitch));
        for (var pair = 0; pair < pairs; pair++, source += 2 * plane)
        {
            Lines(source, first, count, isRow, even, scratch);
            // The weights of a channel beyond the last are 0.
            if ((2 * pair) + 1 < shape.GroupCin)
                Lines(source + plane, first, count, isRow, odd, scratch);
            for (var v = 0; v < vectors; v++)
                IntegerWinogradTile<TWords, TVector>.Inputs(even + (v * sizeof(TVector)), odd + (v * sizeof(TVector)), next, LinePitch,
                    rows, inputs + ((nint)pair * vectors) + v, (nint)pairs * vectors);
        }
    }

    /// <summary>Copies the 6 lines of a block's windows.</summary>
    void Lines(byte* plane, int first, int count, bool isRow, byte* lines, byte* scratch)
    {
        var cut = scratch + (4 * Window * LinePitch);
        for (var k = 0; k < count;)
        {
            var (row, column) = ((first + k) / tilesInRow, (first + k) % tilesInRow);
            var length = Math.Min(count - k, tilesInRow - column);
            var (top, left, bytes) = ((row * Tile) - shape.Top, (column * Tile) - shape.Left, (length + 1) * Tile);
            for (var y = 0; y < Window; y++)
            {
                var line = lines + (y * LinePitch) + (k * Tile);
                var to = isRow ? line : cut;
                if (top + y < 0 || top + y >= shape.Height)
                    Fill(to, 0, bytes);
                else
                {
                    var from = plane + ((nint)(top + y) * shape.Width) + left;
                    var (begin, past) = (Math.Clamp(-left, 0, bytes), Math.Clamp(shape.Width - left, 0, bytes));
                    for (var x = begin; x < past; x += Wide)
                        Vector256.Store(Vector256.Load(from + x), to + x);
                    Fill(to, 0, begin);
                    Fill(to, past, bytes);
                }
                if (isRow)
                    continue;
                for (var x = 0; x < length * Tile; x += Wide)
                {
                    Vector256.Store(Vector256.Load(cut + x), line + x);
                    Vector256.Store(Vector256.Load(cut + Tile + x), line + (Window * LinePitch) + x);
                }
            }
            k += length;
        }
    }

    // Padding is the code of 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Fill(byte* line, int from, int to)
    {
        for (; from < to; from++)
            line[from] = (byte)zero;
    }

    /// <summary>Writes an output channel's bytes of a vector of tiles.</summary>
    void Write(TVector* from, nint step, TVector* rows, int image, int channel, int first, int count)
    {
        var parts = (int*)sums.Address + (2 * (nint)channel);
        var bytes = rows + Products;
        var (centre, excess) = ((int)(byte.MaxValue * ((long)parts[0] + parts[1]) / 2), zero * (parts[0] + parts[1]));
        IntegerWinogradTile<TWords, TVector>.Outputs(from, step, rows, centre, excess, end, channel, bytes);
        var target = output + ((((nint)image * shape.Cout) + channel) * shape.OutHeight * shape.OutWidth);
        for (var k = 0; k < count;)
        {
            var (row, column) = ((first + k) / tilesInRow, (first + k) % tilesInRow);
            var length = Math.Min(count - k, tilesInRow - column);
            var (height, width) = (Math.Min(Tile, shape.OutHeight - (row * Tile)), Math.Min(length * Tile, shape.OutWidth - (column * Tile)));
            var to = target + ((nint)row * Tile * shape.OutWidth) + (column * Tile);
            for (var y = 0; y < height; y++, to += shape.OutWidth)
            {
                var line = (byte*)(bytes + y) + (k * Tile);
                if (width == sizeof(TVector))
                    TWords.Store(TWords.Load(line), to);
                else
                    Unsafe.CopyBlockUnaligned(to, line, (uint)width);
            }
            k += length;
        }
    }
}
