using System.Runtime.CompilerServices;
using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>
/// Transformed weights: [factors][Cout][terms of the factor][Cin], or on the way back [factors][Cin][terms][Cout], with zeros where blocks
/// of channels end.
/// </summary>
sealed unsafe class TileFilters<TTiling, TLanes, TVector>
    where TTiling : struct, ITiling<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    // A filter takes as long as so many multiply-adds.
    const int Cost = 256;

    const int Taps = 9, Block = OutputProducts<TLanes, TVector>.Channels;

    readonly TileShape shape;
    readonly int outputs, terms;
    readonly nint[] begins, rows;

    public TileFilters(in TileShape shape, bool back)
    {
        (this.shape, IsBack) = (shape, back);
        (outputs, terms) = back ? (shape.Cin, shape.Cout) : (shape.Cout, shape.Cin);
        (begins, rows) = (new nint[TTiling.Factors], new nint[TTiling.Factors]);
        for (var f = 0; f < begins.Length; f++)
        {
            (begins[f], rows[f]) = ((nint)Numbers, MinimalTiles.Apart(terms * TTiling.Terms(f)));
            Numbers += MinimalTiles.Blocks(outputs, Block) * Block * rows[f] + 16;
        }
    }

    public bool IsBack { get; }

    public long Numbers { get; }

    /// <summary>Where a factor begins.</summary>
    public nint Begin(int factor) => begins[factor];

    /// <summary>Numbers from an output channel's to the next one's.</summary>
    public nint Row(int factor) => rows[factor];

    /// <summary>Transforms weights [Cout, Cin, 3, 3].</summary>
    public void Transform(float* weights, float* to)
    {
        for (var f = 0; f < begins.Length; f++)
        {
            var (begin, end) = (begins[f] + outputs * rows[f], f + 1 < begins.Length ? begins[f + 1] : (nint)Numbers);
            new Span<float>(to + begin, (int)(end - begin)).Clear();
        }
        Workers.Run(Workers.For((long)outputs * terms * Cost), outputs, (_, o) => Transform(weights, o, to));
    }

    void Transform(float* weights, int output, float* to)
    {
        var offsets = stackalloc nint[TTiling.Numbers];
        var near = stackalloc nint[TTiling.Numbers];
        for (var k = 0; k < TTiling.Numbers; k++)
        {
            var (factor, place) = TTiling.Of(k);
            var number = IsBack ? TTiling.Turned(k) : k;
            offsets[number] = begins[factor] + output * rows[factor] + place * terms;
            near[k] = k * TLanes.Count;
        }
        nint outer = IsBack ? Taps : (nint)shape.Cin * Taps, inner = IsBack ? (nint)shape.Cin * Taps : Taps;
        var taps = stackalloc float[Taps * TLanes.Count];
        var buffer = stackalloc float[TTiling.Numbers * TLanes.Count];
        for (var i = 0; i < terms; i += TLanes.Count)
        {
            var some = Math.Min(TLanes.Count, terms - i);
            var from = weights + output * outer + i * inner;
            for (var k = 0; k < some; k++, from += inner)
                Spread(from, taps + k);
            if (some == TLanes.Count)
            {
                TTiling.Filter(taps, to + i, offsets);
                continue;
            }
            TTiling.Filter(taps, buffer, near);
            for (var k = 0; k < TTiling.Numbers; k++)
                new ReadOnlySpan<float>(buffer + near[k], some).CopyTo(new Span<float>(to + offsets[k] + i, some));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Spread(float* from, float* to)
    {
        to[0] = from[0];
        to[TLanes.Count] = from[1];
        to[2 * TLanes.Count] = from[2];
        to[3 * TLanes.Count] = from[3];
        to[4 * TLanes.Count] = from[4];
        to[5 * TLanes.Count] = from[5];
        to[6 * TLanes.Count] = from[6];
        to[7 * TLanes.Count] = from[7];
        to[8 * TLanes.Count] = from[8];
    }
}
