using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>What a convolution of bytes reads and writes.</summary>
/// <param name="Weights">The weights as <see cref="IntegerWeights"/> packs them.</param>
/// <param name="Input">The code of the images.</param>
/// <param name="Scales">For each output channel: image's scale × weights' scale.</param>
/// <param name="Function">The function applied last.</param>
/// <param name="Output">The code of the result; null if it is in single precision.</param>
/// <param name="End">How sums become bytes, where nothing is added and the function is a bound; else null.</param>
sealed record IntegerConvWork(Constant Weights, ByteCode Input, float[] Scales, Unary Function, ByteCode? Output, ByteEnd? End);

/// <summary>Selects the convolution of bytes for a width of vectors. All give the same numbers, bit by bit.</summary>
static unsafe class IntegerConv
{
    /// <summary>Products per sum and instruction, which decide how weights are packed.</summary>
    public static int Group(int lanes) => (lanes == 4 && Dp.IsSupported) || (lanes >= 8 && AvxVnni.IsSupported) ? 4 : 2;

    public static Kernel Make(
        int lanes, in ConvShape shape, IntegerConvWork work, byte* input, float* bias, float* addend, void* output, int threads)
    {
        if (lanes == 1)
            return new IntegerConvKernel<Dots1, int>(shape, work, input, bias, addend, output, threads);
        if (lanes == 4 && Dp.IsSupported)
            return new IntegerConvKernel<DotsArm, Vector128<int>>(shape, work, input, bias, addend, output, threads);
        if (lanes >= 8 && AvxVnni.IsSupported)
            return new IntegerConvKernel<DotsVnni, Vector256<int>>(shape, work, input, bias, addend, output, threads);
        if (lanes == 16 && Avx512BW.IsSupported)
            return new IntegerConvKernel<Dots512, Vector512<int>>(shape, work, input, bias, addend, output, threads);
        if (lanes >= 8 && Avx2.IsSupported)
            return new IntegerConvKernel<Dots256, Vector256<int>>(shape, work, input, bias, addend, output, threads);
        return new IntegerConvKernel<Dots128, Vector128<int>>(shape, work, input, bias, addend, output, threads);
    }
}

