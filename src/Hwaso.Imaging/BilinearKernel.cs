using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hwaso.Imaging;

/// <summary>The two passes of a bilinear resize in OpenCV's fixed point; the vector and the scalar code give the same bytes.</summary>
static class BilinearKernel
{
    /// <summary>Room behind a row's last value: a vector store writes four values for three.</summary>
    public const int Slack = 4;

    /// <summary>Scales one row horizontally, into 7 fractional bits.</summary>
    /// <param name="pixels">The whole source, three bytes a pixel.</param>
    /// <param name="row">Where the row begins in it.</param>
    /// <param name="columns">A tap for each target pixel, from left to right.</param>
    /// <param name="target">Three values a column, and <see cref="Slack"/>.</param>
    public static void Horizontal(ReadOnlySpan<byte> pixels, int row, ReadOnlySpan<ResizeTap> columns, Span<short> target)
    {
        var x = Ssse3.IsSupported ? HorizontalVector(pixels, row, columns, target) : 0;
        for (; x < columns.Length; x++)
        {
            var tap = columns[x];
            var first = pixels.Slice(row + 3 * tap.First, 3);
            var second = pixels.Slice(row + 3 * tap.Second, 3);
            for (var c = 0; c < 3; c++)
                target[3 * x + c] = (short)(first[c] * tap.FirstWeight + second[c] * tap.SecondWeight >> 4);
        }
    }

    /// <summary>Mixes two scaled rows into one of bytes.</summary>
    public static void Vertical(
        ReadOnlySpan<short> upper, ReadOnlySpan<short> lower, short upperWeight, short lowerWeight, Span<byte> target)
    {
        var x = Sse2.IsSupported ? VerticalVector(upper[..target.Length], lower[..target.Length], upperWeight, lowerWeight, target) : 0;
        for (; x < target.Length; x++)
            target[x] = (byte)((upper[x] * upperWeight >> 16) + (lower[x] * lowerWeight >> 16) + 2 >> 2);
    }

    /// <summary>
    /// Both neighbours of a pixel in one load of eight bytes; returns how many columns were computed without reading past the end.
    /// </summary>
    static int HorizontalVector(ReadOnlySpan<byte> pixels, int row, ReadOnlySpan<ResizeTap> columns, Span<short> target)
    {
        var count = columns.Length;
        while (count > 0 && row + 3 * columns[count - 1].First + 8 > pixels.Length)
            count--;
        // Red of both, green of both, blue of both, as 16-bit values; 128 and above give zero.
        var pairs = Vector128.Create((byte)0, 128, 3, 128, 1, 128, 4, 128, 2, 128, 5, 128, 128, 128, 128, 128);
        ref var source = ref Unsafe.Add(ref MemoryMarshal.GetReference(pixels), row);
        ref var into = ref MemoryMarshal.GetReference(target[..(3 * count + Slack)]);
        for (var x = 0; x < count; x++)
        {
            ref readonly var tap = ref columns[x];
            var both = Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref source, 3 * tap.First))).AsByte();
            var weights = Vector128.Create((ushort)tap.FirstWeight | tap.SecondWeight << 16).AsInt16();
            var sums = Sse2.MultiplyAddAdjacent(Ssse3.Shuffle(both, pairs).AsInt16(), weights) >> 4;
            var packed = Sse2.PackSignedSaturate(sums, sums).AsUInt64().ToScalar();
            Unsafe.WriteUnaligned(ref Unsafe.As<short, byte>(ref Unsafe.Add(ref into, 3 * x)), packed);
        }
        return count;
    }

    static int VerticalVector(ReadOnlySpan<short> upper, ReadOnlySpan<short> lower, short upperWeight, short lowerWeight, Span<byte> target)
    {
        ref var above = ref MemoryMarshal.GetReference(upper);
        ref var below = ref MemoryMarshal.GetReference(lower);
        ref var into = ref MemoryMarshal.GetReference(target);
        var x = 0;
        if (Avx2.IsSupported)
        {
            var (shares, others, half) = (Vector256.Create(upperWeight), Vector256.Create(lowerWeight), Vector256.Create((short)2));
            for (; x <= target.Length - 32; x += 32)
            {
                var first = Avx2.MultiplyHigh(Vector256.LoadUnsafe(ref above, (nuint)x), shares)
                    + Avx2.MultiplyHigh(Vector256.LoadUnsafe(ref below, (nuint)x), others) + half >> 2;
                var second = Avx2.MultiplyHigh(Vector256.LoadUnsafe(ref above, (nuint)x + 16), shares)
                    + Avx2.MultiplyHigh(Vector256.LoadUnsafe(ref below, (nuint)x + 16), others) + half >> 2;
                // Packing works within halves of a register: the middle quarters change places.
                Avx2.Permute4x64(Avx2.PackUnsignedSaturate(first, second).AsInt64(), 0b11_01_10_00).AsByte()
                    .StoreUnsafe(ref into, (nuint)x);
            }
        }
        var (share, other, two) = (Vector128.Create(upperWeight), Vector128.Create(lowerWeight), Vector128.Create((short)2));
        for (; x <= target.Length - 8; x += 8)
        {
            var mixed = Sse2.MultiplyHigh(Vector128.LoadUnsafe(ref above, (nuint)x), share)
                + Sse2.MultiplyHigh(Vector128.LoadUnsafe(ref below, (nuint)x), other) + two >> 2;
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref into, x), Sse2.PackUnsignedSaturate(mixed, mixed).AsUInt64().ToScalar());
        }
        return x;
    }
}
