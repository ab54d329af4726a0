using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// Lays out pixels in the order in which <see cref="ConvTile{TLanes, TVector}"/> multiplies them: panels of pairs of vectors.
/// </summary>
static unsafe class ConvPanel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Lays out one channel of a block without taps, pair by pair.</summary>
    /// <param name="from">The first vector.</param>
    /// <param name="vectors">The number of vectors. An odd last vector is paired with a copy of itself.</param>
    /// <param name="to">Where the first pair goes.</param>
    /// <param name="pitch">Numbers from one pair to the next.</param>
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

    /// <summary>Lays out all taps of one channel of a row of vectors, pair by pair.</summary>
    /// <param name="from">The first tap of the first vector.</param>
    /// <param name="places">The offset of each tap from the first one.</param>
    /// <param name="taps">The number of taps.</param>
    /// <param name="first">The number of the first vector in the block; an odd one is the second of its pair.</param>
    /// <param name="vectors">The number of vectors.</param>
    /// <param name="to">Where the block's first pair goes.</param>
    /// <param name="pitch">Numbers from one pair to the next.</param>
    /// <param name="nextTap">Numbers from one tap to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Lay(float* from, int* places, int taps, int first, int vectors, float* to, nint pitch, nint nextTap)
    {
        to += (first / 2 * pitch) + (first % 2 * TLanes.Count);
        if (first % 2 != 0)
        {
            One(from, places, taps, to, nextTap);
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
                line += nextTap;
            }
            from += 2 * TLanes.Count;
            to += pitch;
        }
        if (vectors > 0)
        {
            One(from, places, taps, to, nextTap);
            // The unused half must not keep numbers of an earlier block: denormal ones would be slow to multiply.
            One(from, places, taps, to + TLanes.Count, nextTap);
        }
    }

    static void One(float* from, int* places, int taps, float* to, nint nextTap)
    {
        for (var t = 0; t < taps; t++, to += nextTap)
            TLanes.Store(TLanes.Load(from + places[t]), to);
    }
}

/// <summary>Prefetches numbers. The planes of channels lie far apart: the processor does not predict that the next one follows.</summary>
static unsafe class Prefetch
{
    const int Line = 64 / sizeof(float);

    /// <summary>Prefetches a row; its addresses need not be valid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Row(float* from, nint count)
    {
        if (Sse.IsSupported)
            for (nint x = 0; x < count; x += Line)
                Sse.Prefetch0(from + x);
    }

    /// <summary>Prefetches a part of what comes next into the second-level cache, where it does not compete with what is in use.</summary>
    /// <param name="from">The first number; addresses need not be valid.</param>
    /// <param name="count">All numbers.</param>
    /// <param name="part">The number of the part.</param>
    /// <param name="parts">How many parts there are.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Part(float* from, nint count, int part, int parts)
    {
        if (Sse.IsSupported)
            for (nint x = count * part / parts / Line * Line, end = count * (part + 1) / parts; x < end; x += Line)
                Sse.Prefetch1(from + x);
    }
}