/// <summary>
/// A convolution of bytes with weights of 8 bits: sums in 32 bits, exact, then scaled, and written as bytes or numbers. Blocks of pixels
/// are laid out for all taps in the order of multiplication, some depth side by side, as the processor multiplies them.
/// </summary>
sealed unsafe class IntegerConvKernel<TDots, TVector> : Kernel
    where TDots : struct, IDots<TVector>
    where TVector : unmanaged
{
    const int Tile = IntegerWeights.Tile, Wide = ByteVectors.Count, Interleaved = 32;
    const int PanelBytes = 192 << 10, MostBlocks = 32, MostPlaces = 16;

    readonly ConvShape shape;
    readonly IntegerConvWork work;
    readonly byte* input;
    readonly float* bias, addend;
    readonly void* output;
    // A block is two vectors of pixels, and at least as many as are widened at once.
    readonly int height, width, pixels, segments, blocks, blocksPerItem, items, depth, groups, patchPitch, phasePitch;
    readonly long panelBytes, rowBytes, patchBytes;
    // For tiles that are written from registers, else null.
    readonly int[]? starts;

    public IntegerConvKernel(
        in ConvShape shape, IntegerConvWork work, byte* input, float* bias, float* addend, void* output, int threads)
    {
        (this.shape, this.work) = (shape, work);
        this.input = input;
        this.bias = bias;
        this.addend = addend;
        this.output = output;
        (height, width) = shape.IsPointwise ? (1, shape.OutHeight * shape.OutWidth) : (shape.OutHeight, shape.OutWidth);
        pixels = TDots.IsInterleaved ? Interleaved : Math.Max(2 * TDots.Count, Wide);
        segments = (width + pixels - 1) / pixels;
        blocks = segments * height;
        depth = shape.GroupCin * shape.Taps;
        groups = (depth + TDots.Group - 1) / TDots.Group;
        var blockBytes = (long)groups * pixels * sizeof(int);
        var images = shape.Batch * shape.Groups;
        var most = (int)Math.Clamp(PanelBytes / Math.Max(1, blockBytes), 1, MostBlocks);
        // Enough items to keep every thread busy to the end.
        blocksPerItem = (int)Math.Clamp((long)blocks * images / (4L * threads), 1, most);
        items = (blocks + blocksPerItem - 1) / blocksPerItem;
        phasePitch = pixels + (((shape.KernelWidth - 1) * shape.DilationX) / shape.StrideX) + 1;
        patchPitch = phasePitch * shape.StrideX;
        if (TDots.IsInterleaved && work.End is not null)
            starts = IntegerWeights.Starts(
                work.Weights, shape.Groups * ((shape.GroupCout + Tile - 1) / Tile), groups, work.Input.Zero);
        panelBytes = PinnedMemory.Whole(blockBytes * blocksPerItem);
        rowBytes = PinnedMemory.Whole((long)groups * TDots.Group * sizeof(byte*));
        // One row of the number 0, then each channel's rows.
        patchBytes = PinnedMemory.Whole(((1 + ((long)shape.GroupCin * shape.KernelHeight)) * patchPitch) + Wide);
    }

    public override int Items => shape.Batch * shape.Groups * items;

    public override long ScratchBytes => panelBytes + rowBytes + patchBytes + PinnedMemory.Whole(Tile * pixels * sizeof(int));

    public override void Run(int item, byte* scratch)
    {
        var (image, first) = (item / items, item % items * blocksPerItem);                  // n × groups + g
        var count = Math.Min(blocksPerItem, blocks - first);
        var panels = (int*)scratch;
        var rows = (byte**)(scratch + panelBytes);
        var patches = scratch + panelBytes + rowBytes;
        var sums = (int*)(scratch + panelBytes + rowBytes + patchBytes);
        new Span<byte>(patches, patchPitch).Fill((byte)work.Input.Zero);
        for (var d = depth; d < groups * TDots.Group; d++)
            rows[d] = patches;
        for (var block = 0; block < count; block++)
        {
            var (y, x) = ((first + block) / segments, (first + block) % segments * pixels);
            Find(image, y, x, rows, patches);
            Lay(rows, panels + ((nint)block * groups * pixels));
        }
        var group = image % shape.Groups;
        var tiles = (shape.GroupCout + Tile - 1) / Tile;
        var weights = (int*)work.Weights.Address + ((nint)group * tiles * groups * Tile);
        if (starts is not null)
        {
            WriteTiles(image, first, count, panels, weights, tiles);
            return;
        }
        for (var tile = 0; tile < tiles; tile++)
            for (var block = 0; block < count; block++)
            {
                var panel = panels + ((nint)block * groups * pixels);
                for (var part = 0; part < pixels; part += 2 * TDots.Count)
                    Add(weights + ((nint)tile * groups * Tile), panel + part, groups, pixels, sums + part, pixels);
                var (y, x) = ((first + block) / segments, (first + block) % segments * pixels);
                for (var o = 0; o < Math.Min(Tile, shape.GroupCout - (tile * Tile)); o++)
                    Write(sums + (o * pixels), (image / shape.Groups * shape.Cout) + (group * shape.GroupCout) + (tile * Tile) + o,
                        (group * shape.GroupCout) + (tile * Tile) + o, ((group * tiles) + tile) * Tile + o,
                        (y * width) + x, Math.Min(pixels, width - x));
            }
    }

    /// <summary>Sums and writes the bytes of all tiles of interleaved blocks: what nearly every layer does.</summary>
    void WriteTiles(int image, int first, int count, int* panels, int* weights, int tiles)
    {
        const int each = ByteTile.Pixels / 2;
        var end = work.End!;
        fixed (float* scales = end.Scales, shifts = end.Shifts)
        fixed (int* begins = starts)
            for (var tile = 0; tile < tiles; tile++)
            {
                var target = ByteTarget.Of(shape, end, begins, image, tile, (byte*)output, scales, shifts);
                var to = target.First;
                for (var block = 0; block < count; block++)
                {
                    var (y, x) = ((first + block) / segments, (first + block) % segments * pixels);
                    // The lower halves of 16 interleaved pixels are 8 neighbours, the upper ones the 8 that lie 16 further.
                    for (var part = 0; part < 2; part++)
                    {
                        var left = Math.Min(pixels, width - x) - (part * each);
                        if (left <= 0)
                            break;
                        target.First = to + (y * width) + x + (part * each);
                        target.Second = target.First + ByteTile.Pixels;
                        (target.FirstCount, target.SecondCount) =
                            (Math.Min(each, left), Math.Clamp(left - ByteTile.Pixels, 0, each));
                        ByteTile.Run(weights + ((nint)tile * groups * Tile),
                            panels + ((nint)block * groups * pixels) + (part * ByteTile.Pixels), groups, pixels, target);
                    }
                }
            }
    }

    /// <summary>Finds the first pixel of each tap: in the image where all pixels are inside, else in a copy.</summary>
    void Find(int image, int y, int x, byte** rows, byte* patches)
    {
        var plane = (nint)shape.Height * shape.Width;
        var source = input + (image * (nint)shape.GroupCin * plane);
        if (shape.IsPointwise)
        {
            // Values have room behind them, so that the last vector may be read beyond.
            for (var c = 0; c < shape.GroupCin; c++)
                rows[c] = source + (c * plane) + x;
            return;
        }
        var left = (x * shape.StrideX) - shape.Left;
        var isInside = shape.StrideX == 1 && left >= 0 && left + pixels + ((shape.KernelWidth - 1) * shape.DilationX) <= shape.Width;
        var copy = patches + patchPitch;
        var isHalved = shape.StrideX == 2 && pixels == Interleaved;
        // Divisions once a block, not once a tap and row.
        var places = stackalloc int[MostPlaces];
        for (var kx = 0; kx < Math.Min(shape.KernelWidth, MostPlaces); kx++)
            places[kx] = Place(kx);
        for (var c = 0; c < shape.GroupCin; c++, source += plane)
            for (var ky = 0; ky < shape.KernelHeight; ky++, copy += patchPitch, rows += shape.KernelWidth)
            {
                var at = (y * shape.StrideY) + (ky * shape.DilationY) - shape.Top;
                if (at < 0 || at >= shape.Height)
                {
                    for (var kx = 0; kx < shape.KernelWidth; kx++)
                        rows[kx] = patches;
                    continue;
                }
                var row = source + ((nint)at * shape.Width);
                if (isInside)
                {
                    for (var kx = 0; kx < shape.KernelWidth; kx++)
                        rows[kx] = row + left + (kx * shape.DilationX);
                    continue;
                }
                if (isHalved)
                    Halve(row + left, copy, copy + phasePitch);
                if (!isHalved || left < 0 || left + (2 * phasePitch) > shape.Width)
                    for (var phase = 0; phase < shape.StrideX; phase++)
                        Copy(row, left + phase, copy + (phase * phasePitch), isHalved);
                else
                    for (var k = Interleaved; k < phasePitch; k++)
                        (copy[k], copy[phasePitch + k]) = (row[left + (2 * k)], row[left + (2 * k) + 1]);
                for (var kx = 0; kx < shape.KernelWidth; kx++)
                    rows[kx] = copy + (kx < MostPlaces ? places[kx] : Place(kx));
            }
    }

    // Where a tap's first pixel lies in a row that was split.
    int Place(int kx) => (kx * shape.DilationX % shape.StrideX * phasePitch) + (kx * shape.DilationX / shape.StrideX);

    /// <summary>Copies every StrideX-th byte from one on, and the code of 0 where there is none.</summary>
    void Copy(byte* row, int first, byte* to, bool isBegun)
    {
        var (stride, zero) = (shape.StrideX, (byte)work.Input.Zero);
        var outside = Math.Min(phasePitch, first < 0 ? (-first + stride - 1) / stride : 0);
        var x = first + (outside * stride);
        var inside = Math.Clamp((shape.Width - x + stride - 1) / stride, 0, phasePitch - outside);
        for (var k = 0; k < outside; k++)
            to[k] = zero;
        if (stride == 1)
            Unsafe.CopyBlockUnaligned(to + outside, row + x, (uint)inside);
        else
            for (var k = isBegun ? Interleaved - outside : 0; k < inside; k++)
                to[outside + k] = row[x + (k * stride)];
        for (var k = outside + inside; k < phasePitch; k++)
            to[k] = zero;
    }

    /// <summary>Splits 64 bytes into even and odd ones. Those that are not the image's are replaced later.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Halve(byte* from, byte* even, byte* odd)
    {
        var (a, b) = (Vector256.Load(from).AsInt16(), Vector256.Load(from + Vector256<byte>.Count).AsInt16());
        var low = Vector256.Create((short)byte.MaxValue);
        Vector256.Store(Avx2.Permute4x64(Avx2.PackUnsignedSaturate(a & low, b & low).AsInt64(), 0b11_01_10_00).AsByte(), even);
        Vector256.Store(Avx2.Permute4x64(Avx2.PackUnsignedSaturate(a >>> 8, b >>> 8).AsInt64(), 0b11_01_10_00).AsByte(), odd);
    }

    /// <summary>Lays out a block: for each group of depth all pixels, of each the numbers of the group in 32 bits.</summary>
    void Lay(byte** rows, int* panel)
    {
        if (TDots.IsInterleaved)
        {
            Interleave(rows, panel, groups);
            return;
        }
        var flip = Vector256.Create(TDots.IsSigned ? unchecked((int)0x80808080) : 0);
        for (var g = 0; g < groups; g++, rows += TDots.Group, panel += pixels)
            for (var p = 0; p < pixels; p += Wide)
            {
                var together = TDots.Group == 2
                    ? ByteVectors.Wide(rows[0] + p) | (ByteVectors.Wide(rows[1] + p) << 16)
                    : ByteVectors.Wide(rows[0] + p) | (ByteVectors.Wide(rows[1] + p) << 8)
                        | (ByteVectors.Wide(rows[2] + p) << 16) | (ByteVectors.Wide(rows[3] + p) << 24);
                Vector256.Store(together ^ flip, panel + p);
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Interleave(byte** rows, int* panel, int groups)
    {
        for (; groups > 0; groups--)
        {
            var (a, b, c, d) = (Vector256.Load(rows[0]), Vector256.Load(rows[1]), Vector256.Load(rows[2]), Vector256.Load(rows[3]));
            var (low, high) = (Avx2.UnpackLow(a, b).AsInt16(), Avx2.UnpackHigh(a, b).AsInt16());
            var (lowNext, highNext) = (Avx2.UnpackLow(c, d).AsInt16(), Avx2.UnpackHigh(c, d).AsInt16());
            Vector256.Store(Avx2.UnpackLow(low, lowNext).AsInt32(), panel);
            Vector256.Store(Avx2.UnpackHigh(low, lowNext).AsInt32(), panel + 8);
            Vector256.Store(Avx2.UnpackLow(high, highNext).AsInt32(), panel + 16);
            Vector256.Store(Avx2.UnpackHigh(high, highNext).AsInt32(), panel + 24);
            rows += 4;
            panel += Interleaved;
        }
    }

    /// <summary>Sums products of 6 output channels × 2 vectors of pixels in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Add(int* weights, int* panel, int groups, nint pitch, int* sums, nint sumPitch)
    {
        TVector a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1;
        a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = e0 = e1 = f0 = f1 = TDots.Zero;
        for (; groups > 0; groups--)
        {
            var p = TDots.Load(panel);
            var q = TDots.Load(panel + TDots.Count);
            var k = TDots.All(weights[0]);
            a0 = TDots.Dot(a0, p, k);
            a1 = TDots.Dot(a1, q, k);
            k = TDots.All(weights[1]);
            b0 = TDots.Dot(b0, p, k);
            b1 = TDots.Dot(b1, q, k);
            k = TDots.All(weights[2]);
            c0 = TDots.Dot(c0, p, k);
            c1 = TDots.Dot(c1, q, k);
            k = TDots.All(weights[3]);
            d0 = TDots.Dot(d0, p, k);
            d1 = TDots.Dot(d1, q, k);
            k = TDots.All(weights[4]);
            e0 = TDots.Dot(e0, p, k);
            e1 = TDots.Dot(e1, q, k);
            k = TDots.All(weights[5]);
            f0 = TDots.Dot(f0, p, k);
            f1 = TDots.Dot(f1, q, k);
            weights += Tile;
            panel += pitch;
        }
        Store(a0, a1, sums);
        Store(b0, b1, sums + sumPitch);
        Store(c0, c1, sums + (2 * sumPitch));
        Store(d0, d1, sums + (3 * sumPitch));
        Store(e0, e1, sums + (4 * sumPitch));
        Store(f0, f1, sums + (5 * sumPitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(TVector first, TVector second, int* to)
    {
        TDots.Store(first, to);
        TDots.Store(second, to + TDots.Count);
    }

    /// <summary>Writes pixels of one output channel.</summary>
    void Write(int* sums, int plane, int channel, int packed, int at, int count)
    {
        // Every product has the image's zero point times a weight too much.
        var zero = work.Input.Zero - (TDots.IsSigned ? 128 : 0);
        var tiles = (shape.GroupCout + Tile - 1) / Tile;
        var total = ((int*)work.Weights.Address)[((nint)shape.Groups * tiles * groups * Tile) + packed];
        var excess = Vector256.Create(zero * total);
        if (work.End is { } end)
        {
            Write(sums, excess, Vector256.Create(end.Scales[channel]), Vector256.Create(end.Shifts[channel]), end,
                (byte*)output + ((nint)plane * height * width) + at, count);
            return;
        }
        if (TDots.IsInterleaved)
            Straighten(sums);
        var scale = Vector256.Create(work.Scales[channel]);
        var shift = Vector256.Create(bias == null ? 0 : bias[channel]);
        var target = ((nint)plane * height * width) + at;
        var k = 0;
        for (; k + Wide <= count; k += Wide)
        {
            var value = (Vector256.ConvertToSingle(Vector256.Load(sums + k) - excess) * scale) + shift;
            if (addend != null)
                value += Vector256.Load(addend + target + k);
            value = UnaryMath<Lanes256, Vector256<float>>.Apply(value, work.Function);
            if (work.Output is { } code)
                ByteVectors.Store(value, code, (byte*)output + target + k);
            else
                Vector256.Store(value, (float*)output + target + k);
        }
        if (k < count)
            Rest(sums + k, excess, scale, shift, target + k, count - k);
    }

    // The order of the pixels, from the one that interleaving makes.
    static void Straighten(int* sums)
    {
        var parts = stackalloc Vector128<int>[Interleaved / 4];
        for (var k = 0; k < Interleaved / 4; k++)
            parts[(k / 2) + (k % 2 * 4)] = Vector128.Load(sums + (4 * k));
        for (var k = 0; k < Interleaved / 4; k++)
            Vector128.Store(parts[k], sums + (4 * k));
    }

    // Bytes of one output channel, 16 at a time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Write(
        int* sums, Vector256<int> excess, Vector256<float> scale, Vector256<float> shift, ByteEnd end, byte* to, int count)
    {
        var (low, high) = (Vector256.Create(end.Low), Vector256.Create(end.High));
        var k = 0;
        for (; k + (2 * Wide) <= count; k += 2 * Wide)
            ByteVectors.Store(Codes(sums + k, excess, scale, shift, low, high), Codes(sums + k + Wide, excess, scale, shift, low, high),
                to + k);
        for (; k + Wide <= count; k += Wide)
            ByteVectors.Store(Codes(sums + k, excess, scale, shift, low, high), to + k);
        if (k == count)
            return;
        var rest = ByteVectors.Bytes(Codes(sums + k, excess, scale, shift, low, high));
        for (; k < count; k++, rest >>= 8)
            to[k] = (byte)rest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Codes(int* sums, Vector256<int> excess, Vector256<float> scale, Vector256<float> shift, Vector256<float> low,
        Vector256<float> high) => ByteVectors.Rounded(Vector256.MinNative(
            Vector256.MaxNative((Vector256.ConvertToSingle(Vector256.Load(sums) - excess) * scale) + shift, low), high));

    [MethodImpl(MethodImplOptions.NoInlining)]
    void Rest(int* sums, Vector256<int> excess, Vector256<float> scale, Vector256<float> shift, nint target, int count)
    {
        var numbers = stackalloc float[Wide];
        var value = (Vector256.ConvertToSingle(Vector256.Load(sums) - excess) * scale) + shift;
        if (addend != null)
        {
            for (var k = 0; k < Wide; k++)
                numbers[k] = k < count ? addend[target + k] : 0;
            value += Vector256.Load(numbers);
        }
        value = UnaryMath<Lanes256, Vector256<float>>.Apply(value, work.Function);
        if (work.Output is { } code)
        {
            ByteVectors.Store(value, code, (byte*)numbers);
            for (var k = 0; k < count; k++)
                ((byte*)output)[target + k] = ((byte*)numbers)[k];
            return;
        }
        Vector256.Store(value, numbers);
        for (var k = 0; k < count; k++)
            ((float*)output)[target + k] = numbers[k];
    }
}
