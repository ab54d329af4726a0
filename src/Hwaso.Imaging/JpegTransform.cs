using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hwaso.Imaging;

/// <summary>
/// The cosine transform of eight blocks at once and its inverse, one block in each lane, so that no rows and columns change places.
/// Loeffler, Ligtenberg and Moschytz (ICASSP 1989) in fixed point of 13 bits and two passes, as libjpeg's accurate integer method has it:
/// the same numbers.
/// </summary>
static unsafe class JpegTransform
{
    /// <summary>Blocks that are transformed at once.</summary>
    public const int Lanes = 8;

    // Bits of the constants, and those that the first pass keeps of a fraction.
    const int ConstantBits = 13, KeptBits = 2;

    // sqrt(2) times sums and differences of cosines, times 2^13.
    const int F0298 = 2446, F0390 = 3196, F0541 = 4433, F0765 = 6270, F0899 = 7373, F1175 = 9633, F1501 = 12299, F1847 = 15137,
        F1961 = 16069, F2053 = 16819, F2562 = 20995, F3072 = 25172;

    /// <summary>Turns coefficients into samples.</summary>
    /// <param name="coefficients">64 × 8 dequantised values: those of one place in all eight blocks lie together.</param>
    /// <param name="samples">The upper left sample of the first block; the blocks lie side by side.</param>
    /// <param name="stride">Bytes from one row of samples to the next.</param>
    public static void Inverse(short* coefficients, byte* samples, int stride)
    {
        var middle = stackalloc Vector256<int>[64];
        var row = stackalloc Vector256<int>[8];
        for (var x = 0; x < 8; x++)
        {
            for (var y = 0; y < 8; y++)
            {
                var values = Vector128.Load(coefficients + Lanes * (8 * y + x));
                row[y] = Vector256.Create(Vector128.WidenLower(values), Vector128.WidenUpper(values));
            }
            OneWay(row, middle + x, 8, ConstantBits - KeptBits);
        }
        for (var y = 0; y < 8; y++)
        {
            // The transform is 8 times too large.
            OneWay(middle + 8 * y, row, 1, ConstantBits + KeptBits + 3);
            var (low, high) = (Bytes(row).AsUInt32(), Bytes(row + 4).AsUInt32());
            var target = (ulong*)(samples + y * stride);
            (Vector256.WidenLower(low) | Vector256.WidenLower(high) << 32).Store(target);
            (Vector256.WidenUpper(low) | Vector256.WidenUpper(high) << 32).Store(target + 4);
        }
    }

    /// <summary>Turns samples into quantised coefficients.</summary>
    /// <param name="samples">The upper left sample of the first block; the blocks lie side by side.</param>
    /// <param name="stride">Bytes from one row of samples to the next.</param>
    /// <param name="factors">The factor of each coefficient, row by row.</param>
    /// <param name="coefficients">Receives 64 × 8 values: those of one place in all eight blocks lie together.</param>
    public static void Forward(byte* samples, int stride, byte* factors, short* coefficients)
    {
        var middle = stackalloc Vector256<int>[64];
        var row = stackalloc Vector256<int>[8];
        for (var y = 0; y < 8; y++)
        {
            var (left, right) = (Vector256.Load((ulong*)(samples + y * stride)), Vector256.Load((ulong*)(samples + y * stride + 32)));
            // The first four samples of all blocks, then the other four.
            var (low, high) = (Vector256.Narrow(left, right), Vector256.Narrow(left >> 32, right >> 32));
            for (var x = 0; x < 4; x++)
            {
                row[x] = (low >> 8 * x & Vector256.Create(255u)).AsInt32() - Vector256.Create(128);
                row[x + 4] = (high >> 8 * x & Vector256.Create(255u)).AsInt32() - Vector256.Create(128);
            }
            OneWayForward(row, 1, middle + 8 * y, KeptBits, 0, ConstantBits - KeptBits);
        }
        for (var x = 0; x < 8; x++)
        {
            OneWayForward(middle + x, 8, row, 0, KeptBits, ConstantBits + KeptBits);
            for (var y = 0; y < 8; y++)
            {
                // The transform is 8 times too large. A quotient in 24 bits is exact enough: values have 15 bits, factors 11.
                var (sign, factor) = (row[y] >> 31, 8 * factors[8 * y + x]);
                var size = Vector256.ConvertToSingle((row[y] ^ sign) - sign + Vector256.Create(factor / 2));
                var quotient = (Vector256.ConvertToInt32Native(size / Vector256.Create((float)factor)) ^ sign) - sign;
                Vector128.Narrow(quotient.GetLower(), quotient.GetUpper()).Store(coefficients + Lanes * (8 * y + x));
            }
        }
    }

