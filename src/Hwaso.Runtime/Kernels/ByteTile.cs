using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hwaso.Runtime.Kernels;

/// <summary>Where the bytes of a tile go, and how its sums become bytes.</summary>
unsafe struct ByteTarget
{
    /// <summary>Each channel's first summand.</summary>
    public int* Starts;

    /// <summary>Each channel's factor.</summary>
    public float* Scales;

    /// <summary>What is added to each channel then.</summary>
    public float* Shifts;

    /// <summary>The least and the largest byte, before rounding.</summary>
    public float Low, High;

    /// <summary>Output channels, up to 6.</summary>
    public int Channels;

    /// <summary>Bytes from one channel's plane to the next one's.</summary>
    public nint Pitch;

    /// <summary>The two times 8 pixels of the first channel.</summary>
    public byte* First, Second;

    /// <summary>How many of each 8 pixels are written.</summary>
    public int FirstCount, SecondCount;

    /// <summary>The target of a tile of output channels, at the first pixel of its first channel.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="end">How sums become bytes; its arrays are pinned.</param>
    /// <param name="starts">Each channel's first summand, 6 of each tile.</param>
    /// <param name="image">The number of the image and group of channels.</param>
    /// <param name="tile">The tile's number in its group.</param>
    /// <param name="output">The result.</param>
    /// <param name="scales">The end's scales.</param>
    /// <param name="shifts">The end's shifts.</param>
    public static ByteTarget Of(
        in ConvShape shape, ByteEnd end, int* starts, int image, int tile, byte* output, float* scales, float* shifts)
    {
        const int each = IntegerWeights.Tile;
        var (group, plane) = (image % shape.Groups, (nint)shape.OutHeight * shape.OutWidth);
        var channel = (group * shape.GroupCout) + (tile * each);
        return new()
        {
            Starts = starts + (((group * ((shape.GroupCout + each - 1) / each)) + tile) * each),
            Scales = scales + channel,
            Shifts = shifts + channel,
            Low = end.Low,
            High = end.High,
            Channels = Math.Min(each, shape.GroupCout - (tile * each)),
            Pitch = plane,
            First = output + (((image / shape.Groups * (nint)shape.Cout) + channel) * plane),
        };
    }
}

/// <summary>Sums of bytes by VNNI, of 6 output channels × 16 pixels in registers, which become bytes there.</summary>
static unsafe class ByteTile
{
    /// <summary>
    /// Pixels of a tile: two vectors of 8. The halves of both vectors, one after another, are the first 8 pixels (their lower halves) and
    /// the second 8 (their upper halves), as AVX2 packs them.
    /// </summary>
    public const int Pixels = 16;

    const int Tile = IntegerWeights.Tile, Eight = 8;

    /// <summary>Sums the products of all groups of depth, and writes the bytes.</summary>
    /// <param name="weights">[groups][6], each 4 numbers of 8 bits.</param>
    /// <param name="panel">For each group the 16 pixels, each 4 bytes.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="pitch">Pixels from one group to the next.</param>
    /// <param name="target">What is made of the sums.</param>
    public static void Run(int* weights, int* panel, int groups, nint pitch, in ByteTarget target)
    {
        if (target.FirstCount == Eight && target.SecondCount == Eight)
        {
            RunWhole(weights, panel, groups, pitch, target);
            return;
        }
        var bytes = stackalloc byte[Tile * Pixels];
        var made = target with { First = bytes, Second = bytes + Eight, Pitch = Pixels };
        RunWhole(weights, panel, groups, pitch, made);
        for (var k = 0; k < target.Channels; k++)
        {
            new Span<byte>(bytes + (k * Pixels), target.FirstCount).CopyTo(
                new Span<byte>(target.First + (k * target.Pitch), target.FirstCount));
            new Span<byte>(bytes + (k * Pixels) + Eight, target.SecondCount).CopyTo(
                new Span<byte>(target.Second + (k * target.Pitch), target.SecondCount));
        }
    }

    // It calls nothing: sums that outlive a call would be written to memory at every step.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void RunWhole(int* weights, int* panel, int groups, nint pitch, in ByteTarget target)
    {
        Vector256<int> a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1;
        a0 = a1 = Vector256.Create(target.Starts[0]);
        b0 = b1 = Vector256.Create(target.Starts[1]);
        c0 = c1 = Vector256.Create(target.Starts[2]);
        d0 = d1 = Vector256.Create(target.Starts[3]);
        e0 = e1 = Vector256.Create(target.Starts[4]);
        f0 = f1 = Vector256.Create(target.Starts[5]);
        for (; groups > 0; groups--)
        {
            var p = Vector256.Load(panel);
            var q = Vector256.Load(panel + Vector256<int>.Count);
            var k = Vector256.Create(weights[0]);
            a0 = Dot(a0, p, k);
            a1 = Dot(a1, q, k);
            k = Vector256.Create(weights[1]);
            b0 = Dot(b0, p, k);
            b1 = Dot(b1, q, k);
            k = Vector256.Create(weights[2]);
            c0 = Dot(c0, p, k);
            c1 = Dot(c1, q, k);
            k = Vector256.Create(weights[3]);
            d0 = Dot(d0, p, k);
            d1 = Dot(d1, q, k);
            k = Vector256.Create(weights[4]);
            e0 = Dot(e0, p, k);
            e1 = Dot(e1, q, k);
            k = Vector256.Create(weights[5]);
            f0 = Dot(f0, p, k);
            f1 = Dot(f1, q, k);
            weights += Tile;
            panel += pitch;
        }
        Put(a0, a1, target, 0);
        if (target.Channels == 1)
            return;
        Put(b0, b1, target, 1);
        if (target.Channels == 2)
            return;
        Put(c0, c1, target, 2);
        if (target.Channels == 3)
            return;
        Put(d0, d1, target, 3);
        if (target.Channels == 4)
            return;
        Put(e0, e1, target, 4);
        if (target.Channels == 5)
            return;
        Put(f0, f1, target, 5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Dot(Vector256<int> sum, Vector256<int> pixels, Vector256<int> weights) =>
        AvxVnni.MultiplyWideningAndAdd(sum, pixels.AsByte(), weights.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Put(Vector256<int> first, Vector256<int> second, in ByteTarget target, int channel)
    {
        var (scale, shift) = (Vector256.Create(target.Scales[channel]), Vector256.Create(target.Shifts[channel]));
        var (low, high) = (Vector256.Create(target.Low), Vector256.Create(target.High));
        var words = Avx2.PackSignedSaturate(Codes(first, scale, shift, low, high), Codes(second, scale, shift, low, high));
        var bytes = Avx2.PackUnsignedSaturate(words, words).AsUInt64();
        var one = target.First + (channel * target.Pitch);
        var two = target.Second + (channel * target.Pitch);
        *(ulong*)one = bytes.ToScalar();
        *(ulong*)two = bytes.GetUpper().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Codes(
        Vector256<int> sums, Vector256<float> scale, Vector256<float> shift, Vector256<float> low, Vector256<float> high) =>
        ByteVectors.Rounded(
            Vector256.MinNative(Vector256.MaxNative((Vector256.ConvertToSingle(sums) * scale) + shift, low), high));
}
