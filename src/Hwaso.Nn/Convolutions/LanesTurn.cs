using System.Runtime.CompilerServices;
using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>Transposes squares of as many rows as a vector has numbers.</summary>
static unsafe class LanesTurn<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>
    /// Number c of row r becomes number r of row c: interleaving the upper half of the rows with the lower one does a step of it, log₂ of
    /// the rows' number do all.
    /// </summary>
    /// <param name="from">The first row.</param>
    /// <param name="fromStep">Numbers from a row to the next.</param>
    /// <param name="to">Receives the first row.</param>
    /// <param name="toStep">Numbers from a row to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Turn(float* from, nint fromStep, float* to, nint toStep)
    {
        if (TLanes.Count == 1)
        {
            *to = *from;
            return;
        }
        var buffer = stackalloc float[TLanes.Count * TLanes.Count];
        var other = stackalloc float[TLanes.Count * TLanes.Count];
        Step(from, fromStep, buffer, TLanes.Count);
        for (var done = 4; done < TLanes.Count; done *= 2)
        {
            Step(buffer, TLanes.Count, other, TLanes.Count);
            var swapped = buffer;
            buffer = other;
            other = swapped;
        }
        Step(buffer, TLanes.Count, to, toStep);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Step(float* from, nint fromStep, float* to, nint toStep)
    {
        var lower = from + TLanes.Count / 2 * fromStep;
        for (var row = 0; row < TLanes.Count / 2; row++, from += fromStep, lower += fromStep, to += 2 * toStep)
        {
            TLanes.Interleave(TLanes.Load(from), TLanes.Load(lower), out var first, out var second);
            TLanes.Store(first, to);
            TLanes.Store(second, to + toStep);
        }
    }
}
