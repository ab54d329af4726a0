using System.Runtime.CompilerServices;
using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>The transforms of <see cref="HalvingScheme"/>. Each number of a vector is of another tile.</summary>
static unsafe class HalvingTransforms<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Transforms the five rows of a row of tiles along columns, and separates columns: o0 and o2, e0, o1, e1.</summary>
    /// <param name="rows">The rows; readable up to a multiple of four vectors.</param>
    /// <param name="width">Columns of the image.</param>
    /// <param name="quarters">
    /// Receives four rows for each of five; o2 of a tile lies after its o0; writes up to a vector too far.
    /// </param>
    /// <param name="step">Numbers from one of these to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Down(float** rows, int width, float* quarters, nint step)
    {
        float* a = rows[0], b = rows[1], c = rows[2], d = rows[3], e = rows[4];
        for (nint x = 0; x < width; x += 4 * TLanes.Count, quarters += TLanes.Count)
        {
            Quarter(b + x, quarters + 4 * step, step);
            Quarter(c + x, quarters + 8 * step, step);
            Quarter(d + x, quarters + 16 * step, step);
            Difference(a + x, c + x, quarters, step);
            Difference(e + x, c + x, quarters + 12 * step, step);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Quarter(float* row, float* to, nint step) => Quarter(TLanes.Load(row), TLanes.Load(row + TLanes.Count),
        TLanes.Load(row + 2 * TLanes.Count), TLanes.Load(row + 3 * TLanes.Count), to, step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Difference(float* row, float* other, float* to, nint step) => Quarter(
        TLanes.Subtract(TLanes.Load(row), TLanes.Load(other)),
        TLanes.Subtract(TLanes.Load(row + TLanes.Count), TLanes.Load(other + TLanes.Count)),
        TLanes.Subtract(TLanes.Load(row + 2 * TLanes.Count), TLanes.Load(other + 2 * TLanes.Count)),
        TLanes.Subtract(TLanes.Load(row + 3 * TLanes.Count), TLanes.Load(other + 3 * TLanes.Count)), to, step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Quarter(TVector p, TVector q, TVector r, TVector s, float* to, nint step)
    {
        var (even, more) = (TLanes.Even(p, q), TLanes.Even(r, s));
        TLanes.Store(TLanes.Even(even, more), to + step);
        TLanes.Store(TLanes.Odd(even, more), to + 3 * step);
        (even, more) = (TLanes.Odd(p, q), TLanes.Odd(r, s));
        TLanes.Store(TLanes.Even(even, more), to + 2 * step);
        TLanes.Store(TLanes.Odd(even, more), to + 1);
    }

    /// <summary>Transforms what <see cref="Down"/> made along rows, for vectors of tiles: 25 factors.</summary>
    /// <param name="quarters">The first row.</param>
    /// <param name="step">As above.</param>
    /// <param name="places">Where each vector begins in a row.</param>
    /// <param name="count">Vectors.</param>
    /// <param name="to">Receives the factors.</param>
    /// <param name="offsets">Where each factor goes.</param>
    /// <param name="pair">Numbers from two vectors, which are side by side, to the next two.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Across(float* quarters, nint step, int* places, int count, float* to, nint* offsets, nint pair)
    {
        for (var v = 0; v < count; v++)
        {
            var from = quarters + places[v];
            var target = to + (v >> 1) * pair + (v & 1) * TLanes.Count;
            for (var r = 0; r < HalvingScheme.Products; r += 5, from += 4 * step)
            {
                var middle = TLanes.Load(from + 2 * step);
                TLanes.Store(TLanes.Subtract(TLanes.Load(from), middle), target + offsets[r]);
                TLanes.Store(TLanes.Load(from + step), target + offsets[r + 1]);
                TLanes.Store(middle, target + offsets[r + 2]);
                TLanes.Store(TLanes.Subtract(TLanes.Load(from + 1), middle), target + offsets[r + 3]);
                TLanes.Store(TLanes.Load(from + 3 * step), target + offsets[r + 4]);
            }
        }
    }

    /// <summary>Transforms three rows of gradients along columns, and separates even columns from odd ones: of four rows.</summary>
    /// <param name="rows">The rows; readable up to a multiple of two vectors.</param>
    /// <param name="width">Columns.</param>
    /// <param name="halves">Receives even and odd columns of each; writes up to a vector too far.</param>
    /// <param name="step">Numbers from one of these to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void BackDown(float** rows, int width, float* halves, nint step)
    {
        float* a = rows[0], b = rows[1], c = rows[2];
        for (nint x = 0; x < width; x += 2 * TLanes.Count, halves += TLanes.Count)
        {
            var (a0, a1) = (TLanes.Load(a + x), TLanes.Load(a + x + TLanes.Count));
            var (b0, b1) = (TLanes.Load(b + x), TLanes.Load(b + x + TLanes.Count));
            var (c0, c1) = (TLanes.Load(c + x), TLanes.Load(c + x + TLanes.Count));
            Halve(TLanes.Subtract(a0, b0), TLanes.Subtract(a1, b1), halves, step);
            Halve(b0, b1, halves + 2 * step, step);
            Halve(TLanes.Subtract(c0, b0), TLanes.Subtract(c1, b1), halves + 4 * step, step);
            Halve(a0, a1, halves + 6 * step, step);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Halve(TVector p, TVector q, float* to, nint step)
    {
        TLanes.Store(TLanes.Even(p, q), to);
        TLanes.Store(TLanes.Odd(p, q), to + step);
    }

    /// <summary><see cref="Across"/> for gradients on the way back: 16 factors.</summary>
    /// <param name="halves">The first row.</param>
    /// <param name="step">As above.</param>
    /// <param name="places">Where each vector begins in a row.</param>
    /// <param name="count">Vectors.</param>
    /// <param name="to">Receives the factors, two vectors of tiles side by side.</param>
    /// <param name="next">Numbers from a factor to the next.</param>
    /// <param name="pair">Numbers from two vectors to the next two.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void BackAcross(float* halves, nint step, int* places, int count, float* to, nint next, nint pair)
    {
        for (var v = 0; v < count; v++)
        {
            var from = halves + places[v];
            var target = to + (v >> 1) * pair + (v & 1) * TLanes.Count;
            for (var r = 0; r < 4; r++, from += 2 * step, target += 4 * next)
            {
                var (first, middle) = (TLanes.Load(from), TLanes.Load(from + step));
                TLanes.Store(TLanes.Subtract(first, middle), target);
                TLanes.Store(middle, target + next);
                TLanes.Store(TLanes.Subtract(TLanes.Load(from + 1), middle), target + 2 * next);
                TLanes.Store(first, target + 3 * next);
            }
        }
    }

    /// <summary>
    /// Transforms 2×2 gradients, separated by <see cref="MinimalTransforms{TLanes, TVector}.Split"/>, to those of 9 sums.
    /// </summary>
    /// <param name="halves">The first row.</param>
    /// <param name="step">Numbers from one of these to the next.</param>
    /// <param name="places">Where each vector begins in a row.</param>
    /// <param name="count">Vectors.</param>
    /// <param name="to">Receives the first sum's.</param>
    /// <param name="next">Numbers from one sum's to the next one's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Spread(float* halves, nint step, int* places, int count, float* to, nint next)
    {
        for (var v = 0; v < count; v++, to += TLanes.Count)
        {
            var from = halves + places[v];
            var (e0, o0) = (TLanes.Load(from), TLanes.Load(from + step));
            var (e1, o1) = (TLanes.Load(from + 2 * step), TLanes.Load(from + 3 * step));
            Spread(e0, o0, to, next);
            Spread(TLanes.Add(e0, e1), TLanes.Add(o0, o1), to + 3 * next, next);
            Spread(e1, o1, to + 6 * next, next);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Spread(TVector even, TVector odd, float* to, nint next)
    {
        TLanes.Store(even, to);
        TLanes.Store(TLanes.Add(even, odd), to + next);
        TLanes.Store(odd, to + 2 * next);
    }

    /// <summary>Transforms the 9 sums of a vector of tiles to two rows of outputs, of some channels.</summary>
    /// <param name="sums">Of the first channel; a channel's are two vectors apart.</param>
    /// <param name="next">Numbers from one sum to the next.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="bias">Of each channel; or null.</param>
    /// <param name="to">The upper row of the first channel.</param>
    /// <param name="plane">Numbers from one channel to the next.</param>
    /// <param name="width">Numbers from a row to the next.</param>
    /// <param name="rows">Rows that are wanted.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Up(float* sums, nint next, int channels, float* bias, float* to, nint plane, nint width, int rows)
    {
        var nowhere = stackalloc float[2 * 16];
        for (var c = 0; c < channels; c++, sums += 2 * TLanes.Count, to += plane)
        {
            var shift = TLanes.All(bias == null ? 0 : bias[c]);
            UpRow(sums, sums + 3 * next, next, shift, to);
            UpRow(sums + 3 * next, sums + 6 * next, next, shift, rows > 1 ? to + width : nowhere);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void UpRow(float* a, float* b, nint next, TVector shift, float* to)
    {
        var middle = TLanes.Add(shift, TLanes.Add(TLanes.Load(a + next), TLanes.Load(b + next)));
        var left = TLanes.Add(middle, TLanes.Add(TLanes.Load(a), TLanes.Load(b)));
        var right = TLanes.Add(middle, TLanes.Add(TLanes.Load(a + 2 * next), TLanes.Load(b + 2 * next)));
        TLanes.Interleave(left, right, out var first, out var second);
        TLanes.Store(first, to);
        TLanes.Store(second, to + TLanes.Count);
    }

    /// <summary>The same on the way back: 25 sums to four rows.</summary>
    /// <param name="sums">Of the first channel; a channel's are two vectors apart.</param>
    /// <param name="next">Numbers from one sum to the next.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="to">The first row of the first channel.</param>
    /// <param name="plane">Numbers from one channel to the next.</param>
    /// <param name="width">Numbers from a row to the next.</param>
    /// <param name="rows">Rows that are wanted.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void BackUp(float* sums, nint next, int channels, float* to, nint plane, nint width, int rows)
    {
        for (var c = 0; c < channels; c++, sums += 2 * TLanes.Count, to += plane)
        {
            BackRow(sums + 15 * next, next, to);
            if (rows > 1)
                BackRows(sums, sums + 5 * next, next, to + width);
            if (rows > 2)
                BackRow(sums + 20 * next, next, to + 2 * width);
            if (rows > 3)
                BackRows(sums + 5 * next, sums + 10 * next, next, to + 3 * width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void BackRow(float* a, nint next, float* to) => Store(TLanes.Load(a), TLanes.Load(a + next), TLanes.Load(a + 2 * next),
        TLanes.Load(a + 3 * next), TLanes.Load(a + 4 * next), to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void BackRows(float* a, float* b, nint next, float* to) => Store(TLanes.Add(TLanes.Load(a), TLanes.Load(b)),
        TLanes.Add(TLanes.Load(a + next), TLanes.Load(b + next)), TLanes.Add(TLanes.Load(a + 2 * next), TLanes.Load(b + 2 * next)),
        TLanes.Add(TLanes.Load(a + 3 * next), TLanes.Load(b + 3 * next)),
        TLanes.Add(TLanes.Load(a + 4 * next), TLanes.Load(b + 4 * next)), to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(TVector left, TVector middle, TVector right, TVector even, TVector odd, float* to)
    {
        TLanes.Interleave(even, odd, out var e0, out var e1);
        TLanes.Interleave(TLanes.Add(left, middle), TLanes.Add(middle, right), out var o0, out var o1);
        TLanes.Interleave(e0, o0, out var first, out var second);
        TLanes.Store(first, to);
        TLanes.Store(second, to + TLanes.Count);
        TLanes.Interleave(e1, o1, out first, out second);
        TLanes.Store(first, to + 2 * TLanes.Count);
        TLanes.Store(second, to + 3 * TLanes.Count);
    }

    /// <summary>Transforms 3×3 weights of a vector of channels to 25 factors.</summary>
    /// <param name="taps">9 vectors.</param>
    /// <param name="to">Receives the factors.</param>
    /// <param name="offsets">Where each factor goes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Filter(float* taps, float* to, nint* offsets)
    {
        for (var y = 0; y < HalvingScheme.Products; y += 5)
        {
            var (a, b, c) = (Along(taps, y / 5), Along(taps + TLanes.Count, y / 5), Along(taps + 2 * TLanes.Count, y / 5));
            TLanes.Store(a, to + offsets[y]);
            TLanes.Store(b, to + offsets[y + 1]);
            TLanes.Store(TLanes.Add(a, c), to + offsets[y + 2]);
            TLanes.Store(c, to + offsets[y + 3]);
            TLanes.Store(b, to + offsets[y + 4]);
        }
    }

    /// <summary>The same to 16 factors of the way back.</summary>
    /// <param name="taps">9 vectors.</param>
    /// <param name="to">Receives the factors.</param>
    /// <param name="offsets">Where each factor goes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void BackFilter(float* taps, float* to, nint* offsets)
    {
        for (var y = 0; y < HalvingScheme.BackFactors; y += 4)
        {
            var product = y switch { 0 => 3, 4 => 2, 8 => 0, _ => 1 };
            var (a, b, c) = (Along(taps, product), Along(taps + TLanes.Count, product), Along(taps + 2 * TLanes.Count, product));
            TLanes.Store(c, to + offsets[y]);
            TLanes.Store(TLanes.Add(a, c), to + offsets[y + 1]);
            TLanes.Store(a, to + offsets[y + 2]);
            TLanes.Store(b, to + offsets[y + 3]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector Along(float* taps, int product)
    {
        var (first, last) = (TLanes.Load(taps), TLanes.Load(taps + 6 * TLanes.Count));
        return product switch
        {
            0 => first,
            2 => TLanes.Add(first, last),
            3 => last,
            _ => TLanes.Load(taps + 3 * TLanes.Count),
        };
    }

    /// <summary>Transforms sums over tiles to the gradients of 3×3 weights, for a vector of pairs of channels.</summary>
    /// <param name="sums">25 vectors.</param>
    /// <param name="taps">Receives 9 vectors.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gather(float* sums, float* taps)
    {
        for (var x = 0; x < 3; x++, taps += TLanes.Count)
        {
            var middle = Column(sums + 10 * TLanes.Count, x);
            TLanes.Store(TLanes.Add(Column(sums, x), middle), taps);
            TLanes.Store(TLanes.Add(Column(sums + 5 * TLanes.Count, x), Column(sums + 20 * TLanes.Count, x)), taps + 3 * TLanes.Count);
            TLanes.Store(TLanes.Add(Column(sums + 15 * TLanes.Count, x), middle), taps + 6 * TLanes.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector Column(float* row, int tap)
    {
        var (a, b) = tap switch { 0 => (0, 2), 1 => (1, 4), _ => (3, 2) };
        return TLanes.Add(TLanes.Load(row + a * TLanes.Count), TLanes.Load(row + b * TLanes.Count));
    }
}
