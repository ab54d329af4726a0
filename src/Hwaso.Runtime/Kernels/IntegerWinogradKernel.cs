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
        Lanes(lanes) is var count and > 0
        && shape is { KernelHeight: 3, KernelWidth: 3, StrideX: 1, StrideY: 1, DilationX: 1, DilationY: 1 }
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
    const int LinePitch = 192, Wide = 32, MostPieces = 34;

    // Tiles of output channels that use a product's inputs while they are in the first-level cache.
    const int MostTogether = 4, FewPairs = 16;

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
        this.input = input;
        this.output = output;
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
        var pieces = stackalloc Piece[MostPieces];
        Transform(image, pieces, Cut(first, count, count, pieces), vectors, scratch, inputs, rows);
        var number = Cut(first, count, TWords.Count, pieces);
        var group = image % shape.Groups;
        var last = Math.Min(channelTiles, (split + 1) * tilesInSplit);
        var together = keeps ? MostTogether : 1;
        for (var tile = split * tilesInSplit; tile < last; tile += together)
        {
            var at = ((nint)group * channelTiles) + tile;
            var w = keeps ? (int*)weights.Address + (at * Products * pitch) : made;
            if (!keeps)
                IntegerWinogradWeights.Transform<TWords, TVector>(
                    (short*)weights.Address + (at * 3 * 3 * pairs * Channels), pairs * Channels, made);
            var now = Math.Min(together, last - tile);
            Multiply(w, inputs, vectors, results, now);
            var channel = (group * shape.GroupCout) + (tile * Channels);
            for (var o = 0; o < Math.Min(now * Channels, shape.GroupCout - (tile * Channels)); o++)
                Write(results + ((nint)(o / Channels) * Products * Channels * vectors) + (o % Channels * vectors), vectors, rows,
                    channel + o, pieces, number, image / shape.Groups);
        }
    }

    // A few products of all tiles of channels, then the next ones: their inputs stay in the first-level cache.
    void Multiply(int* w, TVector* inputs, int vectors, TVector* results, int now)
    {
        var each = pairs <= FewPairs ? Products : 1;
        for (var f = 0; f < Products; f += each)
            for (var t = 0; t < now; t++)
            {
                var from = w + ((((nint)t * Products) + f) * pitch);
                var to = results + ((((nint)t * Products) + f) * Channels * vectors);
                if (vectors == 2)
                    IntegerWinogradTile<TWords, TVector>.Multiply(from, pitch, inputs + ((nint)f * pairs * 2), pairs, to, each);
                else
                    IntegerWinogradTile<TWords, TVector>.MultiplyOne(from, pitch, inputs + ((nint)f * pairs), pairs, to, each);
            }
    }

    /// <summary>Cuts some tiles into pieces that lie in one row of tiles and, of some tiles each, in one part.</summary>
    int Cut(int first, int count, int part, Piece* pieces)
    {
        var number = 0;
        for (var k = 0; k < count;)
        {
            var (row, column) = ((first + k) / tilesInRow, (first + k) % tilesInRow);
            var length = Math.Min(Math.Min(count - k, tilesInRow - column), part - (k % part));
            var (left, bytes) = ((column * Tile) - shape.Left, (length + 1) * Tile);
            pieces[number++] = new Piece(
                k, length, (row * Tile) - shape.Top, left, Math.Clamp(-left, 0, bytes), Math.Clamp(shape.Width - left, 0, bytes),
                Math.Min(Tile, shape.OutHeight - (row * Tile)), Math.Min(length * Tile, shape.OutWidth - (column * Tile)),
                (row * Tile * shape.OutWidth) + (column * Tile));
            k += length;
        }
        return number;
    }

    /// <summary>Transforms the windows of a block's tiles.</summary>
    void Transform(int image, Piece* pieces, int number, int vectors, byte* scratch, TVector* inputs, TVector* rows)
    {
        var plane = (nint)shape.Height * shape.Width;
        var source = input + (image * (nint)shape.GroupCin * plane);
        // Tiles of one row share a line; a window's last bytes are the next one's first.
        nint next = number == 1 ? Tile : Window * LinePitch;
        var even = scratch;
        var odd = scratch + (2 * Window * LinePitch);
        for (var pair = 0; pair < pairs; pair++, source += 2 * plane)
        {
            Lines(source, pieces, number, even, scratch);
            // The weights of a channel beyond the last are 0.
            if ((2 * pair) + 1 < shape.GroupCin)
                Lines(source + plane, pieces, number, odd, scratch);
            for (var v = 0; v < vectors; v++)
                IntegerWinogradTile<TWords, TVector>.Inputs(even + (v * sizeof(TVector)), odd + (v * sizeof(TVector)), next, LinePitch,
                    rows, inputs + ((nint)pair * vectors) + v, (nint)pairs * vectors);
        }
    }

    /// <summary>Copies the 6 lines of a block's windows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Lines(byte* plane, Piece* pieces, int number, byte* lines, byte* scratch)
    {
        var cut = scratch + (4 * Window * LinePitch);
        var (width, height, filler) = (shape.Width, shape.Height, (byte)zero);
        for (var piece = pieces; piece < pieces + number; piece++)
        {
            var bytes = (piece->Length + 1) * Tile;
            var from = plane + ((nint)piece->Top * width) + piece->Left;
            var line = lines + (piece->First * Tile);
            for (var y = piece->Top; y < piece->Top + Window; y++, from += width, line += LinePitch)
            {
                var to = number == 1 ? line : cut;
                var (begin, past) = y < 0 || y >= height ? (bytes, bytes) : (piece->Begin, piece->Past);
                for (var x = begin; x < past; x += Wide)
                    Vector256.Store(Vector256.Load(from + x), to + x);
                // Padding is the code of 0.
                for (var x = 0; x < begin; x++)
                    to[x] = filler;
                for (var x = past; x < bytes; x++)
                    to[x] = filler;
                if (number == 1)
                    continue;
                for (var x = 0; x < bytes - Tile; x += Wide)
                {
                    Vector256.Store(Vector256.Load(cut + x), line + x);
                    Vector256.Store(Vector256.Load(cut + Tile + x), line + (Window * LinePitch) + x);
                }
            }
        }
    }

    /// <summary>Writes an output channel's bytes of a block of tiles.</summary>
    void Write(TVector* from, int vectors, TVector* rows, int channel, Piece* pieces, int number, int image)
    {
        var parts = (int*)sums.Address + (2 * (nint)channel);
        var bytes = rows + Products;
        var (centre, excess) = ((int)(byte.MaxValue * ((long)parts[0] + parts[1]) / 2), zero * (parts[0] + parts[1]));
        var target = output + ((((nint)image * shape.Cout) + channel) * shape.OutHeight * shape.OutWidth);
        var piece = pieces;
        for (var v = 0; v < vectors; v++)
        {
            IntegerWinogradTile<TWords, TVector>.Outputs(from + v, Channels * vectors, rows, centre, excess, end, channel, bytes);
            for (; piece < pieces + number && piece->First < (v + 1) * TWords.Count; piece++)
            {
                var to = target + piece->Target;
                var line = (byte*)bytes + ((piece->First - (v * TWords.Count)) * Tile);
                for (var y = 0; y < piece->Height; y++, to += shape.OutWidth, line += sizeof(TVector))
                    if (piece->Width == sizeof(TVector))
                        TWords.Store(TWords.Load(line), to);
                    else
                        Unsafe.CopyBlockUnaligned(to, line, (uint)piece->Width);
            }
        }
    }

    /// <summary>Neighbouring tiles of a block that lie in one row of tiles.</summary>
    /// <param name="First">The first tile's number in the block.</param>
    /// <param name="Length">How many they are.</param>
    /// <param name="Top">The first row of their windows in the image.</param>
    /// <param name="Left">The first column.</param>
    /// <param name="Begin">The first column that is the image's, counted from there.</param>
    /// <param name="Past">The column behind the image's.</param>
    /// <param name="Height">Rows of outputs.</param>
    /// <param name="Width">Columns of outputs.</param>
    /// <param name="Target">Where the first output lies in its plane.</param>
    readonly record struct Piece(int First, int Length, int Top, int Left, int Begin, int Past, int Height, int Width, int Target);
}
