using System.Runtime.CompilerServices;
using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>
/// The transforms of minimal filtering with tiles of 2×2 outputs and 4×4 inputs, at the points 0, 1, -1 and infinity: Lavin and Gray,
/// CVPR 2016, section 4.1. Each number of a vector is of another tile.
/// </summary>
static unsafe class MinimalTransforms<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Products of a tile.</summary>
    public const int Products = 16;

    /// <summary>
    /// Transforms the four rows of a row of tiles along columns, and separates even columns from odd ones: column 2 j is number j of an
    /// even row, column 2 j - 1 number j of an odd one.
    /// </summary>
    /// <param name="a">The first row; readable up to a multiple of two vectors.</param>
    /// <param name="b">The second row, and so on.</param>
    /// <param name="c">The third row.</param>
    /// <param name="d">The fourth row.</param>
    /// <param name="width">Columns of the image.</param>
    /// <param name="halves">Receives odd and even columns of row 0, then of row 1, and so on; writes up to a vector too far.</param>
    /// <param name="step">Numbers from one of these to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Down(float* a, float* b, float* c, float* d, int width, float* halves, nint step)
    {
        float* odd = halves + 1, even = halves + step;
        for (nint x = 0; x < width; x += 2 * TLanes.Count, odd += TLanes.Count, even += TLanes.Count)
        {
            var (a0, a1) = (TLanes.Load(a + x), TLanes.Load(a + x + TLanes.Count));
            var (b0, b1) = (TLanes.Load(b + x), TLanes.Load(b + x + TLanes.Count));
            var (c0, c1) = (TLanes.Load(c + x), TLanes.Load(c + x + TLanes.Count));
            var (d0, d1) = (TLanes.Load(d + x), TLanes.Load(d + x + TLanes.Count));
            var (p, q) = (TLanes.Subtract(a0, c0), TLanes.Subtract(a1, c1));
            TLanes.Store(TLanes.Odd(p, q), odd);
            TLanes.Store(TLanes.Even(p, q), even);
            (p, q) = (TLanes.Add(b0, c0), TLanes.Add(b1, c1));
            TLanes.Store(TLanes.Odd(p, q), odd + 2 * step);
            TLanes.Store(TLanes.Even(p, q), even + 2 * step);
            (p, q) = (TLanes.Subtract(c0, b0), TLanes.Subtract(c1, b1));
            TLanes.Store(TLanes.Odd(p, q), odd + 4 * step);
            TLanes.Store(TLanes.Even(p, q), even + 4 * step);
            (p, q) = (TLanes.Subtract(b0, d0), TLanes.Subtract(b1, d1));
            TLanes.Store(TLanes.Odd(p, q), odd + 6 * step);
            TLanes.Store(TLanes.Even(p, q), even + 6 * step);
        }
    }

    /// <summary>Transforms what <see cref="Down"/> made along rows, for a vector of tiles.</summary>
    /// <param name="halves">The first tile in the first row.</param>
    /// <param name="step">As above.</param>
    /// <param name="to">Receives the first product's factors.</param>
    /// <param name="next">Numbers from one product's factors to the next one's.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Across(float* halves, nint step, float* to, nint next)
    {
        for (var row = 0; row < 4; row++, halves += 2 * step, to += 4 * next)
        {
            var (x0, x1) = (TLanes.Load(halves), TLanes.Load(halves + step));
            var (x2, x3) = (TLanes.Load(halves + 1), TLanes.Load(halves + step + 1));
            TLanes.Store(TLanes.Subtract(x0, x2), to);
            TLanes.Store(TLanes.Add(x1, x2), to + next);
            TLanes.Store(TLanes.Subtract(x2, x1), to + 2 * next);
            TLanes.Store(TLanes.Subtract(x1, x3), to + 3 * next);
        }
    }

    /// <summary><see cref="Across(float*, nint, float*, nint)"/> for vectors of tiles at some places.</summary>
    /// <param name="halves">The first row.</param>
    /// <param name="step">As above.</param>
    /// <param name="places">Where each vector begins in a row.</param>
    /// <param name="count">Vectors.</param>
    /// <param name="to">Receives the first product's factors: of two vectors side by side.</param>
    /// <param name="pair">Numbers from two vectors to the next two.</param>
    /// <param name="next">As above.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Across(float* halves, nint step, int* places, int count, float* to, nint pair, nint next)
    {
        for (var v = 0; v < count; v++)
            Across(halves + places[v], step, to + (v >> 1) * pair + (v & 1) * TLanes.Count, next);
    }

    /// <summary>Separates even columns of two rows of a gradient from odd ones.</summary>
    /// <param name="a">The first row; readable up to a multiple of two vectors.</param>
    /// <param name="b">The second row.</param>
    /// <param name="width">Columns of the image.</param>
    /// <param name="halves">Receives even and odd columns of both rows; writes up to a vector too far.</param>
    /// <param name="step">Numbers from one of these to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Split(float* a, float* b, int width, float* halves, nint step)
    {
        for (nint x = 0; x < width; x += 2 * TLanes.Count, halves += TLanes.Count)
        {
            var (p, q) = (TLanes.Load(a + x), TLanes.Load(a + x + TLanes.Count));
            TLanes.Store(TLanes.Even(p, q), halves);
            TLanes.Store(TLanes.Odd(p, q), halves + step);
            (p, q) = (TLanes.Load(b + x), TLanes.Load(b + x + TLanes.Count));
            TLanes.Store(TLanes.Even(p, q), halves + 2 * step);
            TLanes.Store(TLanes.Odd(p, q), halves + 3 * step);
        }
    }

    /// <summary>Transforms what <see cref="Split"/> made: 2×2 gradients to the factors of 16 products.</summary>
    /// <param name="halves">The first row.</param>
    /// <param name="step">As above.</param>
    /// <param name="places">Where each vector begins in a row.</param>
    /// <param name="count">Vectors.</param>
    /// <param name="to">Receives the first product's factors.</param>
    /// <param name="next">Numbers from one product's factors to the next one's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Spread(float* halves, nint step, int* places, int count, float* to, nint next)
    {
        var zero = TLanes.All(0);
        for (var v = 0; v < count; v++, to += TLanes.Count)
        {
            var from = halves + places[v];
            var (e0, o0) = (TLanes.Load(from), TLanes.Load(from + step));
            var (e1, o1) = (TLanes.Load(from + 2 * step), TLanes.Load(from + 3 * step));
            Spread(e0, o0, to, next);
            Spread(TLanes.Add(e0, e1), TLanes.Add(o0, o1), to + 4 * next, next);
            Spread(TLanes.Subtract(e0, e1), TLanes.Subtract(o0, o1), to + 8 * next, next);
            Spread(TLanes.Subtract(zero, e1), TLanes.Subtract(zero, o1), to + 12 * next, next);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Spread(TVector even, TVector odd, float* to, nint next)
    {
        TLanes.Store(even, to);
        TLanes.Store(TLanes.Add(even, odd), to + next);
        TLanes.Store(TLanes.Subtract(even, odd), to + 2 * next);
        TLanes.Store(TLanes.Subtract(TLanes.All(0), odd), to + 3 * next);
    }

    /// <summary>Transforms the sums of a vector of tiles to two rows of outputs, of some channels.</summary>
    /// <param name="sums">Of the first product and channel; a channel's are two vectors apart.</param>
    /// <param name="next">Numbers from one product's sums to the next one's.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="bias">Of each channel; or null.</param>
    /// <param name="to">The upper row of the first channel.</param>
    /// <param name="plane">Numbers from one channel to the next.</param>
    /// <param name="width">Numbers from the upper row to the lower one.</param>
    /// <param name="rows">Rows that are wanted.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Up(float* sums, nint next, int channels, float* bias, float* to, nint plane, nint width, int rows)
    {
        var nowhere = stackalloc float[2 * 16];
        for (var c = 0; c < channels; c++, sums += 2 * TLanes.Count, to += plane)
            UpOne(sums, next, bias == null ? 0 : bias[c], to, rows > 1 ? to + width : nowhere);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void UpOne(float* sums, nint next, float shift, float* upper, float* lower)
    {
        Column(sums, next, out var a0, out var b0);
        Column(sums + next, next, out var a1, out var b1);
        Column(sums + 2 * next, next, out var a2, out var b2);
        Column(sums + 3 * next, next, out var a3, out var b3);
        var bias = TLanes.All(shift);
        Store(TLanes.Add(TLanes.Add(a0, bias), TLanes.Add(a1, a2)), TLanes.Add(TLanes.Subtract(a1, a2), TLanes.Subtract(bias, a3)), upper);
        Store(TLanes.Add(TLanes.Add(b0, bias), TLanes.Add(b1, b2)), TLanes.Add(TLanes.Subtract(b1, b2), TLanes.Subtract(bias, b3)), lower);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Column(float* sums, nint next, out TVector upper, out TVector lower)
    {
        var (m1, m2) = (TLanes.Load(sums + 4 * next), TLanes.Load(sums + 8 * next));
        upper = TLanes.Add(TLanes.Load(sums), TLanes.Add(m1, m2));
        lower = TLanes.Subtract(TLanes.Subtract(m1, m2), TLanes.Load(sums + 12 * next));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(TVector even, TVector odd, float* to)
    {
        TLanes.Interleave(even, odd, out var first, out var second);
        TLanes.Store(first, to);
        TLanes.Store(second, to + TLanes.Count);
    }

    /// <summary>Transforms 3×3 weights of a vector of channels to 16 factors.</summary>
    /// <param name="taps">9 vectors.</param>
    /// <param name="to">Receives the factors.</param>
    /// <param name="offsets">Where each goes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Filter(float* taps, float* to, nint* offsets)
    {
        TVector a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3;
        Filter(taps, out a0, out a1, out a2, out a3);
        Filter(taps + TLanes.Count, out b0, out b1, out b2, out b3);
        Filter(taps + 2 * TLanes.Count, out c0, out c1, out c2, out c3);
        Filter(a0, b0, c0, to, offsets);
        Filter(a1, b1, c1, to, offsets + 4);
        Filter(a2, b2, c2, to, offsets + 8);
        Filter(a3, b3, c3, to, offsets + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Filter(float* taps, out TVector f0, out TVector f1, out TVector f2, out TVector f3) => Filter(
        TLanes.Load(taps), TLanes.Load(taps + 3 * TLanes.Count), TLanes.Load(taps + 6 * TLanes.Count), out f0, out f1, out f2, out f3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Filter(TVector a, TVector b, TVector c, float* to, nint* offsets)
    {
        Filter(a, b, c, out var f0, out var f1, out var f2, out var f3);
        TLanes.Store(f0, to + offsets[0]);
        TLanes.Store(f1, to + offsets[1]);
        TLanes.Store(f2, to + offsets[2]);
        TLanes.Store(f3, to + offsets[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Filter(TVector a, TVector b, TVector c, out TVector f0, out TVector f1, out TVector f2, out TVector f3)
    {
        var half = TLanes.All(0.5f);
        var outer = TLanes.Multiply(half, TLanes.Add(a, c));
        (f0, f3) = (a, c);
        f1 = TLanes.MultiplyAdd(half, b, outer);
        f2 = TLanes.MultiplyAdd(TLanes.All(-0.5f), b, outer);
    }

    /// <summary>Transforms sums over tiles to the gradients of 3×3 weights, for a vector of pairs of channels.</summary>
    /// <param name="sums">Of the first product.</param>
    /// <param name="next">Numbers from one product's sums to the next one's.</param>
    /// <param name="taps">Receives 9 vectors.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gather(float* sums, nint next, float* taps)
    {
        TVector a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2;
        Gather(sums, next, out a0, out a1, out a2);
        Gather(sums + 4 * next, next, out b0, out b1, out b2);
        Gather(sums + 8 * next, next, out c0, out c1, out c2);
        Gather(sums + 12 * next, next, out d0, out d1, out d2);
        Gather(a0, b0, c0, d0, taps);
        Gather(a1, b1, c1, d1, taps + TLanes.Count);
        Gather(a2, b2, c2, d2, taps + 2 * TLanes.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Gather(float* sums, nint next, out TVector t0, out TVector t1, out TVector t2) => Gather(TLanes.Load(sums),
        TLanes.Load(sums + next), TLanes.Load(sums + 2 * next), TLanes.Load(sums + 3 * next), out t0, out t1, out t2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Gather(TVector m0, TVector m1, TVector m2, TVector m3, float* taps)
    {
        Gather(m0, m1, m2, m3, out var t0, out var t1, out var t2);
        TLanes.Store(t0, taps);
        TLanes.Store(t1, taps + 3 * TLanes.Count);
        TLanes.Store(t2, taps + 6 * TLanes.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Gather(TVector m0, TVector m1, TVector m2, TVector m3, out TVector t0, out TVector t1, out TVector t2)
    {
        var half = TLanes.All(0.5f);
        var mean = TLanes.Multiply(half, TLanes.Add(m1, m2));
        (t0, t1, t2) = (TLanes.Add(m0, mean), TLanes.Multiply(half, TLanes.Subtract(m1, m2)), TLanes.Add(m3, mean));
    }
}
