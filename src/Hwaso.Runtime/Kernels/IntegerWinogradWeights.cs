using System.Runtime.CompilerServices;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// Weights of 8 bits for <see cref="IntegerWinogradKernel{TWords, TVector}"/>, transformed at the points 0, ±1, ±2 and infinity. Each
/// row is multiplied by what makes its numbers whole, so that they fit 16 bits.
/// </summary>
static unsafe class IntegerWinogradWeights
{
    /// <summary>Output channels that are computed together.</summary>
    public const int Tile = 6;

    /// <summary>The numbers that nine taps are transformed to.</summary>
    public const int Products = 36;

    const int Taps = 9, MostLanes = 16;

    // Sums come out 576 = 2⁶ · 9 times as large, in 32 bits: 26 bits of a sum are kept.
    const long MostHalfRange = (1L << 25) - 1;

    /// <summary>The sums of each output channel's positive and of its negative weights, [channels][2], as integers of 32 bits.</summary>
    public static Constant Sums(PackedWeights packed, Constant weights, int groups, string place) =>
        packed.Get(weights, -((groups * 8) + 1), memory =>
        {
            var sizes = weights.Type.Shape;
            var depth = sizes[1] * sizes[2] * sizes[3];
            var sums = new Constant(new TensorType(true, [2 * sizes[0]], place), memory);
            for (var o = 0; o < sizes[0]; o++)
                foreach (var weight in weights.Bytes.Slice(o * depth, depth))
                    ((int*)sums.Address)[(2 * o) + (weight < IntegerWeights.Zero ? 1 : 0)] += weight - IntegerWeights.Zero;
            return sums;
        });

    /// <summary>
    /// Whether each sum of products with bytes is found from its lowest 26 bits: whether those that are possible lie within 2²⁶.
    /// </summary>
    public static bool AreExact(Constant sums)
    {
        var parts = new ReadOnlySpan<int>(sums.Address, sums.Type.Elements);
        for (var k = 0; k < parts.Length; k += 2)
            if (byte.MaxValue * ((long)parts[k] - parts[k + 1]) / 2 >= MostHalfRange)
                return false;
        return true;
    }

    /// <summary>Packs [Cout, Cin/g, 3, 3] as [g][tiles][9][pairs of channels][6], each two numbers of 8 bits.</summary>
    public static Constant Pairs(PackedWeights packed, Constant weights, int groups, string place) =>
        packed.Get(weights, -((groups * 8) + 3), memory => Pack(weights, groups, place, memory));

    /// <summary>Packs and transforms them, as [g][tiles][36][<see cref="Pitch"/>].</summary>
    public static Constant Transformed<TWords, TVector>(PackedWeights packed, Constant weights, int groups, string place)
        where TWords : struct, IWords<TVector>
        where TVector : unmanaged =>
        packed.Get(weights, -((groups * 8) + 5), memory =>
        {
            var pairs = Pack(weights, groups, place, null);
            var sizes = weights.Type.Shape;
            var count = (sizes[1] + 1) / 2 * Tile;
            var (tiles, pitch) = (groups * (((sizes[0] / groups) + Tile - 1) / Tile), Pitch(count));
            var made = new Constant(new TensorType(true, [tiles, Products * pitch], place), memory);
            for (nint tile = 0; tile < tiles; tile++)
                Transform<TWords, TVector>(
                    (short*)pairs.Address + (tile * Taps * count), count, (int*)made.Address + (tile * Products * pitch));
            pairs.Release();
            return made;
        });

    /// <summary>Integers of 32 bits from one of the 36 to the next, so that whole vectors can be written.</summary>
    /// <param name="count">Pairs of channels × 6.</param>
    public static int Pitch(int count) => (count + MostLanes - 1) / MostLanes * MostLanes;

