using System.Runtime.InteropServices;

namespace Hwaso.Runtime.Core;

/// <summary>Managed memory that the collector does not move.</summary>
static unsafe class PinnedMemory
{
    /// <summary>A cache line, and the widest vector.</summary>
    public const int Alignment = 64;

    /// <summary>The first aligned address of a pinned array that is longer than what it holds by <see cref="Alignment"/>.</summary>
    public static byte* Align(Array pinned)
    {
        var address = (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));
        return (byte*)((address + Alignment - 1) & ~(nint)(Alignment - 1));
    }

    /// <summary>Rounded up to whole cache lines.</summary>
    public static long Whole(long bytes) => (bytes + Alignment - 1) & ~(long)(Alignment - 1);
}
