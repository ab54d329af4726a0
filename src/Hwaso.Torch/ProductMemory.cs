using System.Runtime.InteropServices;
using Hwaso.Torch.Native;

namespace Hwaso.Torch;

/// <summary>
/// Reserves the memory in which OpenBLAS multiplies matrices. OpenBLAS asks for it at the first product, when its own threads have theirs,
/// and retries without end if the process may have no more. Where memory is limited (<c>ulimit -d</c>, <c>-v</c>), this class allocates
/// it at once, or refuses.
/// </summary>
static unsafe class ProductMemory
{
    // What OpenBLAS allocates on x64, and a little for libtorch's own start.
    const int Piece = (128 + 16) << 20;

    // Large enough not to be done without it.
    const int Side = 256;

    /// <exception cref="TorchException">There is not enough.</exception>
    public static void Reserve()
    {
        if (!Platform.IsMemoryLimited)
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
}
