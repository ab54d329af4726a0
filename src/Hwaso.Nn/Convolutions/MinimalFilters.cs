using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>Transformed weights, [16][Cout][Cin], with zeros where blocks of channels end.</summary>
readonly unsafe struct MinimalFilters<TLanes, TVector>(SameConvShape shape)
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Block = MinimalProducts<TLanes, TVector>.OutputChannels, Taps = 9;

    readonly int rows = MinimalTiles.Blocks(shape.Cout, Block) * Block;

    /// <summary>Numbers from an output channel to the next.</summary>
    public int Row { get; } = MinimalTiles.Blocks(shape.Cin, TLanes.Count) * TLanes.Count;

    /// <summary>Numbers from a product to the next.</summary>
    public nint Next => MinimalTiles.Apart((nint)rows * Row);

    public long Numbers => MinimalTransforms<TLanes, TVector>.Products * Next;

    /// <summary>Transforms weights [Cout, Cin, 3, 3]; or, on the way back, weights [Cin, Cout, 3, 3] with turned kernels.</summary>
    public void Transform(float* weights, bool back, float* to)
    {
        var (row, next, cin, cout) = (Row, Next, shape.Cin, shape.Cout);
        nint outer = back ? Taps : (nint)cin * Taps, inner = back ? (nint)cout * Taps : Taps;
        Workers.Run(Workers.For((long)rows * row * 32), rows, (_, o) =>
        {
            var taps = stackalloc float[Taps * TLanes.Count];
            for (var i = 0; i < row; i += TLanes.Count)
            {
                var count = o >= cout ? 0 : Math.Min(TLanes.Count, cin - i);
                if (count < TLanes.Count)
                    new Span<float>(taps, Taps * TLanes.Count).Clear();
                var from = weights + o * outer + i * inner;
                for (var k = 0; k < count; k++, from += inner)
                    for (var t = 0; t < Taps; t++)
                        taps[t * TLanes.Count + k] = from[back ? Taps - 1 - t : t];
                MinimalTransforms<TLanes, TVector>.Filter(taps, to + (nint)o * row + i, next);
            }
        });
    }
}
