namespace Hwaso.Runtime.Kernels;

/// <summary>Sets numbers to one value, then copies others into their midst: padding.</summary>
sealed unsafe class FillKernel(float* to, int count, float value, Kernel inner) : Kernel
{
    public override int Items => 1;

    public override long ScratchBytes => inner.ScratchBytes;

    public override void Run(int item, byte* scratch)
    {
        new Span<float>(to, count).Fill(value);
        for (var k = 0; k < inner.Items; k++)
            inner.Run(k, scratch);
    }
}
