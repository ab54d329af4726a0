using System.Runtime.CompilerServices;
using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>Sums over tiles, or over pixels, of products of gradients and inputs, in 12 registers.</summary>
static unsafe class WeightProducts<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Channels of the output's gradient, and of the input.</summary>
    public const int Rows = 4, Columns = 3;

    /// <summary>Adds sums over tiles of products of 4 channels of the output's gradient with all of the input.</summary>
    /// <param name="gradient">The first channel's tiles.</param>
    /// <param name="rows">Channels of the gradient, up to 4; those that are missing repeat the last one.</param>
    /// <param name="input">The first channel's tiles.</param>
    /// <param name="channels">Channels of the input.</param>
    /// <param name="step">Numbers from a channel to the next, of both.</param>
    /// <param name="count">Numbers of a channel, a multiple of a vector's.</param>
    /// <param name="sums">12 for each 3 channels of the input: sum 3 r + c is that of channels r and c.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* gradient, int rows, float* input, int channels, nint step, nint count, float* sums)
    {
        nint second = rows > 1 ? step : 0, third = rows > 2 ? 2 * step : second, fourth = rows > 3 ? 3 * step : third;
        var end = gradient + count;
        for (; channels > 0; channels -= Columns, input += Columns * step, sums += Rows * Columns)
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
