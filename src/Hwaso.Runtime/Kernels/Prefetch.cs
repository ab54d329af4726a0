using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Hwaso.Runtime.Kernels;

/// <summary>Asks for numbers from memory before they are needed. Planes of channels lie far apart: a processor does not foresee that the next one follows.</summary>
static unsafe class Prefetch
{
    const int Line = 64 / sizeof(float);

    /// <summary>Numbers in a row; they may lie where there is nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Row(float* from, nint count)
    {
        if (Sse.IsSupported)
            for (nint x = 0; x < count; x += Line)
                Sse.Prefetch0(from + x);
    }
}
