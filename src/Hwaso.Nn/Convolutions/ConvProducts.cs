using System.Runtime.CompilerServices;
using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>The innermost loops of convolutions that learn: sums of products in registers.</summary>
/// <remarks>12 sums and what they are multiplied from take 15 or 16 registers, as many as AVX2 has.</remarks>
static unsafe class ConvProducts<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Output channels of <see cref="Outputs"/>.</summary>
    public const int OutputChannels = 6;

    /// <summary>Output channels of <see cref="Weights"/>.</summary>
    public const int WeightRows = 4;

    /// <summary>Weights of each output channel that <see cref="Weights"/> sums.</summary>
    public const int WeightColumns = 3;

    /// <summary>Sums of either.</summary>
    public const int Sums = 12;

    /// <summary>Adds sums over some input channels and all taps to those of 6 output channels of two vectors of pixels.</summary>
    /// <param name="first">The first tap of the first vector in channel 0.</param>
    /// <param name="second">The same of the second vector.</param>
    /// <param name="plane">Numbers from a channel to the next.</param>
    /// <param name="places">The offset of each tap.</param>
    /// <param name="taps">Their number.</param>
    /// <param name="weights">[channels][taps][6].</param>
    /// <param name="channels">Input channels.</param>
    /// <param name="sums">The two vectors of output channel c are sums 2 c and 2 c + 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Outputs(
        float* first, float* second, nint plane, nint* places, int taps, float* weights, int channels, TVector* sums)
    {
        TVector a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1;
        a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = e0 = e1 = f0 = f1 = TLanes.All(0);
        for (; channels > 0; channels--, first += plane, second += plane)
            for (var t = 0; t < taps; t++, weights += OutputChannels)
            {
                var (p, q) = (TLanes.Load(first + places[t]), TLanes.Load(second + places[t]));
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
            }
        Add(sums, a0, a1, b0, b1);
        Add(sums + 4, c0, c1, d0, d1);
        Add(sums + 8, e0, e1, f0, f1);
    }

    /// <summary>Adds products of a gradient's 4 channels with 3 shifts, or 3 channels, of the input, summed over pixels.</summary>
    /// <param name="gradient">The first pixel of the first channel.</param>
    /// <param name="second">Numbers to the second channel; and so on. A channel that is missing repeats another.</param>
    /// <param name="third">See above.</param>
    /// <param name="fourth">See above.</param>
    /// <param name="input">The input under the first pixel of the gradient.</param>
    /// <param name="middle">Numbers to the second shift or channel.</param>
    /// <param name="last">Numbers to the third.</param>
    /// <param name="row">Numbers from a row to the next, of both.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="vectors">Vectors of a row.</param>
    /// <param name="sums">Sum r × 3 + s is that of gradient channel r and shift s, vector by vector.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weights(
        float* gradient, nint second, nint third, nint fourth, float* input, nint middle, nint last, nint row, int rows, int vectors,
        TVector* sums)
    {
        TVector a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2;
        a0 = a1 = a2 = b0 = b1 = b2 = c0 = c1 = c2 = d0 = d1 = d2 = TLanes.All(0);
        for (; rows > 0; rows--, gradient += row, input += row)
        {
            float* g = gradient, x = input, end = gradient + vectors * TLanes.Count;
            for (; g < end; g += TLanes.Count, x += TLanes.Count)
            {
                var (x0, x1, x2) = (TLanes.Load(x), TLanes.Load(x + middle), TLanes.Load(x + last));
                var k = TLanes.Load(g);
                a0 = TLanes.MultiplyAdd(k, x0, a0);
                a1 = TLanes.MultiplyAdd(k, x1, a1);
                a2 = TLanes.MultiplyAdd(k, x2, a2);
                k = TLanes.Load(g + second);
                b0 = TLanes.MultiplyAdd(k, x0, b0);
                b1 = TLanes.MultiplyAdd(k, x1, b1);
                b2 = TLanes.MultiplyAdd(k, x2, b2);
                k = TLanes.Load(g + third);
                c0 = TLanes.MultiplyAdd(k, x0, c0);
                c1 = TLanes.MultiplyAdd(k, x1, c1);
                c2 = TLanes.MultiplyAdd(k, x2, c2);
                k = TLanes.Load(g + fourth);
                d0 = TLanes.MultiplyAdd(k, x0, d0);
                d1 = TLanes.MultiplyAdd(k, x1, d1);
                d2 = TLanes.MultiplyAdd(k, x2, d2);
            }
        }
        Add(sums, a0, a1, a2, b0);
        Add(sums + 4, b1, b2, c0, c1);
        Add(sums + 8, c2, d0, d1, d2);
    }

    // Sums of sums round less often than one long sum.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Add(TVector* sums, TVector a, TVector b, TVector c, TVector d) => (sums[0], sums[1], sums[2], sums[3]) =
        (TLanes.Add(sums[0], a), TLanes.Add(sums[1], b), TLanes.Add(sums[2], c), TLanes.Add(sums[3], d));
}
