using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>A computation between fixed addresses, divided into items that do not depend on each other.</summary>
abstract unsafe class Kernel
{
    /// <summary>The number of items.</summary>
    public abstract int Items { get; }

    /// <summary>Bytes of scratch memory per thread.</summary>
    public abstract long ScratchBytes { get; }

    /// <summary>Computes one item.</summary>
    /// <param name="item">The number of the item.</param>
    /// <param name="scratch">The thread's scratch memory, aligned to a cache line.</param>
    public abstract void Run(int item, byte* scratch);

    /// <summary>Computes all items on this thread, with scratch memory of its own.</summary>
    public void RunAll()
    {
        var scratch = GC.AllocateUninitializedArray<byte>(checked((int)ScratchBytes) + PinnedMemory.Alignment, pinned: true);
        for (var k = 0; k < Items; k++)
            Run(k, PinnedMemory.Align(scratch));
        GC.KeepAlive(scratch);
    }
}

/// <summary>Several independent kernels as one.</summary>
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
