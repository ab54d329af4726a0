using System.Runtime.InteropServices;

namespace Hwaso.Runtime.Core;

/// <summary>Managed memory that the garbage collector does not move.</summary>
static unsafe class PinnedMemory
{
    /// <summary>Bytes of a cache line, and of the widest vector.</summary>
    public const int Alignment = 64;

    /// <summary>The first aligned address in a pinned array, which must be longer than its content by <see cref="Alignment"/>.</summary>
    public static byte* Align(Array pinned)
    {
        var address = (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));
        return (byte*)((address + Alignment - 1) & ~(nint)(Alignment - 1));
    }

    /// <summary>The number rounded up to whole cache lines.</summary>
    public static long Whole(long bytes) => (bytes + Alignment - 1) & ~(long)(Alignment - 1);
}
