using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Planning;

/// <summary>Runs a kernel once, on this thread, in memory of its own.</summary>
static unsafe class Inline
{
    public static void Run(Kernel kernel)
    {
        var scratch = GC.AllocateUninitializedArray<byte>(checked((int)kernel.ScratchBytes) + PinnedMemory.Alignment, pinned: true);
        for (var k = 0; k < kernel.Items; k++)
            kernel.Run(k, PinnedMemory.Align(scratch));
        GC.KeepAlive(scratch);
    }
}
