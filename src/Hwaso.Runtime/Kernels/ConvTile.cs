using System.Runtime.CompilerServices;

namespace Hwaso.Runtime.Kernels;

/// <summary>The innermost loop of convolutions and matrix products: 6 output channels × 2 vectors of pixels held in registers.</summary>
/// <remarks>12 sums, 2 vectors of pixels and a weight fill 15 of AVX2's 16 registers; 12 fused multiply-adds need 8 loads.</remarks>
static unsafe class ConvTile<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Output channels of a tile.</summary>
    public const int Channels = 6;

    /// <summary>Vectors of sums in a tile.</summary>
    public const int Sums = 2 * Channels;

    /// <summary>Adds what some input channels contribute; channel c's two vectors are stored at 2 c and 2 c + 1.</summary>
    /// <param name="x0">The first vector's pixel of the first channel and tap.</param>
    /// <param name="x1">The second vector's.</param>
    /// <param name="weights">[channels][taps][6].</param>
    /// <param name="channels">Input channels.</param>
    /// <param name="plane">Numbers between them.</param>
    /// <param name="taps">Where each tap's pixel lies from the first one's.</param>
    /// <param name="tapCount">How many.</param>
    /// <param name="sums">The sums so far, and afterwards.</param>
    /// <param name="first">Whether there are none so far.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* x0, float* x1, float* weights, int channels, nint plane, int* taps, int tapCount, TVector* sums, bool first)
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
        var w = weights;
        for (var c = 0; c < channels; c++)
        {
            for (var t = 0; t < tapCount; t++)
            {
                nint tap = taps[t];
                var p = TLanes.Load(x0 + tap);
                var q = TLanes.Load(x1 + tap);
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
            }
            x0 += plane;
            x1 += plane;
        }
        (sums[0], sums[1], sums[2], sums[3]) = (a0, a1, b0, b1);
        (sums[4], sums[5], sums[6], sums[7]) = (c0, c1, d0, d1);
        (sums[8], sums[9], sums[10], sums[11]) = (e0, e1, f0, f1);
    }
}
