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
    // Vectors of output channels that are transformed together.
    const int MostVectors = 3;
    // Input channels from those that are transformed to those that are fetched: as long as memory takes to answer.
    const int Ahead = 4;

    const float Near = -2f / 3, NearRoot = -0.47140452f, Far = 1f / 6, FarRoot = 0.23570226f;

    /// <summary>
    /// Transforms all weights, [g][tiles][Cin/g][9][6] as <see cref="ConvWeights"/> packs them, to [g][tiles][36][Cin/g][6].
    /// </summary>
    public static Constant Get(PackedWeights known, Constant packed, int stride, string place) =>
        known.Get(packed, stride, memory => Transform(packed, stride, place, memory));

    static Constant Transform(Constant packed, int stride, string place, WeightMemory? memory)
    {
        var (groups, tiles, channels) = (packed.Type.Shape[0], packed.Type.Shape[1], packed.Type.Shape[2]);
        var transformed = new Constant(new TensorType(true, [groups, tiles, Products, channels * Tile], place), memory);
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
        var last = stackalloc float[Products * 8];
        for (var c = 0; c < channels; c++, from += Taps * Tile)
        {
            var end = c == channels - 1;
            var target = end ? last : to + (c * Tile);
            for (var lane = 0; lane < Tile; lane += TLanes.Count)
                Channel<TLanes, TVector>(from + lane, Tile, target + lane, end ? 8 : step, stride);
        }
        to += step - Tile;
        for (var f = 0; f < Products; f++)
            for (var k = 0; k < Tile; k++)
                to[(f * step) + k] = last[(f * 8) + k];
    }

    /// <summary>Transforms the weights of some vectors of output channels, to [36][channels][vectors].</summary>
    /// <param name="from">The weights of tile 0, as <see cref="ConvWeights"/> packs them, from some input channel on.</param>
    /// <param name="tileNumbers">Numbers from one tile to the next.</param>
    /// <param name="tiles">The number of tiles.</param>
    /// <param name="channels">The number of input channels.</param>
    /// <param name="first">The first output channel.</param>
    /// <param name="vectors">The number of vectors.</param>
    /// <param name="stride">The convolution's stride.</param>
    /// <param name="gathered">Room for nine taps of <see cref="GatheredPitch"/> numbers.</param>
    /// <param name="to">Receives the transformed weights.</param>
    /// <param name="next">The next call's weights, as <paramref name="from"/>, from its first tile on.</param>
    /// <remarks>The weights of each tile are a short row of their own, too short for the processor to fetch what follows; so that is done
    /// here, at the end the next call's first ones.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transform<TLanes, TVector>(float* from, nint tileNumbers, int tiles, int channels, int first, int vectors,
        int stride, float* gathered, float* to, float* next)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        nint pitch = GatheredPitch(TLanes.Count), step = (nint)channels * vectors * TLanes.Count;
        // The first tile may begin before the first channel, and the last one end behind the last.
        var (firstTile, endTile) = (first / Tile, Math.Min(tiles, (first + (vectors * TLanes.Count) + Tile - 1) / Tile));
        var begin = gathered + Tile - (first - (firstTile * Tile));
        new Span<float>(gathered, Taps * (int)pitch).Clear();
        for (var c = 0; c < channels; c++, from += Taps * Tile, to += vectors * TLanes.Count)
        {
            var later = c + Ahead < channels ? from + (firstTile * tileNumbers) + (Ahead * Taps * Tile)
                : next + (Math.Max(0, c + Ahead - channels) * Taps * Tile);
            for (var tile = firstTile; tile < endTile; tile++, later += tileNumbers)
            {
                Prefetch.Row(later, Taps * Tile);
                var source = from + (tile * tileNumbers);
                var target = begin + ((tile - firstTile) * Tile);
                for (var tap = 0; tap < Taps; tap++, source += Tile, target += pitch)
                    // The last two numbers are no part of it; the next tile, if there is one, overwrites them.
                    Vector256.Store(Vector256.Load(source), target);
            }
            for (var v = 0; v < vectors; v++)
                Channel<TLanes, TVector>(gathered + Tile + (v * TLanes.Count), pitch, to + (v * TLanes.Count), step, stride);
        }
    }

    /// <summary>Numbers of a tap's gathered weights.</summary>
    public static int GatheredPitch(int lanes) => (MostVectors * lanes) + (3 * Tile);

    // Along columns, then along rows; the two rows of a point and its negative come from the same two sums.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Channel<TLanes, TVector>(float* taps, nint pitch, float* to, nint step, int stride)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var row = 3 * pitch;
        // The rows of the first and the last tap, or, at stride 2, of the last and the middle one, are the taps themselves.
        var (plain, other) = stride == 2 ? (2 * row, row) : (0, 2 * row);
        var (first, second) = stride == 2 ? (0, 2) : (1, 3);
        var at = taps + plain;
        Points<TLanes, TVector>(TLanes.Load(at), TLanes.Load(at + pitch), TLanes.Load(at + (2 * pitch)),
            to + ((stride == 2 ? 4 : 0) * Window * step), step, stride);
        at = taps + other;
        Points<TLanes, TVector>(TLanes.Load(at), TLanes.Load(at + pitch), TLanes.Load(at + (2 * pitch)),
            to + ((Window - 1) * Window * step), step, stride);
        for (var far = 0; far < 2; far++)
        {
            Opposite<TLanes, TVector>(taps, row, far, stride, out var a0, out var b0);
            Opposite<TLanes, TVector>(taps + pitch, row, far, stride, out var a1, out var b1);
            Opposite<TLanes, TVector>(taps + (2 * pitch), row, far, stride, out var a2, out var b2);
            var rows = to + ((far == 0 ? first : second) * Window * step);
            Points<TLanes, TVector>(a0, a1, a2, rows, step, stride);
            Points<TLanes, TVector>(b0, b1, b2, rows + (Window * step), step, stride);
        }
    }

    // The values at a point and at its negative, along the column of a tap.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Opposite<TLanes, TVector>(float* column, nint row, int far, int stride, out TVector a, out TVector b)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var (g0, g1, g2) = (TLanes.Load(column), TLanes.Load(column + row), TLanes.Load(column + (2 * row)));
        if (stride == 2)
            OppositeOuter<TLanes, TVector>(g0, g2, far, out a, out b);
        else
            OppositeOf<TLanes, TVector>(g0, g1, g2, far, out a, out b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void OppositeOf<TLanes, TVector>(TVector g0, TVector g1, TVector g2, int far, out TVector a, out TVector b)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var even = TLanes.Multiply(TLanes.All(far == 0 ? Near : Far), TLanes.MultiplyAdd(TLanes.All(far == 0 ? 0.5f : 2), g2, g0));
        var root = far == 0 ? NearRoot : FarRoot;
        a = TLanes.MultiplyAdd(TLanes.All(root), g1, even);
        b = TLanes.MultiplyAdd(TLanes.All(-root), g1, even);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void OppositeOuter<TLanes, TVector>(TVector g0, TVector g2, int far, out TVector a, out TVector b)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var factor = TLanes.All(far == 0 ? -0.25f : 0.25f);
        var odd = TLanes.Multiply(TLanes.All(far == 0 ? -0.5f : 1 / 6f), g0);
        a = TLanes.MultiplyAdd(factor, g2, odd);
        b = TLanes.Subtract(TLanes.Multiply(factor, g2), odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Points<TLanes, TVector>(TVector g0, TVector g1, TVector g2, float* to, nint step, int stride)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector a, b, c, d;
        if (stride == 2)
        {
            OppositeOuter<TLanes, TVector>(g0, g2, 0, out a, out b);
            OppositeOuter<TLanes, TVector>(g0, g2, 1, out c, out d);
            TLanes.Store(a, to);
            TLanes.Store(b, to + step);
            TLanes.Store(c, to + (2 * step));
            TLanes.Store(d, to + (3 * step));
            TLanes.Store(g2, to + (4 * step));
            TLanes.Store(g1, to + (5 * step));
            return;
        }
        OppositeOf<TLanes, TVector>(g0, g1, g2, 0, out a, out b);
        OppositeOf<TLanes, TVector>(g0, g1, g2, 1, out c, out d);
        TLanes.Store(g0, to);
        TLanes.Store(a, to + step);
        TLanes.Store(b, to + (2 * step));
        TLanes.Store(c, to + (3 * step));
        TLanes.Store(d, to + (4 * step));
        TLanes.Store(g2, to + (5 * step));
    }
}
