namespace Hwaso.Runtime.Kernels;

/// <summary>Where the largest number along an axis stands; of equal ones the first, or the last.</summary>
sealed unsafe class ArgMaxKernel(int outer, int length, int inner, bool last, float* input, long* output) : Kernel
{
    public override int Items => outer;

    public override long ScratchBytes => inner * sizeof(float);

    public override void Run(int item, byte* scratch)
    {
        var from = input + ((long)item * length * inner);
        var to = output + ((long)item * inner);
        var best = (float*)scratch;
        new Span<float>(from, inner).CopyTo(new Span<float>(best, inner));
        new Span<long>(to, inner).Clear();
        for (var k = 1; k < length; k++)
        {
            var row = from + ((long)k * inner);
            for (var x = 0; x < inner; x++)
                if (last ? row[x] >= best[x] : row[x] > best[x])
                    (best[x], to[x]) = (row[x], k);
        }
    }
}
