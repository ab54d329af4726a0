namespace Hwaso.Runtime.Kernels;

/// <summary>A function of every number of a tensor, in place where wanted.</summary>
sealed unsafe class UnaryKernel<TLanes, TVector>(Unary function, float* input, float* output, int count) : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Piece = 16384;

    public override int Items => (count + Piece - 1) / Piece;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        var end = Math.Min(count, (item + 1) * Piece);
        for (var k = item * Piece; k < end; k += TLanes.Count)
            if (end - k >= TLanes.Count)
                TLanes.Store(UnaryMath<TLanes, TVector>.Apply(TLanes.Load(input + k), function), output + k);
            else
                for (var rest = k; rest < end; rest++)
                    output[rest] = UnaryMath<Lanes1, float>.Apply(input[rest], function);
    }
}
