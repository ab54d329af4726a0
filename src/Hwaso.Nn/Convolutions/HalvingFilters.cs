using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>
/// Transformed weights: [9][Cout][products of the sum][Cin], or on the way back [16][Cin][Cout], with zeros where blocks end.
/// </summary>
sealed unsafe class HalvingFilters<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Taps = 9, Block = MinimalProducts<TLanes, TVector>.OutputChannels;

    readonly HalvingShape shape;
    readonly bool back;
    readonly int outputs, terms;
    readonly nint[] begins, rows;

    public HalvingFilters(in HalvingShape shape, bool back)
    {
        (this.shape, this.back) = (shape, back);
        (outputs, terms) = back ? (shape.Cin, shape.Cout) : (shape.Cout, shape.Cin);
        begins = new nint[back ? HalvingScheme.BackFactors : HalvingScheme.Sums];
        rows = new nint[begins.Length];
        for (var f = 0; f < begins.Length; f++)
        {
            (begins[f], rows[f]) = ((nint)Numbers, MinimalTiles.Apart(terms * Products(f)));
            Numbers += MinimalTiles.Blocks(outputs, Block) * Block * rows[f] + 16;
        }
    }

    public bool IsBack => back;

    public long Numbers { get; }

    /// <summary>Where the factors of a sum begin.</summary>
    public nint Begin(int sum) => begins[back ? HalvingScheme.Back(sum).Weight : sum];

    /// <summary>Numbers from an output channel's to the next one's.</summary>
    public nint Row(int sum) => rows[back ? HalvingScheme.Back(sum).Weight : sum];

    int Products(int factor) => back ? 1 : HalvingScheme.Terms(factor);

    public void Transform(float* weights, float* to)
    {
        for (var f = 0; f < begins.Length; f++)
        {
            var (begin, end) = (begins[f] + outputs * rows[f], f + 1 < begins.Length ? begins[f + 1] : (nint)Numbers);
            new Span<float>(to + begin, (int)(end - begin)).Clear();
        }
        Workers.Run(Workers.For((long)outputs * terms * 32), outputs, (_, o) => Transform(weights, o, to));
    }

    void Transform(float* weights, int output, float* to)
    {
        var count = back ? HalvingScheme.BackFactors : HalvingScheme.Products;
        var offsets = stackalloc nint[HalvingScheme.Products];
        var near = stackalloc nint[HalvingScheme.Products];
        for (var k = 0; k < count; k++)
        {
            var (factor, place) = back ? (k, 0) : HalvingScheme.Of(k);
            (offsets[k], near[k]) = (begins[factor] + output * rows[factor] + place * terms, k * TLanes.Count);
        }
        nint outer = back ? Taps : (nint)shape.Cin * Taps, inner = back ? (nint)shape.Cin * Taps : Taps;
        var taps = stackalloc float[Taps * TLanes.Count];
        var buffer = stackalloc float[HalvingScheme.Products * TLanes.Count];
        for (var i = 0; i < terms; i += TLanes.Count)
        {
            var some = Math.Min(TLanes.Count, terms - i);
            var from = weights + output * outer + i * inner;
            for (var k = 0; k < some; k++, from += inner)
                for (var t = 0; t < Taps; t++)
                    taps[t * TLanes.Count + k] = from[t];
            var (target, at) = some == TLanes.Count ? (Address(to + i), Address(offsets)) : (Address(buffer), Address(near));
            if (back)
                HalvingTransforms<TLanes, TVector>.BackFilter(taps, (float*)target, (nint*)at);
            else
                HalvingTransforms<TLanes, TVector>.Filter(taps, (float*)target, (nint*)at);
            if (some < TLanes.Count)
                for (var k = 0; k < count; k++)
                    new ReadOnlySpan<float>(buffer + near[k], some).CopyTo(new Span<float>(to + offsets[k] + i, some));
        }
    }

    static nint Address(void* pointer) => (nint)pointer;
}
