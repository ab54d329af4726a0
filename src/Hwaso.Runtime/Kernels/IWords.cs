using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hwaso.Runtime.Kernels;

/// <summary>Vectors of integers of 32 bits, some of them pairs of 16 bits, as Winograd's convolution of bytes uses them.</summary>
/// <typeparam name="TVector">The vector.</typeparam>
unsafe interface IWords<TVector>
    where TVector : unmanaged
{
    /// <summary>Integers of 32 bits per vector.</summary>
    static virtual int Count => sizeof(TVector) / sizeof(int);

    static virtual TVector Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual TVector Load(void* from) => Unsafe.ReadUnaligned<TVector>(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual void Store(TVector value, void* to) => Unsafe.WriteUnaligned(to, value);

    static abstract TVector All(int value);

    /// <summary>16 bits of each of some integers, widened with their sign.</summary>
    static abstract TVector Widen(short* from);

    /// <summary>Sum + the two products of each pair of 16 bits; what exceeds 32 bits is lost.</summary>
    static abstract TVector Dot(TVector sum, TVector a, TVector b);

    /// <summary>a + b, each 16 bits by themselves.</summary>
    static abstract TVector AddPairs(TVector a, TVector b);

    /// <summary>a − b, each 16 bits by themselves.</summary>
    static abstract TVector SubtractPairs(TVector a, TVector b);

    /// <summary>4 a, each 16 bits by themselves.</summary>
    static abstract TVector FourPairs(TVector a);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    /// <summary>The lower 32 bits of the products.</summary>
    static abstract TVector Multiply(TVector a, TVector b);

    static abstract TVector Left(TVector a, int bits);

    /// <summary>Shifts signed numbers to the right.</summary>
    static abstract TVector Right(TVector a, int bits);

    /// <summary>Shifts unsigned numbers to the right.</summary>
    static abstract TVector RightUnsigned(TVector a, int bits);

    static abstract TVector And(TVector a, TVector b);

    static abstract TVector Or(TVector a, TVector b);

    /// <summary>Sums as codes: sum × scale + shift in single precision, within two bounds, rounded to even.</summary>
    static abstract TVector Codes(TVector sums, float scale, float shift, float low, float high);
}

/// <summary>8 integers: AVX2.</summary>
readonly struct Words256 : IWords<Vector256<int>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> All(int value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<int> Widen(short* from) => Avx2.ConvertToVector256Int32(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<int> sum, Vector256<int> a, Vector256<int> b) => AvxVnni.IsSupported
        ? AvxVnni.MultiplyWideningAndAdd(sum, a.AsInt16(), b.AsInt16())
        : sum + Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddPairs(Vector256<int> a, Vector256<int> b) => (a.AsInt16() + b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> SubtractPairs(Vector256<int> a, Vector256<int> b) => (a.AsInt16() - b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FourPairs(Vector256<int> a) => (a.AsInt16() << 2).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Subtract(Vector256<int> a, Vector256<int> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Multiply(Vector256<int> a, Vector256<int> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Left(Vector256<int> a, int bits) => a << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Right(Vector256<int> a, int bits) => a >> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> RightUnsigned(Vector256<int> a, int bits) => a >>> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> And(Vector256<int> a, Vector256<int> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Or(Vector256<int> a, Vector256<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Codes(Vector256<int> sums, float scale, float shift, float low, float high) =>
        ByteVectors.Rounded(Vector256.MinNative(Vector256.MaxNative((Vector256.ConvertToSingle(sums) * Vector256.Create(scale))
            + Vector256.Create(shift), Vector256.Create(low)), Vector256.Create(high)));
}

/// <summary>16 integers: AVX-512.</summary>
readonly struct Words512 : IWords<Vector512<int>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> All(int value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector512<int> Widen(short* from) => Avx512F.ConvertToVector512Int32(Vector256.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Dot(Vector512<int> sum, Vector512<int> a, Vector512<int> b) =>
        sum + Avx512BW.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddPairs(Vector512<int> a, Vector512<int> b) => (a.AsInt16() + b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> SubtractPairs(Vector512<int> a, Vector512<int> b) => (a.AsInt16() - b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> FourPairs(Vector512<int> a) => (a.AsInt16() << 2).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> a, Vector512<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Subtract(Vector512<int> a, Vector512<int> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Multiply(Vector512<int> a, Vector512<int> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Left(Vector512<int> a, int bits) => a << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Right(Vector512<int> a, int bits) => a >> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> RightUnsigned(Vector512<int> a, int bits) => a >>> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> And(Vector512<int> a, Vector512<int> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Or(Vector512<int> a, Vector512<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Codes(Vector512<int> sums, float scale, float shift, float low, float high) =>
        Avx512F.ConvertToVector512Int32(Vector512.MinNative(Vector512.MaxNative((Vector512.ConvertToSingle(sums)
            * Vector512.Create(scale)) + Vector512.Create(shift), Vector512.Create(low)), Vector512.Create(high)));
}
