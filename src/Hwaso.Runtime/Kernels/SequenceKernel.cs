namespace Hwaso.Runtime.Kernels;

/// <summary>Several computations that do not depend on each other, as one.</summary>
sealed unsafe class SequenceKernel(IReadOnlyList<Kernel> parts) : Kernel
{
    public override int Items { get; } = parts.Sum(p => p.Items);

    public override long ScratchBytes { get; } = parts.Select(p => p.ScratchBytes).DefaultIfEmpty().Max();

    public override void Run(int item, byte* scratch)
    {
        for (var k = 0; k < parts.Count; k++)
        {
            if (item < parts[k].Items)
            {
                parts[k].Run(item, scratch);
                return;
            }
            item -= parts[k].Items;
        }
    }
}
