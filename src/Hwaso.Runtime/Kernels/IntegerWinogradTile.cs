using System.Runtime.CompilerServices;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// The parts of Winograd's F(4×4, 3×3) on integers, for a vector of tiles. All sums are exact modulo 2³².
/// </summary>
static unsafe class IntegerWinogradTile<TWords, TVector>
    where TWords : struct, IWords<TVector>
    where TVector : unmanaged
{
    const int Points = 6, Channels = IntegerWinogradWeights.Tile;

    // 9 × this = 1 modulo 2³².
    const int NinthInverse = 954437177;

    /// <summary>Transforms the windows of a vector of tiles, of two channels.</summary>
    /// <param name="even">The first channel's lines: for each of 6 rows the first 4 bytes of each tile's window.</param>
    /// <param name="odd">The second channel's.</param>
    /// <param name="next">Bytes to the last 2 bytes of the windows, which begin 4 bytes too.</param>
    /// <param name="pitch">Bytes from one line to the next.</param>
    /// <param name="rows">Room for 36 vectors.</param>
    /// <param name="to">Where the first of 36 vectors goes.</param>
    /// <param name="step">Vectors from one to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Inputs(byte* even, byte* odd, nint next, nint pitch, TVector* rows, TVector* to, nint step)
    {
        var (low, high) = (TWords.All(0xff), TWords.All(0xff0000));
        var row = rows;
        for (var y = 0; y < Points; y++)
        {
            var (a, b) = (TWords.Load(even), TWords.Load(odd));
            var x0 = TWords.Or(TWords.And(a, low), TWords.And(TWords.Left(b, 16), high));
            var x1 = TWords.Or(TWords.And(TWords.RightUnsigned(a, 8), low), TWords.And(TWords.Left(b, 8), high));
            var x2 = TWords.Or(TWords.And(TWords.RightUnsigned(a, 16), low), TWords.And(b, high));
            var x3 = TWords.Or(TWords.RightUnsigned(a, 24), TWords.And(TWords.RightUnsigned(b, 8), high));
            (a, b) = (TWords.Load(even + next), TWords.Load(odd + next));
            var x4 = TWords.Or(TWords.And(a, low), TWords.And(TWords.Left(b, 16), high));
            var x5 = TWords.Or(TWords.And(TWords.RightUnsigned(a, 8), low), TWords.And(TWords.Left(b, 8), high));
            Input(ref x0, ref x1, ref x2, ref x3, ref x4, ref x5);
            (row[0], row[1], row[2]) = (x0, x1, x2);
            (row[3], row[4], row[5]) = (x3, x4, x5);
            row += Points;
            even += pitch;
            odd += pitch;
        }
        for (var x = 0; x < Points; x++)
        {
            var (x0, x1, x2) = (rows[0], rows[6], rows[12]);
            var (x3, x4, x5) = (rows[18], rows[24], rows[30]);
            Input(ref x0, ref x1, ref x2, ref x3, ref x4, ref x5);
            to[0] = x0;
            to[6 * step] = x1;
            to[12 * step] = x2;
            to[18 * step] = x3;
            to[24 * step] = x4;
            to[30 * step] = x5;
            rows++;
            to += step;
        }
    }

    /// <summary>Sums some products of 6 output channels and two vectors of tiles over pairs of channels.</summary>
    /// <param name="weights">[count][pairs][6].</param>
    /// <param name="pitch">Numbers from the weights of one product to the next.</param>
    /// <param name="inputs">[count][pairs][2].</param>
    /// <param name="pairs">Pairs of input channels.</param>
    /// <param name="sums">[count][6][2].</param>
    /// <param name="count">How many products.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int* weights, nint pitch, TVector* inputs, int pairs, TVector* sums, int count)
    {
        for (; count > 0; count--)
        {
            Multiply(weights, inputs, pairs, sums);
            weights += pitch;
            inputs += 2 * pairs;
            sums += 2 * Channels;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Multiply(int* weights, TVector* inputs, int pairs, TVector* sums)
    {
        TVector a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1;
        a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = e0 = e1 = f0 = f1 = TWords.Zero;
        for (; pairs > 0; pairs--)
        {
            var (p, q) = (inputs[0], inputs[1]);
            var k = TWords.All(weights[0]);
            a0 = TWords.Dot(a0, p, k);
            a1 = TWords.Dot(a1, q, k);
            k = TWords.All(weights[1]);
            b0 = TWords.Dot(b0, p, k);
            b1 = TWords.Dot(b1, q, k);
            k = TWords.All(weights[2]);
            c0 = TWords.Dot(c0, p, k);
            c1 = TWords.Dot(c1, q, k);
            k = TWords.All(weights[3]);
            d0 = TWords.Dot(d0, p, k);
            d1 = TWords.Dot(d1, q, k);
            k = TWords.All(weights[4]);
            e0 = TWords.Dot(e0, p, k);
            e1 = TWords.Dot(e1, q, k);
            k = TWords.All(weights[5]);
            f0 = TWords.Dot(f0, p, k);
            f1 = TWords.Dot(f1, q, k);
            weights += Channels;
            inputs += 2;
        }
        (sums[0], sums[1], sums[2], sums[3]) = (a0, a1, b0, b1);
        (sums[4], sums[5], sums[6], sums[7]) = (c0, c1, d0, d1);
        (sums[8], sums[9], sums[10], sums[11]) = (e0, e1, f0, f1);
    }

    /// <summary>The same for one vector of tiles: inputs [count][pairs], sums [count][6].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyOne(int* weights, nint pitch, TVector* inputs, int pairs, TVector* sums, int count)
    {
        for (; count > 0; count--)
        {
            MultiplyOne(weights, inputs, pairs, sums);
            weights += pitch;
            inputs += pairs;
            sums += Channels;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void MultiplyOne(int* weights, TVector* inputs, int pairs, TVector* sums)
    {
        TVector a, b, c, d, e, f;
        a = b = c = d = e = f = TWords.Zero;
        for (; pairs > 0; pairs--)
        {
            var p = inputs[0];
            a = TWords.Dot(a, p, TWords.All(weights[0]));
            b = TWords.Dot(b, p, TWords.All(weights[1]));
            c = TWords.Dot(c, p, TWords.All(weights[2]));
            d = TWords.Dot(d, p, TWords.All(weights[3]));
            e = TWords.Dot(e, p, TWords.All(weights[4]));
            f = TWords.Dot(f, p, TWords.All(weights[5]));
            weights += Channels;
            inputs++;
        }
        (sums[0], sums[1], sums[2]) = (a, b, c);
        (sums[3], sums[4], sums[5]) = (d, e, f);
    }

    /// <summary>Turns the sums of an output channel into the bytes of 4 rows, 4 bytes for each tile.</summary>
    /// <param name="sums">The first of 36 sums.</param>
    /// <param name="step">Vectors from one to the next.</param>
    /// <param name="rows">Room for 24 vectors.</param>
    /// <param name="centre">The middle of the sums that are possible.</param>
    /// <param name="excess">What is subtracted from a sum.</param>
    /// <param name="end">How sums become bytes.</param>
    /// <param name="channel">The output channel.</param>
    /// <param name="bytes">Receives 4 vectors.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Outputs(
        TVector* sums, nint step, TVector* rows, int centre, int excess, ByteEnd end, int channel, TVector* bytes)
    {
        var row = rows;
        for (var x = 0; x < Points; x++)
        {
            Output(sums[0], sums[6 * step], sums[12 * step], sums[18 * step], sums[24 * step], sums[30 * step],
                out row[0], out row[6], out row[12], out row[18]);
            sums += step;
            row++;
        }
        var (ninth, middle, back) = (TWords.All(NinthInverse), TWords.All(unchecked(centre * 64)), TWords.All(centre - excess));
        float scale = end.Scales[channel], shift = end.Shifts[channel], low = end.Low, high = end.High;
        for (var y = 0; y < 4; y++)
        {
            Output(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], out var y0, out var y1, out var y2, out var y3);
            y0 = Sum(y0, ninth, middle, back);
            y1 = Sum(y1, ninth, middle, back);
            y2 = Sum(y2, ninth, middle, back);
            y3 = Sum(y3, ninth, middle, back);
            y0 = TWords.Codes(y0, scale, shift, low, high);
            y1 = TWords.Codes(y1, scale, shift, low, high);
            y2 = TWords.Codes(y2, scale, shift, low, high);
            y3 = TWords.Codes(y3, scale, shift, low, high);
            bytes[y] = TWords.Or(TWords.Or(y0, TWords.Left(y1, 8)), TWords.Or(TWords.Left(y2, 16), TWords.Left(y3, 24)));
            rows += Points;
        }
    }

    // 576 × a sum, modulo 2³², as the sum itself.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector Sum(TVector large, TVector ninth, TVector middle, TVector back) =>
        TWords.Add(TWords.Right(TWords.Subtract(TWords.Multiply(large, ninth), middle), 6), back);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Input(ref TVector x0, ref TVector x1, ref TVector x2, ref TVector x3, ref TVector x4, ref TVector x5)
    {
        var c = TWords.SubtractPairs(x4, x2);
        var f = TWords.SubtractPairs(x3, x1);
        var e = TWords.AddPairs(f, f);
        x0 = TWords.AddPairs(TWords.FourPairs(TWords.SubtractPairs(x0, x2)), c);
        x5 = TWords.SubtractPairs(TWords.SubtractPairs(x5, x3), TWords.AddPairs(e, e));
        var a = TWords.SubtractPairs(x4, TWords.FourPairs(x2));
        var b = TWords.SubtractPairs(x3, TWords.FourPairs(x1));
        x1 = TWords.AddPairs(a, b);
        x2 = TWords.SubtractPairs(a, b);
        x3 = TWords.AddPairs(c, e);
        x4 = TWords.SubtractPairs(c, e);
    }

    // 24 × the outputs.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Output(TVector m0, TVector m1, TVector m2, TVector m3, TVector m4, TVector m5, out TVector y0, out TVector y1,
        out TVector y2, out TVector y3)
    {
        var p = TWords.Left(TWords.Add(m1, m2), 2);
        var q = TWords.Left(TWords.Subtract(m1, m2), 2);
        var r = TWords.Add(m3, m4);
        var t = TWords.Subtract(m3, m4);
        y0 = TWords.Add(TWords.Add(TWords.Add(m0, m0), p), r);
        y1 = TWords.Add(q, TWords.Add(t, t));
        y2 = TWords.Add(p, TWords.Left(r, 2));
        y3 = TWords.Add(q, TWords.Left(TWords.Add(t, m5), 3));
    }
}
