using System.Runtime.CompilerServices;
using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>Sums over input channels for blocks of 6 output channels and some vectors of tiles, in 12, 18 or 24 registers.</summary>
static unsafe class OutputProducts<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Output channels of a block.</summary>
    public const int Channels = 6;

    /// <summary>Vectors that are summed at once: processors with vectors of 16 have 32 registers, others may have 16.</summary>
    public static int Vectors => TLanes.Count == 16 ? 4 : 2;

    interface IVectors
    {
        static abstract int Count { get; }
    }

    /// <summary>Sums of <see cref="Vectors"/> vectors, or of fewer.</summary>
    /// <param name="tiles">[terms] of two vectors.</param>
    /// <param name="pair">Numbers from there to the next two vectors.</param>
    /// <param name="vectors">Vectors that are left; of one, a second one is summed as well.</param>
    /// <param name="weights">[terms] of the first output channel.</param>
    /// <param name="row">Numbers from an output channel's weights to the next one's.</param>
    /// <param name="terms">Input channels.</param>
    /// <param name="blocks">Blocks of output channels.</param>
    /// <param name="sums">Receives two vectors of each output channel.</param>
    /// <param name="next">Numbers from there to those of the next two vectors.</param>
    /// <param name="adds">Whether the sums are added to what is there.</param>
    public static void Sum(
        float* tiles, nint pair, int vectors, float* weights, nint row, int terms, int blocks, float* sums, nint next, bool adds = false)
    {
        if (Vectors == 2 || vectors <= 2)
            Sum<Two>(tiles, pair, weights, row, terms, blocks, sums, next, adds);
        else if (vectors == 3)
            Sum<Three>(tiles, pair, weights, row, terms, blocks, sums, next, adds);
        else
            Sum<Four>(tiles, pair, weights, row, terms, blocks, sums, next, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Sum<TVectors>(
        float* tiles, nint pair, float* weights, nint row, int terms, int blocks, float* sums, nint next, bool adds)
        where TVectors : struct, IVectors
    {
        var rows = 2 * row;
        for (; blocks > 0; blocks--, weights += 3 * rows, sums += 2 * Channels * TLanes.Count)
        {
            TVector a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3, e0, e1, e2, e3, f0, f1, f2, f3;
            a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = TLanes.All(0);
            d0 = d1 = d2 = d3 = e0 = e1 = e2 = e3 = f0 = f1 = f2 = f3 = TLanes.All(0);
            float* near = weights, far = weights + rows + row, end = weights + terms, x = tiles, y = tiles + pair;
            for (; near < end; near++, far++, x += 2 * TLanes.Count, y += 2 * TLanes.Count)
            {
                var (p, q) = (TLanes.Load(x), TLanes.Load(x + TLanes.Count));
                var r = TVectors.Count > 2 ? TLanes.Load(y) : p;
                var s = TVectors.Count > 3 ? TLanes.Load(y + TLanes.Count) : p;
                Add<TVectors>(TLanes.All(*near), p, q, r, s, ref a0, ref a1, ref a2, ref a3);
                Add<TVectors>(TLanes.All(near[row]), p, q, r, s, ref b0, ref b1, ref b2, ref b3);
                Add<TVectors>(TLanes.All(near[rows]), p, q, r, s, ref c0, ref c1, ref c2, ref c3);
                Add<TVectors>(TLanes.All(*far), p, q, r, s, ref d0, ref d1, ref d2, ref d3);
                Add<TVectors>(TLanes.All(far[row]), p, q, r, s, ref e0, ref e1, ref e2, ref e3);
                Add<TVectors>(TLanes.All(far[rows]), p, q, r, s, ref f0, ref f1, ref f2, ref f3);
            }
            if (adds)
            {
                Load<TVectors>(sums, next, ref a0, ref a1, ref a2, ref a3);
                Load<TVectors>(sums + 2 * TLanes.Count, next, ref b0, ref b1, ref b2, ref b3);
                Load<TVectors>(sums + 4 * TLanes.Count, next, ref c0, ref c1, ref c2, ref c3);
                Load<TVectors>(sums + 6 * TLanes.Count, next, ref d0, ref d1, ref d2, ref d3);
                Load<TVectors>(sums + 8 * TLanes.Count, next, ref e0, ref e1, ref e2, ref e3);
                Load<TVectors>(sums + 10 * TLanes.Count, next, ref f0, ref f1, ref f2, ref f3);
            }
            Store<TVectors>(a0, a1, a2, a3, sums, next);
            Store<TVectors>(b0, b1, b2, b3, sums + 2 * TLanes.Count, next);
            Store<TVectors>(c0, c1, c2, c3, sums + 4 * TLanes.Count, next);
            Store<TVectors>(d0, d1, d2, d3, sums + 6 * TLanes.Count, next);
            Store<TVectors>(e0, e1, e2, e3, sums + 8 * TLanes.Count, next);
            Store<TVectors>(f0, f1, f2, f3, sums + 10 * TLanes.Count, next);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Add<TVectors>(TVector k, TVector p, TVector q, TVector r, TVector s, ref TVector a, ref TVector b, ref TVector c,
        ref TVector d)
        where TVectors : struct, IVectors
    {
        a = TLanes.MultiplyAdd(k, p, a);
        b = TLanes.MultiplyAdd(k, q, b);
        if (TVectors.Count > 2)
            c = TLanes.MultiplyAdd(k, r, c);
        if (TVectors.Count > 3)
            d = TLanes.MultiplyAdd(k, s, d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Load<TVectors>(float* from, nint next, ref TVector a, ref TVector b, ref TVector c, ref TVector d)
        where TVectors : struct, IVectors
    {
        a = TLanes.Add(a, TLanes.Load(from));
        b = TLanes.Add(b, TLanes.Load(from + TLanes.Count));
        if (TVectors.Count > 2)
            c = TLanes.Add(c, TLanes.Load(from + next));
        if (TVectors.Count > 3)
            d = TLanes.Add(d, TLanes.Load(from + next + TLanes.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store<TVectors>(TVector a, TVector b, TVector c, TVector d, float* to, nint next)
        where TVectors : struct, IVectors
    {
        TLanes.Store(a, to);
        TLanes.Store(b, to + TLanes.Count);
        if (TVectors.Count > 2)
            TLanes.Store(c, to + next);
        if (TVectors.Count > 3)
            TLanes.Store(d, to + next + TLanes.Count);
    }

    readonly struct Two : IVectors
    {
        public static int Count => 2;
    }

    readonly struct Three : IVectors
    {
        public static int Count => 3;
    }

    readonly struct Four : IVectors
    {
        public static int Count => 4;
    }
}
