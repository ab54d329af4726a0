using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>A computation between fixed places in memory, in pieces that do not depend on each other.</summary>
abstract unsafe class Kernel
{
    /// <summary>The number of pieces.</summary>
    public abstract int Items { get; }

    /// <summary>Memory that a thread needs for itself.</summary>
    public abstract long ScratchBytes { get; }

    /// <summary>Does one piece.</summary>
    /// <param name="item">Its number.</param>
    /// <param name="scratch">The thread's own memory, aligned to a cache line.</param>
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
