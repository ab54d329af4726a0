using System.Runtime.CompilerServices;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// The arithmetic of F(4×4, 3×3): Winograd's minimal filtering (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR
/// 2016) at the points 0, ±√½, ±√2 and infinity, which lose half a digit less than 0, ±1, ±2. 36 products give 16 outputs that take 144
/// directly. At stride 2: F(4×4, 2×2) of the outer taps, at the points ±½, ±3⁄2 and infinity, and the middle taps directly: 81 products.
/// </summary>
static unsafe class WinogradTile<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Channels = ConvWeights.Tile;
    const float Root = 1.41421356f, HalfRoot = 0.70710678f;

    /// <summary>Transforms rows of windows along columns: six rows of the image give six rows of the buffer.</summary>
    /// <param name="rows">The start of each row of the image.</param>
    /// <param name="to">The buffer's first row.</param>
    /// <param name="pitch">Numbers from one row of the buffer to the next.</param>
    /// <param name="count">Columns; at least a whole vector is read and written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Down(float** rows, float* to, nint pitch, nint count)
    {
        float* r0 = rows[0], r1 = rows[1], r2 = rows[2], r3 = rows[3], r4 = rows[4], r5 = rows[5];
        var last = Math.Max(count - TLanes.Count, 0);
        for (nint x = 0; ; x = Math.Min(x + TLanes.Count, last))
        {
            var at = to + x;
            var (x0, x1, x2) = (TLanes.Load(r0 + x), TLanes.Load(r1 + x), TLanes.Load(r2 + x));
            var (x3, x4, x5) = (TLanes.Load(r3 + x), TLanes.Load(r4 + x), TLanes.Load(r5 + x));
            Input(ref x0, ref x1, ref x2, ref x3, ref x4, ref x5);
            TLanes.Store(x0, at);
            TLanes.Store(x1, at + pitch);
            TLanes.Store(x2, at + (2 * pitch));
            TLanes.Store(x3, at + (3 * pitch));
            TLanes.Store(x4, at + (4 * pitch));
            TLanes.Store(x5, at + (5 * pitch));
            if (x == last)
                return;
        }
    }

    /// <summary>Transforms the rows that <see cref="Down"/> wrote along rows, for two vectors of tiles.</summary>
    /// <param name="rows">The first row.</param>
    /// <param name="pitch">Numbers from one row to the next.</param>
    /// <param name="groups">Where the vectors' groups begin in the rows.</param>
    /// <param name="to">Where the first product goes; the second vector's follows the first one's.</param>
    /// <param name="step">Numbers from one product to the next.</param>
    /// <param name="both">Whether there is a second vector.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Across(float* rows, nint pitch, int* groups, float* to, nint step, bool both)
    {
        var second = groups + (TLanes.Count / TLanes.Group);
        for (var y = 0; y < WinogradPlan.Points; y++)
        {
            TLanes.LoadTiles(rows, groups, out var x0, out var x1, out var x2, out var x3, out var x4, out var x5);
            Input(ref x0, ref x1, ref x2, ref x3, ref x4, ref x5);
            TLanes.Store(x0, to);
            TLanes.Store(x1, to + step);
            TLanes.Store(x2, to + (2 * step));
            TLanes.Store(x3, to + (3 * step));
            TLanes.Store(x4, to + (4 * step));
            TLanes.Store(x5, to + (5 * step));
            var beside = to + TLanes.Count;
            rows += pitch;
            to += 6 * step;
            if (!both)
                continue;
            TLanes.LoadTiles(rows - pitch, second, out x0, out x1, out x2, out x3, out x4, out x5);
            Input(ref x0, ref x1, ref x2, ref x3, ref x4, ref x5);
            TLanes.Store(x0, beside);
            TLanes.Store(x1, beside + step);
            TLanes.Store(x2, beside + (2 * step));
            TLanes.Store(x3, beside + (3 * step));
            TLanes.Store(x4, beside + (4 * step));
            TLanes.Store(x5, beside + (5 * step));
        }
    }

    /// <summary>
    /// Like <see cref="Down"/>, for stride 2: nine rows give those of the outer taps' five points and four of the middle tap.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void DownOfStride(float** rows, float* to, nint pitch, nint count)
    {
        float* r0 = rows[0], r2 = rows[2], r4 = rows[4], r6 = rows[6], r8 = rows[8];
        float* r1 = rows[1], r3 = rows[3], r5 = rows[5], r7 = rows[7];
        var last = Math.Max(count - TLanes.Count, 0);
        for (nint x = 0; ; x = Math.Min(x + TLanes.Count, last))
        {
            var at = to + x;
            var (x0, x1, x2, x3, x4) =
                (TLanes.Load(r0 + x), TLanes.Load(r2 + x), TLanes.Load(r4 + x), TLanes.Load(r6 + x), TLanes.Load(r8 + x));
            Outer(ref x0, ref x1, ref x2, ref x3, ref x4);
            TLanes.Store(x0, at);
            TLanes.Store(x1, at + pitch);
            TLanes.Store(x2, at + (2 * pitch));
            TLanes.Store(x3, at + (3 * pitch));
            TLanes.Store(x4, at + (4 * pitch));
            TLanes.Store(TLanes.Load(r1 + x), at + (5 * pitch));
            TLanes.Store(TLanes.Load(r3 + x), at + (6 * pitch));
            TLanes.Store(TLanes.Load(r5 + x), at + (7 * pitch));
            TLanes.Store(TLanes.Load(r7 + x), at + (8 * pitch));
            if (x == last)
                return;
        }
    }

    /// <summary>Like <see cref="Across"/>, for stride 2.</summary>
    /// <param name="rows">The even columns of the first row.</param>
    /// <param name="odd">Numbers from the even columns to the odd ones.</param>
    /// <param name="pitch">Numbers from one row to the next.</param>
    /// <param name="groups">Where the vectors' groups begin in the rows.</param>
    /// <param name="to">Where the first product goes; the second vector's follows the first one's.</param>
    /// <param name="step">Numbers from one product to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AcrossOfStride(float* rows, nint odd, nint pitch, int* groups, float* to, nint step)
    {
        var second = groups + (TLanes.Count / TLanes.Group);
        for (var y = 0; y < WinogradPlan.OuterPoints + WinogradPlan.Tile; y++)
        {
            OuterAcross(rows, odd, groups, to, step);
            OuterAcross(rows, odd, second, to + TLanes.Count, step);
            rows += pitch;
            to += 9 * step;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void OuterAcross(float* row, nint odd, int* groups, float* to, nint step)
    {
        TLanes.LoadTiles(row, groups, out var x0, out var x1, out var x2, out var x3, out var x4, out _);
        Outer(ref x0, ref x1, ref x2, ref x3, ref x4);
        TLanes.Store(x0, to);
        TLanes.Store(x1, to + step);
        TLanes.Store(x2, to + (2 * step));
        TLanes.Store(x3, to + (3 * step));
        TLanes.Store(x4, to + (4 * step));
        TLanes.LoadTiles(row + odd, groups, out x0, out x1, out x2, out x3, out _, out _);
        TLanes.Store(x0, to + (5 * step));
        TLanes.Store(x1, to + (6 * step));
        TLanes.Store(x2, to + (7 * step));
        TLanes.Store(x3, to + (8 * step));
    }

    /// <summary>Computes some products of 6 output channels and two vectors of tiles, summed over input channels.</summary>
    /// <param name="window">Products along one axis of a tile. At stride 2 there are 9, and the last four share one weight.</param>
    /// <param name="begin">The first product.</param>
    /// <param name="end">The product after the last one.</param>
    /// <param name="weights">[36][channels][6].</param>
    /// <param name="weightStep">Numbers from one of the 36 to the next.</param>
    /// <param name="inputs">[products][channels][2 vectors], with a gap between products.</param>
    /// <param name="gap">Numbers in the gap.</param>
    /// <param name="channels">The number of input channels.</param>
    /// <param name="sums">[products][6][2 vectors]; read unless <paramref name="first"/>, then overwritten.</param>
    /// <param name="first">Whether the sums start at 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int window, int begin, int end, float* weights, nint weightStep, float* inputs, nint gap, int channels,
        float* sums, bool first)
    {
        var x = inputs + (begin * (gap + (channels * 2 * TLanes.Count)));
        sums += begin * 12 * TLanes.Count;
        int row = begin / window, column = begin % window;
        for (var f = begin; f < end; f++)
        {
            const int last = WinogradPlan.Points - 1;
            var w = weights + (((Math.Min(row, last) * WinogradPlan.Points) + Math.Min(column, last)) * weightStep);
            if (++column == window)
                (row, column) = (row + 1, 0);
            TVector a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1;
            if (first)
                a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = e0 = e1 = f0 = f1 = TLanes.All(0);
            else
            {
                (a0, a1, b0) = (TLanes.Load(sums), TLanes.Load(sums + TLanes.Count), TLanes.Load(sums + (2 * TLanes.Count)));
                (b1, c0) = (TLanes.Load(sums + (3 * TLanes.Count)), TLanes.Load(sums + (4 * TLanes.Count)));
                (c1, d0) = (TLanes.Load(sums + (5 * TLanes.Count)), TLanes.Load(sums + (6 * TLanes.Count)));
                (d1, e0) = (TLanes.Load(sums + (7 * TLanes.Count)), TLanes.Load(sums + (8 * TLanes.Count)));
                (e1, f0) = (TLanes.Load(sums + (9 * TLanes.Count)), TLanes.Load(sums + (10 * TLanes.Count)));
                f1 = TLanes.Load(sums + (11 * TLanes.Count));
            }
            for (var c = channels; c > 0; c--)
            {
                var p = TLanes.Load(x);
                var q = TLanes.Load(x + TLanes.Count);
                var k = TLanes.All(w[0]);
                a0 = TLanes.MultiplyAdd(k, p, a0);
                a1 = TLanes.MultiplyAdd(k, q, a1);
                k = TLanes.All(w[1]);
                b0 = TLanes.MultiplyAdd(k, p, b0);
                b1 = TLanes.MultiplyAdd(k, q, b1);
                k = TLanes.All(w[2]);
                c0 = TLanes.MultiplyAdd(k, p, c0);
                c1 = TLanes.MultiplyAdd(k, q, c1);
                k = TLanes.All(w[3]);
                d0 = TLanes.MultiplyAdd(k, p, d0);
                d1 = TLanes.MultiplyAdd(k, q, d1);
                k = TLanes.All(w[4]);
                e0 = TLanes.MultiplyAdd(k, p, e0);
                e1 = TLanes.MultiplyAdd(k, q, e1);
                k = TLanes.All(w[5]);
                f0 = TLanes.MultiplyAdd(k, p, f0);
                f1 = TLanes.MultiplyAdd(k, q, f1);
                w += Channels;
                x += 2 * TLanes.Count;
            }
            TLanes.Store(a0, sums);
            TLanes.Store(a1, sums + TLanes.Count);
            TLanes.Store(b0, sums + (2 * TLanes.Count));
            TLanes.Store(b1, sums + (3 * TLanes.Count));
            TLanes.Store(c0, sums + (4 * TLanes.Count));
            TLanes.Store(c1, sums + (5 * TLanes.Count));
            TLanes.Store(d0, sums + (6 * TLanes.Count));
            TLanes.Store(d1, sums + (7 * TLanes.Count));
            TLanes.Store(e0, sums + (8 * TLanes.Count));
            TLanes.Store(e1, sums + (9 * TLanes.Count));
            TLanes.Store(f0, sums + (10 * TLanes.Count));
            TLanes.Store(f1, sums + (11 * TLanes.Count));
            sums += 12 * TLanes.Count;
            x += gap;
        }
    }

    /// <summary>Transforms the sums of a vector of tiles to outputs along columns.</summary>
    /// <param name="window">Products along one axis of a tile.</param>
    /// <param name="sums">The sums of the first product.</param>
    /// <param name="step">Numbers from one product to the next.</param>
    /// <param name="rows">Receives 4 rows of a window of vectors.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Up(int window, float* sums, nint step, float* rows)
    {
        var (down, pitch) = (window * step, window * TLanes.Count);
        for (var x = 0; x < window; x++)
        {
            TVector y0, y1, y2, y3;
            if (window == WinogradPlan.Points)
                Output(sums, down, out y0, out y1, out y2, out y3);
            else
                OutputOfStride(sums, down, out y0, out y1, out y2, out y3);
            TLanes.Store(y0, rows);
            TLanes.Store(y1, rows + pitch);
            TLanes.Store(y2, rows + (2 * pitch));
            TLanes.Store(y3, rows + (3 * pitch));
            sums += step;
            rows += TLanes.Count;
        }
    }

    /// <summary>Writes the outputs of a vector of tiles that lie inside the image: max(floor, sum + shift + addend).</summary>
    /// <param name="window">Products along one axis of a tile.</param>
    /// <param name="sums">The sums of the first product.</param>
    /// <param name="step">Numbers from one product to the next.</param>
    /// <param name="rows">Room for 4 rows of a window of vectors.</param>
    /// <param name="shift">The channel's bias.</param>
    /// <param name="floor">The least output: 0 for ReLU, else -∞.</param>
    /// <param name="places">The offset of each of a row's 4 vectors in the output.</param>
    /// <param name="pitch">Numbers from one row of the output to the next.</param>
    /// <param name="addend">The channel's addend, or null.</param>
    /// <param name="output">The channel's output.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Outputs(int window, float* sums, nint step, float* rows, float shift, float floor, nint* places, nint pitch,
        float* addend, float* output)
    {
        Up(window, sums, step, rows);
        var (bias, least) = (TLanes.All(shift), TLanes.All(floor));
        nint p0 = places[0], p1 = places[1], p2 = places[2], p3 = places[3];
        for (var y = 0; y < WinogradPlan.Tile; y++)
        {
            Row(window, rows, out var y0, out var y1, out var y2, out var y3);
            (y0, y1, y2, y3) = (TLanes.Add(y0, bias), TLanes.Add(y1, bias), TLanes.Add(y2, bias), TLanes.Add(y3, bias));
            if (addend != null)
            {
                y0 = TLanes.Add(y0, TLanes.Load(addend + p0));
                y1 = TLanes.Add(y1, TLanes.Load(addend + p1));
                y2 = TLanes.Add(y2, TLanes.Load(addend + p2));
                y3 = TLanes.Add(y3, TLanes.Load(addend + p3));
                addend += pitch;
            }
            TLanes.Store(TLanes.AtLeast(least, y0), output + p0);
            TLanes.Store(TLanes.AtLeast(least, y1), output + p1);
            TLanes.Store(TLanes.AtLeast(least, y2), output + p2);
            TLanes.Store(TLanes.AtLeast(least, y3), output + p3);
            output += pitch;
            rows += window * TLanes.Count;
        }
    }

    /// <summary>Like the other overload that writes outputs, where some of them lie outside the image.</summary>
    /// <param name="window">Products along one axis of a tile.</param>
    /// <param name="sums">The sums of the first product.</param>
    /// <param name="step">Numbers from one product to the next.</param>
    /// <param name="rows">Room for 4 rows of a window of vectors.</param>
    /// <param name="shift">The channel's bias.</param>
    /// <param name="floor">The least output: 0 for ReLU, else -∞.</param>
    /// <param name="places">The offset of each of a row's 4 vectors in the output.</param>
    /// <param name="counts">For each row, how many numbers of each vector lie inside.</param>
    /// <param name="pitch">Numbers from one row of the output to the next.</param>
    /// <param name="addend">The channel's addend, or null.</param>
    /// <param name="output">The channel's output.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OutputsInside(int window, float* sums, nint step, float* rows, float shift, float floor, nint* places, int* counts,
        nint pitch, float* addend, float* output)
    {
        Up(window, sums, step, rows);
        var (bias, least) = (TLanes.All(shift), TLanes.All(floor));
        for (var y = 0; y < WinogradPlan.Tile; y++)
        {
            Row(window, rows, out var y0, out var y1, out var y2, out var y3);
            Inside(y0, bias, least, places[0], counts[0], addend, output);
            Inside(y1, bias, least, places[1], counts[1], addend, output);
            Inside(y2, bias, least, places[2], counts[2], addend, output);
            Inside(y3, bias, least, places[3], counts[3], addend, output);
            addend += addend == null ? 0 : pitch;
            output += pitch;
            counts += WinogradPlan.Tile;
            rows += window * TLanes.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Inside(TVector value, TVector bias, TVector least, nint place, int count, float* addend, float* output)
    {
        if (count == 0)
            return;
        value = TLanes.Add(value, bias);
        if (addend != null)
            value = TLanes.Add(value, TLanes.LoadFirst(addend + place, count));
        TLanes.StoreFirst(TLanes.AtLeast(least, value), output + place, count);
    }

    /// <summary>Transforms the sums of a vector of tiles to outputs, and orders them as rows of 4 vectors.</summary>
    /// <param name="window">Products along one axis of a tile.</param>
    /// <param name="sums">The sums of the first product.</param>
    /// <param name="step">Numbers from one product to the next.</param>
    /// <param name="rows">Room for 4 rows of a window of vectors; the first 16 vectors are the result.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Outputs(int window, float* sums, nint step, float* rows)
    {
        Up(window, sums, step, rows);
        var to = rows;
        for (var y = 0; y < WinogradPlan.Tile; y++)
        {
            Row(window, rows, out var y0, out var y1, out var y2, out var y3);
            TLanes.Store(y0, to);
            TLanes.Store(y1, to + TLanes.Count);
            TLanes.Store(y2, to + (2 * TLanes.Count));
            TLanes.Store(y3, to + (3 * TLanes.Count));
            rows += window * TLanes.Count;
            to += 4 * TLanes.Count;
        }
    }

    /// <summary>Transforms the sums of a vector of channels, of one tile, to the tile's pixels.</summary>
    /// <param name="window">Products along one axis of the tile.</param>
    /// <param name="sums">The sums of the first product.</param>
    /// <param name="step">Numbers from one product to the next.</param>
    /// <param name="rows">Room for 4 rows of a window of vectors.</param>
    /// <param name="to">Receives the vectors of the first row's 4 pixels.</param>
    /// <param name="pitch">Numbers from one row to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pixels(int window, float* sums, nint step, float* rows, float* to, nint pitch)
    {
        Up(window, sums, step, rows);
        for (var y = 0; y < WinogradPlan.Tile; y++, rows += window * TLanes.Count, to += pitch)
        {
            TVector y0, y1, y2, y3;
            if (window == WinogradPlan.Points)
                Output(rows, TLanes.Count, out y0, out y1, out y2, out y3);
            else
                OutputOfStride(rows, TLanes.Count, out y0, out y1, out y2, out y3);
            TLanes.Store(y0, to);
            TLanes.Store(y1, to + TLanes.Count);
            TLanes.Store(y2, to + (2 * TLanes.Count));
            TLanes.Store(y3, to + (3 * TLanes.Count));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Row(int window, float* row, out TVector y0, out TVector y1, out TVector y2, out TVector y3)
    {
        if (window == WinogradPlan.Points)
            Output(row, TLanes.Count, out y0, out y1, out y2, out y3);
        else
            OutputOfStride(row, TLanes.Count, out y0, out y1, out y2, out y3);
        TLanes.ToRow(ref y0, ref y1, ref y2, ref y3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Input(ref TVector x0, ref TVector x1, ref TVector x2, ref TVector x3, ref TVector x4, ref TVector x5)
    {
        var fiveHalves = TLanes.All(-2.5f);
        x0 = TLanes.MultiplyAdd(fiveHalves, x2, TLanes.Add(x0, x4));
        x5 = TLanes.MultiplyAdd(fiveHalves, x3, TLanes.Add(x1, x5));
        var two = TLanes.All(-2);
        var half = TLanes.All(-0.5f);
        var (even, odd) = (TLanes.MultiplyAdd(two, x2, x4), TLanes.MultiplyAdd(two, x1, x3));
        var (evenHalf, oddHalf) = (TLanes.MultiplyAdd(half, x2, x4), TLanes.MultiplyAdd(half, x1, x3));
        x1 = TLanes.MultiplyAdd(TLanes.All(HalfRoot), odd, even);
        x2 = TLanes.MultiplyAdd(TLanes.All(-HalfRoot), odd, even);
        x3 = TLanes.MultiplyAdd(TLanes.All(Root), oddHalf, evenHalf);
        x4 = TLanes.MultiplyAdd(TLanes.All(-Root), oddHalf, evenHalf);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Outer(ref TVector x0, ref TVector x1, ref TVector x2, ref TVector x3, ref TVector x4)
    {
        var quarter = TLanes.All(-0.25f);
        var far = TLanes.All(-2.25f);
        var (odd, even) = (TLanes.MultiplyAdd(far, x1, x3), TLanes.MultiplyAdd(far, x0, x2));
        var (oddFar, evenFar) = (TLanes.MultiplyAdd(quarter, x1, x3), TLanes.MultiplyAdd(quarter, x0, x2));
        x4 = TLanes.MultiplyAdd(TLanes.All(0.5625f), x0, TLanes.MultiplyAdd(TLanes.All(-2.5f), x2, x4));
        x0 = TLanes.MultiplyAdd(TLanes.All(0.5f), even, odd);
        x1 = TLanes.MultiplyAdd(TLanes.All(-0.5f), even, odd);
        x2 = TLanes.MultiplyAdd(TLanes.All(1.5f), evenFar, oddFar);
        x3 = TLanes.MultiplyAdd(TLanes.All(-1.5f), evenFar, oddFar);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void OutputOfStride(float* from, nint step, out TVector y0, out TVector y1, out TVector y2, out TVector y3)
    {
        var (m0, m1) = (TLanes.Load(from), TLanes.Load(from + step));
        var (m2, m3) = (TLanes.Load(from + (2 * step)), TLanes.Load(from + (3 * step)));
        var (sum, difference) = (TLanes.Add(m0, m1), TLanes.Subtract(m0, m1));
        var (sumFar, differenceFar) = (TLanes.Add(m2, m3), TLanes.Subtract(m2, m3));
        y0 = TLanes.Add(TLanes.Load(from + (5 * step)), TLanes.Add(sum, sumFar));
        y1 = TLanes.MultiplyAdd(TLanes.All(1.5f), differenceFar,
            TLanes.MultiplyAdd(TLanes.All(0.5f), difference, TLanes.Load(from + (6 * step))));
        y2 = TLanes.MultiplyAdd(TLanes.All(2.25f), sumFar, TLanes.MultiplyAdd(TLanes.All(0.25f), sum, TLanes.Load(from + (7 * step))));
        var last = TLanes.Add(TLanes.Load(from + (4 * step)), TLanes.Load(from + (8 * step)));
        y3 = TLanes.MultiplyAdd(TLanes.All(3.375f), differenceFar, TLanes.MultiplyAdd(TLanes.All(0.125f), difference, last));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Output(float* from, nint step, out TVector y0, out TVector y1, out TVector y2, out TVector y3)
    {
        var (m0, m1, m2) = (TLanes.Load(from), TLanes.Load(from + step), TLanes.Load(from + (2 * step)));
        var (m3, m4) = (TLanes.Load(from + (3 * step)), TLanes.Load(from + (4 * step)));
        var (sum, difference) = (TLanes.Add(m1, m2), TLanes.Subtract(m1, m2));
        var (sumFar, differenceFar) = (TLanes.Add(m3, m4), TLanes.Subtract(m3, m4));
        y0 = TLanes.Add(m0, TLanes.Add(sum, sumFar));
        y1 = TLanes.MultiplyAdd(TLanes.All(Root), differenceFar, TLanes.Multiply(TLanes.All(HalfRoot), difference));
        y2 = TLanes.MultiplyAdd(TLanes.All(2), sumFar, TLanes.Multiply(TLanes.All(0.5f), sum));
        y3 = TLanes.MultiplyAdd(TLanes.All(2 * Root), differenceFar,
            TLanes.MultiplyAdd(TLanes.All(HalfRoot / 2), difference, TLanes.Load(from + (5 * step))));
    }
}
