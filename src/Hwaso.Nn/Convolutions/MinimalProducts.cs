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

    /// <summary>Sums over input channels for blocks of 6 output channels and two vectors of tiles.</summary>
    /// <param name="tiles">[terms] of two vectors.</param>
    /// <param name="weights">[terms] of the first output channel.</param>
    /// <param name="row">Numbers from an output channel's weights to the next one's.</param>
    /// <param name="terms">Input channels.</param>
    /// <param name="blocks">Blocks of output channels.</param>
    /// <param name="sums">Receives two vectors of each output channel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Outputs(float* tiles, float* weights, nint row, int terms, int blocks, float* sums)
    {
        var rows = 2 * row;
        for (; blocks > 0; blocks--, weights += 3 * rows, sums += 2 * OutputChannels * TLanes.Count)
        {
            TVector a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1;
            a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = e0 = e1 = f0 = f1 = TLanes.All(0);
            float* near = weights, far = weights + rows + row, end = weights + terms, x = tiles;
            for (; near < end; near++, far++, x += 2 * TLanes.Count)
            {
                var (p, q) = (TLanes.Load(x), TLanes.Load(x + TLanes.Count));
                var k = TLanes.All(*near);
                a0 = TLanes.MultiplyAdd(k, p, a0);
                a1 = TLanes.MultiplyAdd(k, q, a1);
                k = TLanes.All(near[row]);
                b0 = TLanes.MultiplyAdd(k, p, b0);
                b1 = TLanes.MultiplyAdd(k, q, b1);
                k = TLanes.All(near[rows]);
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
    }

    /// <summary>Adds sums over tiles of products of 4 channels of the output's gradient with all of the input.</summary>
    /// <param name="gradient">The first channel's tiles.</param>
    /// <param name="rows">Channels of the gradient, up to 4; those that are missing repeat the last one.</param>
    /// <param name="input">The first channel's tiles.</param>
    /// <param name="channels">Channels of the input.</param>
    /// <param name="step">Numbers from a channel to the next, of both.</param>
    /// <param name="count">Numbers of a channel, a multiple of a vector's.</param>
    /// <param name="sums">12 for each 3 channels of the input: sum 3 r + c is that of channels r and c.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weights(float* gradient, int rows, float* input, int channels, nint step, nint count, float* sums)
    {
        nint second = rows > 1 ? step : 0, third = rows > 2 ? 2 * step : second, fourth = rows > 3 ? 3 * step : third;
        var end = gradient + count;
        for (; channels > 0; channels -= WeightColumns, input += WeightColumns * step, sums += WeightRows * WeightColumns)
        {
            nint middle = channels > 1 ? step : 0, last = channels > 2 ? 2 * step : middle;
            TVector a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2;
            a0 = a1 = a2 = b0 = b1 = b2 = c0 = c1 = c2 = d0 = d1 = d2 = TLanes.All(0);
            float* g = gradient, x = input;
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
            TLanes.AddSums(a0, a1, a2, b0, sums);
            TLanes.AddSums(b1, b2, c0, c1, sums + 4);
            TLanes.AddSums(c2, d0, d1, d2, sums + 8);
        }
    }
}
