using System.Runtime.InteropServices;

namespace Hwaso.Nn;

/// <summary>
/// Memory that a thread's pieces of work compute in. Each thread keeps its own from kernel to kernel: it stays in its core's caches, where
/// memory of an allocator is often what the other core wrote last, which takes longer to overwrite than to compute.
/// </summary>
sealed unsafe class Scratch
{
    const int Line = 64;

    [ThreadStatic]
    static Scratch? own;

    float* memory;
    nint numbers;

    ~Scratch() => NativeMemory.AlignedFree(memory);

    /// <summary>
    /// Memory for so many numbers, which are not set, until this thread asks again: a piece of work takes it once and starts no other
    /// kernel.
    /// </summary>
    public static float* Of(nint numbers)
    {
        var mine = own ??= new Scratch();
        if (mine.numbers < numbers)
            mine.Grow(numbers);
        return mine.memory;
    }

    void Grow(nint more)
    {
        NativeMemory.AlignedFree(memory);
        memory = null;
        numbers = 0;
        memory = (float*)NativeMemory.AlignedAlloc((nuint)more * sizeof(float), Line);
        numbers = more;
    }
}
