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
}
