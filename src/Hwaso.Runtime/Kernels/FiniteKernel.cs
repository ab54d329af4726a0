using System.Numerics;

namespace Hwaso.Runtime.Kernels;

/// <summary>Finds numbers that are not finite.</summary>
/// <param name="numbers">The numbers.</param>
/// <param name="count">How many they are.</param>
sealed unsafe class FiniteKernel(float* numbers, int count) : Kernel
{
    const int Piece = 1 << 16;

    volatile bool isBroken;

    public override int Items => (count + Piece - 1) / Piece;

    public override long ScratchBytes => 0;

    /// <summary>Whether all numbers that were looked at are finite.</summary>
    public bool IsFinite => !isBroken;

    /// <summary>Whether all numbers are finite.</summary>
    public static bool AreFinite(float* numbers, int count)
    {
        // A number times 0 is 0, unless it is infinite or not a number.
        var (sum, k) = (Vector<float>.Zero, 0);
        for (; k + Vector<float>.Count <= count; k += Vector<float>.Count)
            sum += *(Vector<float>*)(numbers + k) * Vector<float>.Zero;
        var rest = Vector.Sum(sum);
        for (; k < count; k++)
            rest += numbers[k] * 0;
        return rest == 0;
    }

    /// <summary>Prepares the kernel for another run.</summary>
    public void Reset() => isBroken = false;

    public override void Run(int item, byte* scratch)
    {
        var first = item * Piece;
        if (!AreFinite(numbers + first, Math.Min(Piece, count - first)))
            isBroken = true;
    }
}
