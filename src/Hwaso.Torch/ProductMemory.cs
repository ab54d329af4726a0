using System.Runtime.InteropServices;

namespace Hwaso.Torch;

/// <summary>
/// Reserves the memory in which OpenBLAS multiplies matrices. OpenBLAS asks for it at the first product, when its own threads have theirs,
/// and retries without end if the process may have no more. Where memory is limited (<c>ulimit -d</c>, <c>-v</c>), this class allocates
/// it at once, or refuses.
/// </summary>
static unsafe partial class ProductMemory
{
    // What OpenBLAS allocates on x64, and a little for libtorch's own start.
    const int Piece = (128 + 16) << 20;

    // getrlimit's numbers on Linux.
    const int Data = 2, AddressSpace = 9;

    // Large enough not to be done without it.
    const int Side = 256;

    /// <exception cref="TorchException">There is not enough.</exception>
    public static void Reserve()
    {
        if (!OperatingSystem.IsLinux() || !(IsLimited(Data) || IsLimited(AddressSpace)))
            return;
        try
        {
            NativeMemory.Free(NativeMemory.Alloc(Piece));
        }
        catch (OutOfMemoryException)
        {
            throw new TorchException("reserve", "", "",
                $"not enough memory for matrix products, {Piece >> 20} MiB; allow the process more (ulimit -d, -v)");
        }
        using var scope = new Scope();
        var square = Tensor.Zeros([Side, Side]);
        square.MatMul(square);
    }

    static bool IsLimited(int resource)
    {
        var limits = stackalloc ulong[2];
        return Limit(resource, limits) == 0 && limits[0] != ulong.MaxValue;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int Limit(int resource, ulong* limits);
}
