using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Hwaso.Runtime.Kernels;

/// <summary>The innermost loop of convolutions and matrix products: 6 output channels × 2 vectors of pixels in registers.</summary>
/// <remarks>12 sums, 2 vectors of pixels and a weight take 15 of AVX2's 16 registers; 12 fused multiply-adds need 8 loads.</remarks>
static unsafe class ConvTile<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Output channels per tile.</summary>
    public const int Channels = ConvWeights.Tile;

    /// <summary>Vectors of sums per tile.</summary>
    public const int Sums = 2 * Channels;

    /// <summary>Adds products of weights and pixels to sums. The two vectors of channel c are sums 2 c and 2 c + 1.</summary>
    /// <param name="weights">[depth][6].</param>
    /// <param name="panel">[depth][2 vectors].</param>
    /// <param name="depth">The number of products per sum.</param>
    /// <param name="sums">The sums; read unless <paramref name="first"/>, then overwritten.</param>
    /// <param name="first">Whether the sums start at 0.</param>
    /// <param name="next">The weights of the next call, which come into the first-level cache meanwhile.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* weights, float* panel, int depth, TVector* sums, bool first, float* next)
    {
        TVector a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1;
        if (first)
            a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = e0 = e1 = f0 = f1 = TLanes.All(0);
        else
        {
            (a0, a1, b0, b1) = (sums[0], sums[1], sums[2], sums[3]);
            (c0, c1, d0, d1) = (sums[4], sums[5], sums[6], sums[7]);
            (e0, e1, f0, f1) = (sums[8], sums[9], sums[10], sums[11]);
        }
        for (; depth > 0; depth--)
        {
            if (Sse.IsSupported)
                Sse.Prefetch0(next);
            var p = TLanes.Load(panel);
            var q = TLanes.Load(panel + TLanes.Count);
            var k = TLanes.All(weights[0]);
            a0 = TLanes.MultiplyAdd(k, p, a0);
            a1 = TLanes.MultiplyAdd(k, q, a1);
            k = TLanes.All(weights[1]);
            b0 = TLanes.MultiplyAdd(k, p, b0);
            b1 = TLanes.MultiplyAdd(k, q, b1);
            k = TLanes.All(weights[2]);
            c0 = TLanes.MultiplyAdd(k, p, c0);
            c1 = TLanes.MultiplyAdd(k, q, c1);
            k = TLanes.All(weights[3]);
            d0 = TLanes.MultiplyAdd(k, p, d0);
            d1 = TLanes.MultiplyAdd(k, q, d1);
            k = TLanes.All(weights[4]);
            e0 = TLanes.MultiplyAdd(k, p, e0);
            e1 = TLanes.MultiplyAdd(k, q, e1);
            k = TLanes.All(weights[5]);
            f0 = TLanes.MultiplyAdd(k, p, f0);
            f1 = TLanes.MultiplyAdd(k, q, f1);
            weights += Channels;
            next += Channels;
            panel += 2 * TLanes.Count;
        }
        (sums[0], sums[1], sums[2], sums[3]) = (a0, a1, b0, b1);
        (sums[4], sums[5], sums[6], sums[7]) = (c0, c1, d0, d1);
        (sums[8], sums[9], sums[10], sums[11]) = (e0, e1, f0, f1);
    }

    /// <summary>Like <see cref="Add"/>, for some of the taps.</summary>
    /// <param name="weights">[channels][all taps][6].</param>
    /// <param name="taps">The taps.</param>
    /// <param name="tapCount">How many they are.</param>
    /// <param name="allTaps">How many the weights have.</param>
    /// <param name="panel">[channels][taps][2 vectors].</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="sums">The sums; read unless <paramref name="first"/>, then overwritten.</param>
    /// <param name="first">Whether the sums start at 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddTaps(
        float* weights, int* taps, int tapCount, int allTaps, float* panel, int channels, TVector* sums, bool first)
    {
        TVector a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1;
        if (first)
            a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = e0 = e1 = f0 = f1 = TLanes.All(0);
        else
        {
            (a0, a1, b0, b1) = (sums[0], sums[1], sums[2], sums[3]);
            (c0, c1, d0, d1) = (sums[4], sums[5], sums[6], sums[7]);
            (e0, e1, f0, f1) = (sums[8], sums[9], sums[10], sums[11]);
        }
        for (; channels > 0; channels--, weights += allTaps * Channels)
            for (var t = 0; t < tapCount; t++)
            {
                var w = weights + (taps[t] * Channels);
                var p = TLanes.Load(panel);
                var q = TLanes.Load(panel + TLanes.Count);
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
                panel += 2 * TLanes.Count;
            }
        (sums[0], sums[1], sums[2], sums[3]) = (a0, a1, b0, b1);
        (sums[4], sums[5], sums[6], sums[7]) = (c0, c1, d0, d1);
        (sums[8], sums[9], sums[10], sums[11]) = (e0, e1, f0, f1);
    }

    /// <summary>Products of up to 6 rows of a matrix, read where they lie, and a panel.</summary>
    /// <param name="left">The first row.</param>
    /// <param name="pitch">Numbers from one row to the next.</param>
    /// <param name="rows">The number of rows; the first one takes the place of those beyond it.</param>
    /// <param name="panel">[depth][2 vectors].</param>
    /// <param name="depth">The number of products per sum.</param>
    /// <param name="sums">The sums: the two vectors of row r are sums 2 r and 2 r + 1; read unless <paramref name="first"/>, then
    /// overwritten.</param>
    /// <param name="first">Whether the sums start at 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddRows(float* left, nint pitch, int rows, float* panel, nint depth, TVector* sums, bool first = true)
    {
        TVector a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1;
        if (first)
            a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = e0 = e1 = f0 = f1 = TLanes.All(0);
        else
        {
            (a0, a1, b0, b1) = (sums[0], sums[1], sums[2], sums[3]);
            (c0, c1, d0, d1) = (sums[4], sums[5], sums[6], sums[7]);
            (e0, e1, f0, f1) = (sums[8], sums[9], sums[10], sums[11]);
        }
        var l1 = rows > 1 ? left + pitch : left;
        var l2 = rows > 2 ? left + (2 * pitch) : left;
        var l3 = rows > 3 ? left + (3 * pitch) : left;
        var l4 = rows > 4 ? left + (4 * pitch) : left;
        var l5 = rows > 5 ? left + (5 * pitch) : left;
        for (nint x = 0; x < depth; x++)
        {
            var p = TLanes.Load(panel);
            var q = TLanes.Load(panel + TLanes.Count);
            var k = TLanes.All(left[x]);
            a0 = TLanes.MultiplyAdd(k, p, a0);
            a1 = TLanes.MultiplyAdd(k, q, a1);
            k = TLanes.All(l1[x]);
            b0 = TLanes.MultiplyAdd(k, p, b0);
            b1 = TLanes.MultiplyAdd(k, q, b1);
            k = TLanes.All(l2[x]);
            c0 = TLanes.MultiplyAdd(k, p, c0);
            c1 = TLanes.MultiplyAdd(k, q, c1);
            k = TLanes.All(l3[x]);
            d0 = TLanes.MultiplyAdd(k, p, d0);
            d1 = TLanes.MultiplyAdd(k, q, d1);
            k = TLanes.All(l4[x]);
            e0 = TLanes.MultiplyAdd(k, p, e0);
            e1 = TLanes.MultiplyAdd(k, q, e1);
            k = TLanes.All(l5[x]);
            f0 = TLanes.MultiplyAdd(k, p, f0);
            f1 = TLanes.MultiplyAdd(k, q, f1);
            panel += 2 * TLanes.Count;
        }
        (sums[0], sums[1], sums[2], sums[3]) = (a0, a1, b0, b1);
        (sums[4], sums[5], sums[6], sums[7]) = (c0, c1, d0, d1);
        (sums[8], sums[9], sums[10], sums[11]) = (e0, e1, f0, f1);
    }

    /// <summary>Writes max(floor, sum + bias + addend) for up to 6 channels, two whole vectors each.</summary>
    /// <param name="sums">The sums.</param>
    /// <param name="channels">The number of channels to write.</param>
    /// <param name="bias">The bias of each channel, or null.</param>
    /// <param name="floor">The least output: 0 for ReLU, else -∞.</param>
    /// <param name="addend">The addend of the first channel, or null.</param>
    /// <param name="output">The output of the first channel.</param>
    /// <param name="second">Numbers from the first vector to the second.</param>
    /// <param name="plane">Numbers from one channel to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(TVector* sums, int channels, float* bias, float floor, float* addend, float* output, nint second, nint plane)
    {
        var least = TLanes.All(floor);
        for (var c = 0; c < channels; c++)
        {
            var shift = TLanes.All(bias == null ? 0 : bias[c]);
            var (p, q) = (TLanes.Add(sums[0], shift), TLanes.Add(sums[1], shift));
            if (addend != null)
            {
                p = TLanes.Add(p, TLanes.Load(addend));
                q = TLanes.Add(q, TLanes.Load(addend + second));
                addend += plane;
            }
            TLanes.Store(TLanes.AtLeast(least, p), output);
            TLanes.Store(TLanes.AtLeast(least, q), output + second);
            output += plane;
            sums += 2;
        }
    }
}
