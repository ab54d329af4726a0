using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Hwaso.Runtime.Kernels;

/// <summary>Lays pixels out in the order in which <see cref="ConvTile{TLanes, TVector}"/> multiplies them.</summary>
static unsafe class ConvPanel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>One channel's vectors of pixels, pair after pair.</summary>
    /// <param name="from">The first vector.</param>
    /// <param name="vectors">How many; a pair's missing second one is a copy of the first.</param>
    /// <param name="to">The first pair's place.</param>
    /// <param name="pitch">Numbers between pairs.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Lay(float* from, int vectors, float* to, nint pitch)
    {
        for (; vectors > 1; vectors -= 2)
        {
            var (p, q) = (TLanes.Load(from), TLanes.Load(from + TLanes.Count));
            TLanes.Store(p, to);
            TLanes.Store(q, to + TLanes.Count);
            from += 2 * TLanes.Count;
            to += pitch;
        }
        if (vectors > 0)
        {
            TLanes.Store(TLanes.Load(from), to);
            TLanes.Store(TLanes.Load(from), to + TLanes.Count);
        }
    }

    /// <summary>One channel's taps of a row of vectors of pixels, pair after pair.</summary>
    /// <param name="from">The first vector's first tap.</param>
    /// <param name="places">Where each tap lies from the first.</param>
    /// <param name="taps">How many.</param>
    /// <param name="first">The first vector's number in the block; an odd one is the second of its pair.</param>
    /// <param name="vectors">How many.</param>
    /// <param name="to">The first pair's place.</param>
    /// <param name="pitch">Numbers between pairs.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Lay(float* from, int* places, int taps, int first, int vectors, float* to, nint pitch)
    {
        to += (first / 2 * pitch) + (first % 2 * TLanes.Count);
        if (first % 2 != 0)
        {
            One(from, places, taps, to);
            from += TLanes.Count;
            to += pitch - TLanes.Count;
            vectors--;
        }
        for (; vectors > 1; vectors -= 2)
        {
            var line = to;
            for (var t = 0; t < taps; t++)
            {
                var at = from + places[t];
                var (p, q) = (TLanes.Load(at), TLanes.Load(at + TLanes.Count));
                TLanes.Store(p, line);
                TLanes.Store(q, line + TLanes.Count);
                line += 2 * TLanes.Count;
            }
            from += 2 * TLanes.Count;
            to += pitch;
        }
        if (vectors > 0)
        {
            One(from, places, taps, to);
            // What nobody writes must not be what an earlier block left: it could be slow to multiply.
            One(from, places, taps, to + TLanes.Count);
        }
    }

    static void One(float* from, int* places, int taps, float* to)
    {
        for (var t = 0; t < taps; t++, to += 2 * TLanes.Count)
            TLanes.Store(TLanes.Load(from + places[t]), to);
    }
}

/// <summary>Asks for numbers from memory before they are needed. Planes of channels lie far apart: a processor does not foresee that the next one follows.</summary>
static unsafe class Prefetch
{
    const int Line = 64 / sizeof(float);

    /// <summary>Numbers in a row; they may lie where there is nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Row(float* from, nint count)
    {
        if (Sse.IsSupported)
            for (nint x = 0; x < count; x += Line)
                Sse.Prefetch0(from + x);
    }
}
