using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// Transforms the weights of a 3×3 convolution for <see cref="WinogradTile{TLanes, TVector}"/>. The row of a point p is 1, p, p² over the
/// product of its differences from the other points; that of infinity is 0, 0, 1. At stride 2 the outer taps are transformed at the points
/// ±½, ±3⁄2 and infinity, and the middle tap is kept.
/// </summary>
static unsafe class WinogradWeights
{
    const int Window = WinogradPlan.Points, Products = WinogradPlan.Weights, Taps = 9, Tile = ConvWeights.Tile;
    const float Near = -2f / 3, NearRoot = -0.47140452f, Far = 1f / 6, FarRoot = 0.23570226f;

    /// <summary>
    /// Transforms all weights, [g][tiles][Cin/g][9][6] as <see cref="ConvWeights"/> packs them, to [g][tiles][36][Cin/g][6].
    /// </summary>
    public static Constant Transform(Constant packed, int stride, string place)
    {
        var (groups, tiles, channels) = (packed.Type.Shape[0], packed.Type.Shape[1], packed.Type.Shape[2]);
        var transformed = new Constant(new TensorType(true, [groups, tiles, Products, channels * Tile], place));
        for (long tile = 0; tile < (long)groups * tiles; tile++)
            Transform((float*)packed.Address + (tile * channels * Taps * Tile), channels, stride,
                (float*)transformed.Address + (tile * Products * channels * Tile));
        return transformed;
    }

    /// <summary>Transforms the weights of one tile of output channels: [channels][9][6] to [36][channels][6].</summary>
    public static void Transform(float* from, int channels, int stride, float* to)
    {
        if (Vector256.IsHardwareAccelerated)
            Transform<Lanes256, Vector256<float>>(from, channels, stride, to);
        else if (Vector128.IsHardwareAccelerated)
            Transform<Lanes128, Vector128<float>>(from, channels, stride, to);
        else
            Transform<Lanes1, float>(from, channels, stride, to);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Transform<TLanes, TVector>(float* from, int channels, int stride, float* to)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        nint step = channels * Tile;
        // Vectors reach beyond the 6 numbers of a channel, into what is written next; the last channel goes through a buffer.
        var half = stackalloc float[Window * 3 * 8];
        var last = stackalloc float[Products * 8];
        for (var c = 0; c < channels; c++, from += Taps * Tile)
        {
            var end = c == channels - 1;
            var target = end ? last : to + (c * Tile);
            var pitch = end ? 8 : step;
            for (var lane = 0; lane < Tile; lane += TLanes.Count)
            {
                for (var x = 0; x < 3; x++)
                {
                    var at = from + (x * Tile) + lane;
                    Points<TLanes, TVector>(TLanes.Load(at), TLanes.Load(at + (3 * Tile)), TLanes.Load(at + (6 * Tile)), half + (x * 8),
                        3 * 8, stride);
                }
                for (var y = 0; y < Window; y++)
                {
                    var row = half + (y * 3 * 8);
                    Points<TLanes, TVector>(TLanes.Load(row), TLanes.Load(row + 8), TLanes.Load(row + 16),
                        target + lane + (y * Window * pitch), pitch, stride);
                }
            }
        }
        to += step - Tile;
        for (var f = 0; f < Products; f++)
            for (var k = 0; k < Tile; k++)
                to[(f * step) + k] = last[(f * 8) + k];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Points<TLanes, TVector>(TVector g0, TVector g1, TVector g2, float* to, nint step, int stride)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (stride == 2)
        {
            var (first, second) = (TLanes.Multiply(TLanes.All(-0.5f), g0), TLanes.Multiply(TLanes.All(1 / 6f), g0));
            TLanes.Store(TLanes.MultiplyAdd(TLanes.All(-0.25f), g2, first), to);
            TLanes.Store(TLanes.Subtract(TLanes.Multiply(TLanes.All(-0.25f), g2), first), to + step);
            TLanes.Store(TLanes.MultiplyAdd(TLanes.All(0.25f), g2, second), to + (2 * step));
            TLanes.Store(TLanes.Subtract(TLanes.Multiply(TLanes.All(0.25f), g2), second), to + (3 * step));
            TLanes.Store(g2, to + (4 * step));
            TLanes.Store(g1, to + (5 * step));
            return;
        }
        TLanes.Store(g0, to);
        var even = TLanes.Multiply(TLanes.All(Near), TLanes.MultiplyAdd(TLanes.All(0.5f), g2, g0));
        TLanes.Store(TLanes.MultiplyAdd(TLanes.All(NearRoot), g1, even), to + step);
        TLanes.Store(TLanes.MultiplyAdd(TLanes.All(-NearRoot), g1, even), to + (2 * step));
        even = TLanes.Multiply(TLanes.All(Far), TLanes.MultiplyAdd(TLanes.All(2), g2, g0));
        TLanes.Store(TLanes.MultiplyAdd(TLanes.All(FarRoot), g1, even), to + (3 * step));
        TLanes.Store(TLanes.MultiplyAdd(TLanes.All(-FarRoot), g1, even), to + (4 * step));
        TLanes.Store(g2, to + (5 * step));
    }
}
