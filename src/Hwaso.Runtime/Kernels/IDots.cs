using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Hwaso.Runtime.Kernels;

/// <summary>Sums of products of small integers, in 32 bits, exact on every processor.</summary>
/// <typeparam name="TVector">A vector of 32-bit sums; a single one on the scalar path.</typeparam>
unsafe interface IDots<TVector>
    where TVector : unmanaged
{
    /// <summary>Products per sum and instruction: 2 of 16 bits or 4 of 8 bits, which lie in 32 bits.</summary>
    static abstract int Group { get; }

    /// <summary>The same number in every sum's place.</summary>
    static abstract TVector All(int value);

    /// <summary>sum + the products of each group of pixels with the weights.</summary>
    static abstract TVector Dot(TVector sum, TVector pixels, TVector weights);

    /// <summary>Whether pixels are taken less 128, because the processor multiplies signed numbers only.</summary>
    static virtual bool IsSigned => false;

    /// <summary>
    /// Whether a block is 32 pixels, laid out as AVX2 interleaves 4 rows of bytes: 0–3 and 16–19, 4–7 and 20–23, and so on. Packing sums to
    /// bytes restores their order.
    /// </summary>
    static virtual bool IsInterleaved => false;

    /// <summary>Sums per vector.</summary>
    static virtual int Count => sizeof(TVector) / sizeof(int);

    static virtual TVector Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual TVector Load(int* from) => Unsafe.ReadUnaligned<TVector>(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual void Store(TVector value, int* to) => Unsafe.WriteUnaligned(to, value);
}

/// <summary>One sum at a time, of 2 products.</summary>
readonly struct Dots1 : IDots<int>
{
    public static int Group => 2;

    public static int All(int value) => value;

    public static int Dot(int sum, int pixels, int weights) =>
        sum + ((short)pixels * (short)weights) + ((pixels >> 16) * (weights >> 16));
}

/// <summary>4 sums of 2 products: SSE, and Arm without dot products.</summary>
readonly struct Dots128 : IDots<Vector128<int>>
{
    public static int Group => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> All(int value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot(Vector128<int> sum, Vector128<int> pixels, Vector128<int> weights) => Sse2.IsSupported
        ? sum + Sse2.MultiplyAddAdjacent(pixels.AsInt16(), weights.AsInt16())
        : sum + (((pixels << 16) >> 16) * ((weights << 16) >> 16)) + ((pixels >> 16) * (weights >> 16));
}

/// <summary>4 sums of 4 products: Arm's dot products.</summary>
readonly struct DotsArm : IDots<Vector128<int>>
{
    public static int Group => 4;

    public static bool IsSigned => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> All(int value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot(Vector128<int> sum, Vector128<int> pixels, Vector128<int> weights) =>
        Dp.DotProduct(sum, pixels.AsSByte(), weights.AsSByte());
}

/// <summary>8 sums of 2 products: AVX2.</summary>
readonly struct Dots256 : IDots<Vector256<int>>
{
    public static int Group => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> All(int value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<int> pixels, Vector256<int> weights) =>
        sum + Avx2.MultiplyAddAdjacent(pixels.AsInt16(), weights.AsInt16());
}

/// <summary>8 sums of 4 products: VNNI.</summary>
readonly struct DotsVnni : IDots<Vector256<int>>
{
    public static int Group => 4;

    public static bool IsInterleaved => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> All(int value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<int> pixels, Vector256<int> weights) =>
        AvxVnni.MultiplyWideningAndAdd(sum, pixels.AsByte(), weights.AsSByte());
}

/// <summary>16 sums of 2 products: AVX-512.</summary>
readonly struct Dots512 : IDots<Vector512<int>>
{
    public static int Group => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> All(int value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Dot(Vector512<int> sum, Vector512<int> pixels, Vector512<int> weights) =>
        sum + Avx512BW.MultiplyAddAdjacent(pixels.AsInt16(), weights.AsInt16());
}
