using System.Runtime.CompilerServices;

namespace Hwaso.Runtime.Kernels;

/// <summary>What a kernel does with a number before it writes it: f(value + addend).</summary>
/// <param name="Adds">Whether a tensor of the output's shape is added.</param>
/// <param name="Function">The function.</param>
readonly record struct Epilogue(bool Adds, Unary Function);

/// <summary>The end of a computation: adds bias and addend, applies the function, and writes.</summary>
static unsafe class Finish<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Writes the first numbers of a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TVector value, TVector bias, float* addend, Unary function, float* to, int count)
    {
        value = TLanes.Add(value, bias);
        if (count >= TLanes.Count)
        {
            if (addend != null)
                value = TLanes.Add(value, TLanes.Load(addend));
            TLanes.Store(UnaryMath<TLanes, TVector>.Apply(value, function), to);
        }
        else
            Part(value, addend, function, to, count);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Part(TVector value, float* addend, Unary function, float* to, int count)
    {
        if (addend != null)
            value = TLanes.Add(value, TLanes.LoadFirst(addend, count));
        TLanes.StoreFirst(UnaryMath<TLanes, TVector>.Apply(value, function), to, count);
    }
}