    /// <summary>
    /// Eight values in one direction; the first and the fifth result times 2^up, divided by 2^down and rounded, the others divided by
    /// 2^shift and rounded.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void OneWayForward(Vector256<int>* x, int step, Vector256<int>* output, int up, int down, int shift)
    {
        var (s0, d0) = (x[0] + x[7 * step], x[0] - x[7 * step]);
        var (s1, d1) = (x[step] + x[6 * step], x[step] - x[6 * step]);
        var (s2, d2) = (x[2 * step] + x[5 * step], x[2 * step] - x[5 * step]);
        var (s3, d3) = (x[3 * step] + x[4 * step], x[3 * step] - x[4 * step]);
        var half = Vector256.Create(1 << shift - 1);
        // Even places.
        var (e0, e1, e2, e3) = (s0 + s3, s1 + s2, s1 - s2, s0 - s3);
        var little = Vector256.Create(1 << down >> 1);
        output[0] = (e0 + e1 << up) + little >> down;
        output[4] = (e0 - e1 << up) + little >> down;
        var z = (e2 + e3) * F0541 + half;
        output[2] = z + e3 * F0765 >> shift;
        output[6] = z - e2 * F1847 >> shift;
        // Odd places.
        var both = (d3 + d1 + d2 + d0) * F1175 + half;
        var (z1, z2) = ((d3 + d0) * -F0899, (d2 + d1) * -F2562);
        var (z3, z4) = ((d3 + d1) * -F1961 + both, (d2 + d0) * -F0390 + both);
        output[7] = d3 * F0298 + z1 + z3 >> shift;
        output[5] = d2 * F2053 + z2 + z4 >> shift;
        output[3] = d1 * F3072 + z2 + z3 >> shift;
        output[1] = d0 * F1501 + z1 + z4 >> shift;
    }

    /// <summary>Eight values in the inverse direction, divided by a power of two and rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void OneWay(Vector256<int>* x, Vector256<int>* output, int step, int shift)
    {
        // Even places.
        var z = (x[2] + x[6]) * F0541;
        var (even2, even3) = (z - x[6] * F1847, z + x[2] * F0765);
        var (even0, even1) = (x[0] + x[4] << ConstantBits, x[0] - x[4] << ConstantBits);
        var half = Vector256.Create(1 << shift - 1);
        var (e0, e3, e1, e2) = (even0 + even3 + half, even0 - even3 + half, even1 + even2 + half, even1 - even2 + half);
        // Odd places.
        var both = (x[7] + x[3] + x[5] + x[1]) * F1175;
        var (z1, z2) = ((x[7] + x[1]) * -F0899, (x[5] + x[3]) * -F2562);
        var (z3, z4) = ((x[7] + x[3]) * -F1961 + both, (x[5] + x[1]) * -F0390 + both);
        var (o0, o1) = (x[7] * F0298 + z1 + z3, x[5] * F2053 + z2 + z4);
        var (o2, o3) = (x[3] * F3072 + z2 + z3, x[1] * F1501 + z1 + z4);
        output[0] = e0 + o3 >> shift;
        output[7 * step] = e0 - o3 >> shift;
        output[step] = e1 + o2 >> shift;
        output[6 * step] = e1 - o2 >> shift;
        output[2 * step] = e2 + o1 >> shift;
        output[5 * step] = e2 - o1 >> shift;
        output[3 * step] = e3 + o0 >> shift;
        output[4 * step] = e3 - o0 >> shift;
    }

    /// <summary>Four columns as the bytes of one integer, in each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Bytes(Vector256<int>* column) =>
        Sample(column[0]) | Sample(column[1]) << 8 | Sample(column[2]) << 16 | Sample(column[3]) << 24;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Sample(Vector256<int> value) =>
        Vector256.Max(Vector256<int>.Zero, Vector256.Min(Vector256.Create(255), value + Vector256.Create(128)));
}
