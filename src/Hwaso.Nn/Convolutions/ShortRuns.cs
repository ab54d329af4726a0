using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hwaso.Nn;

/// <summary>Copies of a few numbers, for which a call of the system's costs more than the copy.</summary>
static unsafe class ShortRuns
{
    /// <summary>Copies so many numbers, and writes no others: what whole vectors leave is copied by one that overlaps them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(float* from, float* to, int count)
    {
        if (Vector512.IsHardwareAccelerated && count >= Vector512<float>.Count)
        {
            for (var x = 0; x < count - Vector512<float>.Count; x += Vector512<float>.Count)
                Vector512.Load(from + x).Store(to + x);
            Vector512.Load(from + count - Vector512<float>.Count).Store(to + count - Vector512<float>.Count);
        }
        else if (Vector256.IsHardwareAccelerated && count >= Vector256<float>.Count)
        {
            for (var x = 0; x < count - Vector256<float>.Count; x += Vector256<float>.Count)
                Vector256.Load(from + x).Store(to + x);
            Vector256.Load(from + count - Vector256<float>.Count).Store(to + count - Vector256<float>.Count);
        }
        else if (count >= Vector128<float>.Count)
        {
            for (var x = 0; x < count - Vector128<float>.Count; x += Vector128<float>.Count)
                Vector128.Load(from + x).Store(to + x);
            Vector128.Load(from + count - Vector128<float>.Count).Store(to + count - Vector128<float>.Count);
        }
        else
            for (var x = 0; x < count; x++)
                to[x] = from[x];
    }
}
