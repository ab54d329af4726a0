using System.Runtime.CompilerServices;
using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>The products of minimal filtering: sums over channels, or over tiles, in 12 registers.</summary>
static unsafe class MinimalProducts<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Output channels of <see cref="Outputs"/>.</summary>
    public const int OutputChannels = 6;

    /// <summary>Channels of the output's gradient, and of the input, of <see cref="Weights"/>.</summary>
    public const int WeightRows = 4, WeightColumns = 3;

    /// <summary>Sums over input channels for 6 output channels and two vectors of tiles.</summary>
    /// <param name="tiles">[terms] of two vectors.</param>
    /// <param name="weights">[terms] of the first output channel.</param>
    /// <param name="row">Numbers from an output channel's weights to the next one's.</param>
    /// <param name="terms">Input channels.</param>
    /// <param name="sums">Receives two vectors of each output channel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Outputs(float* tiles, float* weights, nint row, int terms, float* sums)
    {
        TVector a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1;
        a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = e0 = e1 = f0 = f1 = TLanes.All(0);
        var rows = 2 * row;
        var far = weights + rows + row;
        for (; terms > 0; terms--, weights++, far++, tiles += 2 * TLanes.Count)
        {
            var (p, q) = (TLanes.Load(tiles), TLanes.Load(tiles + TLanes.Count));
            var k = TLanes.All(*weights);
            a0 = TLanes.MultiplyAdd(k, p, a0);
            a1 = TLanes.MultiplyAdd(k, q, a1);
            k = TLanes.All(weights[row]);
            b0 = TLanes.MultiplyAdd(k, p, b0);
            b1 = TLanes.MultiplyAdd(k, q, b1);
            k = TLanes.All(weights[rows]);
            c0 = TLanes.MultiplyAdd(k, p, c0);
            c1 = TLanes.MultiplyAdd(k, q, c1);
            k = TLanes.All(*far);
            d0 = TLanes.MultiplyAdd(k, p, d0);
            d1 = TLanes.MultiplyAdd(k, q, d1);
            k = TLanes.All(far[row]);
            e0 = TLanes.MultiplyAdd(k, p, e0);
            e1 = TLanes.MultiplyAdd(k, q, e1);
            k = TLanes.All(far[rows]);
            f0 = TLanes.MultiplyAdd(k, p, f0);
            f1 = TLanes.MultiplyAdd(k, q, f1);
        }
        TLanes.Store(a0, sums);
        TLanes.Store(a1, sums + TLanes.Count);
        TLanes.Store(b0, sums + 2 * TLanes.Count);
        TLanes.Store(b1, sums + 3 * TLanes.Count);
        TLanes.Store(c0, sums + 4 * TLanes.Count);
        TLanes.Store(c1, sums + 5 * TLanes.Count);
        TLanes.Store(d0, sums + 6 * TLanes.Count);
        TLanes.Store(d1, sums + 7 * TLanes.Count);
        TLanes.Store(e0, sums + 8 * TLanes.Count);
        TLanes.Store(e1, sums + 9 * TLanes.Count);
        TLanes.Store(f0, sums + 10 * TLanes.Count);
        TLanes.Store(f1, sums + 11 * TLanes.Count);
    }

    /// <summary>Adds sums over tiles of products of 4 channels of the output's gradient with 3 of the input.</summary>
    /// <param name="gradient">The first channel's tiles.</param>
    /// <param name="second">Numbers to the second channel's; and so on. A channel that is missing repeats another.</param>
    /// <param name="third">See above.</param>
    /// <param name="fourth">See above.</param>
    /// <param name="input">The first channel's tiles.</param>
    /// <param name="middle">Numbers to the second channel's.</param>
    /// <param name="last">Numbers to the third channel's.</param>
    /// <param name="count">Numbers of a channel, a multiple of a vector's.</param>
    /// <param name="sums">Sum 3 r + c is that of channels r and c.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weights(
        float* gradient, nint second, nint third, nint fourth, float* input, nint middle, nint last, nint count, float* sums)
    {
        TVector a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2;
        a0 = a1 = a2 = b0 = b1 = b2 = c0 = c1 = c2 = d0 = d1 = d2 = TLanes.All(0);
        for (var end = gradient + count; gradient < end; gradient += TLanes.Count, input += TLanes.Count)
        {
            var (x0, x1, x2) = (TLanes.Load(input), TLanes.Load(input + middle), TLanes.Load(input + last));
            var k = TLanes.Load(gradient);
            a0 = TLanes.MultiplyAdd(k, x0, a0);
            a1 = TLanes.MultiplyAdd(k, x1, a1);
            a2 = TLanes.MultiplyAdd(k, x2, a2);
            k = TLanes.Load(gradient + second);
            b0 = TLanes.MultiplyAdd(k, x0, b0);
            b1 = TLanes.MultiplyAdd(k, x1, b1);
            b2 = TLanes.MultiplyAdd(k, x2, b2);
            k = TLanes.Load(gradient + third);
            c0 = TLanes.MultiplyAdd(k, x0, c0);
            c1 = TLanes.MultiplyAdd(k, x1, c1);
            c2 = TLanes.MultiplyAdd(k, x2, c2);
            k = TLanes.Load(gradient + fourth);
            d0 = TLanes.MultiplyAdd(k, x0, d0);
            d1 = TLanes.MultiplyAdd(k, x1, d1);
            d2 = TLanes.MultiplyAdd(k, x2, d2);
        }
        TLanes.AddSums(a0, a1, a2, b0, sums);
        TLanes.AddSums(b1, b2, c0, c1, sums + 4);
        TLanes.AddSums(c2, d0, d1, d2, sums + 8);
    }
}