    static Constant Pack(Constant weights, int groups, string place, WeightMemory? memory)
    {
        var sizes = weights.Type.Shape;
        var (cout, depth) = (sizes[0] / groups, sizes[1]);
        var (tiles, pairs) = ((cout + Tile - 1) / Tile, (depth + 1) / 2);
        var packed = new Constant(TensorType.OfBytes([groups * tiles, 2 * Taps * pairs * Tile], place), memory);
        for (var g = 0; g < groups; g++)
            for (var o = 0; o < cout; o++)
            {
                var from = weights.Bytes.Slice(((g * cout) + o) * depth * Taps, depth * Taps);
                var tile = packed.Address + (2 * (((((nint)g * tiles) + (o / Tile)) * Taps * pairs * Tile) + (o % Tile)));
                for (var d = 0; d < depth; d++)
                    for (var t = 0; t < Taps; t++)
                        tile[(2 * ((t * pairs) + (d / 2)) * Tile) + (d % 2)] = (byte)(from[(d * Taps) + t] - IntegerWeights.Zero);
            }
        return packed;
    }

    /// <summary>Transforms the weights of 6 output channels.</summary>
    /// <param name="from">[9][count], each two numbers of 8 bits.</param>
    /// <param name="count">Pairs of channels × 6.</param>
    /// <param name="to">[36][<see cref="Pitch"/>].</param>
    /// <typeparam name="TWords">The operations.</typeparam>
    /// <typeparam name="TVector">The vector.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transform<TWords, TVector>(short* from, int count, int* to)
        where TWords : struct, IWords<TVector>
        where TVector : unmanaged
    {
        var columns = stackalloc TVector[6 * 3];
        nint pitch = Pitch(count);
        for (var k = 0; k < count; k += TWords.Count)
        {
            for (var x = 0; x < 3; x++)
            {
                Six<TWords, TVector>(
                    Words(from + (x * count) + k), Words(from + ((3 + x) * count) + k), Words(from + ((6 + x) * count) + k),
                    out var y0, out var y1, out var y2, out var y3, out var y4, out var y5);
                (columns[x], columns[3 + x], columns[6 + x]) = (y0, y1, y2);
                (columns[9 + x], columns[12 + x], columns[15 + x]) = (y3, y4, y5);
            }
            for (var y = 0; y < 6; y++)
            {
                Six<TWords, TVector>(columns[3 * y], columns[(3 * y) + 1], columns[(3 * y) + 2],
                    out var y0, out var y1, out var y2, out var y3, out var y4, out var y5);
                var at = to + (6 * y * pitch) + k;
                TWords.Store(y0, at);
                TWords.Store(y1, at + pitch);
                TWords.Store(y2, at + (2 * pitch));
                TWords.Store(y3, at + (3 * pitch));
                TWords.Store(y4, at + (4 * pitch));
                TWords.Store(y5, at + (5 * pitch));
            }
        }

        // Two signed numbers of 8 bits as two of 16.
        static TVector Words(short* from)
        {
            var both = TWords.Widen(from);
            return TWords.Or(TWords.RightUnsigned(TWords.Right(TWords.Left(both, 24), 8), 16), TWords.Left(TWords.Right(both, 8), 16));
        }
    }

    // 3 a; −(a + b + c); −(a − b + c); a + 2 b + 4 c; a − 2 b + 4 c; 3 c.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Six<TWords, TVector>(TVector a, TVector b, TVector c, out TVector y0, out TVector y1, out TVector y2, out TVector y3,
        out TVector y4, out TVector y5)
        where TWords : struct, IWords<TVector>
        where TVector : unmanaged
    {
        var (ends, far, twice) = (TWords.AddPairs(a, c), TWords.AddPairs(a, TWords.FourPairs(c)), TWords.AddPairs(b, b));
        y0 = TWords.SubtractPairs(TWords.FourPairs(a), a);
        y1 = TWords.SubtractPairs(TWords.Zero, TWords.AddPairs(ends, b));
        y2 = TWords.SubtractPairs(b, ends);
        y3 = TWords.AddPairs(far, twice);
        y4 = TWords.SubtractPairs(far, twice);
        y5 = TWords.SubtractPairs(TWords.FourPairs(c), c);
    }
}
