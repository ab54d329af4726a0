using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hwaso.Runtime.Kernels;

/// <summary>A linear code of 8 bits: a number is scale × (byte − zero). Signed codes are kept 128 higher.</summary>
/// <param name="Scale">The scale.</param>
/// <param name="Zero">The byte of the number 0, 0 to 255.</param>
readonly record struct ByteCode(float Scale, int Zero);

/// <summary>Conversions between numbers and their codes of 8 bits, rounded as ONNX's QuantizeLinear does: ties to even.</summary>
static unsafe class ByteVectors
{
    /// <summary>Numbers that are converted at a time.</summary>
    public const int Count = 8;

    /// <summary>The numbers of 8 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Restore(byte* from, ByteCode code) =>
        Vector256.ConvertToSingle(Wide(from) - Vector256.Create(code.Zero)) * Vector256.Create(code.Scale);

    /// <summary>The numbers of some bytes; up to 7 beyond are read and written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Restore(byte* from, ByteCode code, float* to, int count)
    {
        var k = 0;
        if (Avx512F.IsSupported)
        {
            var (zero, scale) = (Vector512.Create(code.Zero), Vector512.Create(code.Scale));
            for (; k + Vector512<float>.Count <= count; k += Vector512<float>.Count)
                Vector512.Store(
                    Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(from + k)) - zero) * scale, to + k);
        }
        for (; k < count; k += Count)
            Vector256.Store(Restore(from + k, code), to + k);
    }

    /// <summary>The bytes of some numbers.</summary>
    public static void Store(float* from, ByteCode code, byte* to, int count)
    {
        var k = 0;
        for (; k + Count <= count; k += Count)
            Store(Vector256.Load(from + k), code, to + k);
        if (k == count)
            return;
        var numbers = stackalloc float[Count];
        for (var rest = k; rest < count; rest++)
            numbers[rest - k] = from[rest];
        var bytes = Bytes(Whole(Vector256.Load(numbers), Vector256.Create(code.Scale), Vector256.Create((float)code.Zero)));
        for (; k < count; k++, bytes >>= 8)
            to[k] = (byte)bytes;
    }

    /// <summary>The bytes of 8 numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> numbers, ByteCode code, byte* to) =>
        Store(Whole(numbers, Vector256.Create(code.Scale), Vector256.Create((float)code.Zero)), to);

    /// <summary>The bytes of 16 codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> first, Vector256<int> second, byte* to)
    {
        var words = Vector256.Narrow(first, second);
        Vector128.Store(Vector128.Narrow(words.GetLower(), words.GetUpper()).AsByte(), to);
    }

    /// <summary>The bytes of 8 codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> codes, byte* to) => *(ulong*)to = Bytes(codes);

    /// <summary>The bytes of 8 codes, the first one lowest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Bytes(Vector256<int> codes)
    {
        var words = Vector128.Narrow(codes.GetLower(), codes.GetUpper()).AsUInt16();
        return Vector128.Narrow(words, words).AsUInt64().ToScalar();
    }

    /// <summary>Finite numbers rounded, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Rounded(Vector256<float> numbers) => Avx.IsSupported
        ? Avx.ConvertToVector256Int32(numbers)
        : Vector256.ConvertToInt32Native(Vector256.Round(numbers));

    /// <summary>The bytes of some numbers: number × factor + shift, within two bounds, rounded; 0 for what is not a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store(float* from, in ByteSteps steps, byte* to, int count)
    {
        var k = 0;
        if (Avx512F.IsSupported)
        {
            var (factor, shift) = (Vector512.Create(steps.Factor), Vector512.Create(steps.Shift));
            var (low, high) = (Vector512.Create(steps.Low), Vector512.Create(steps.High));
            for (; k + Vector512<float>.Count <= count; k += Vector512<float>.Count)
                Vector128.Store(Avx512F.ConvertToVector128Byte(Avx512F.ConvertToVector512Int32(Vector512.MinNative(
                    Vector512.MaxNative((Vector512.Load(from + k) * factor) + shift, low), high))), to + k);
        }
        for (; k + Count <= count; k += Count)
            Store(steps.Codes(Vector256.Load(from + k)), to + k);
        if (k == count)
            return;
        var numbers = stackalloc float[Count];
        for (var rest = k; rest < count; rest++)
            numbers[rest - k] = from[rest];
        var bytes = Bytes(steps.Codes(Vector256.Load(numbers)));
        for (; k < count; k++, bytes >>= 8)
            to[k] = (byte)bytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Whole(Vector256<float> numbers, Vector256<float> scale, Vector256<float> zero) =>
        // What is not a number becomes 0: by the first bound, or by the conversion where the bound keeps it.
        Vector256.ConvertToInt32Native(Vector256.MinNative(
            Vector256.MaxNative(Vector256.Round(numbers / scale) + zero, Vector256<float>.Zero),
            Vector256.Create((float)byte.MaxValue)));

    /// <summary>8 bytes as integers of 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Wide(byte* from)
    {
        if (Avx2.IsSupported)
            return Avx2.ConvertToVector256Int32(from);
        var words = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)from).AsByte());
        return Vector256.Create(Vector128.WidenLower(words).AsInt32(), Vector128.WidenUpper(words).AsInt32());
    }
}

/// <summary>
/// How numbers become bytes in steps that compute more than that: by a product with the scale's inverse. The result differs from a quotient
/// only where that is within a rounding of a tie.
/// </summary>
/// <param name="Factor">Steps per unit.</param>
/// <param name="Shift">The code of 0.</param>
/// <param name="Low">The least code.</param>
/// <param name="High">The largest code.</param>
readonly record struct ByteSteps(float Factor, float Shift, float Low, float High)
{
    /// <summary>The steps of a code; null if its scale has no inverse.</summary>
    public static ByteSteps? Of(ByteCode code) =>
        code.Scale > 0 && float.IsNormal(1 / code.Scale) ? new(1 / code.Scale, code.Zero, 0, byte.MaxValue) : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<int> Codes(Vector256<float> numbers) => ByteVectors.Rounded(Vector256.MinNative(
        Vector256.MaxNative((numbers * Vector256.Create(Factor)) + Vector256.Create(Shift), Vector256.Create(Low)),
        Vector256.Create(High)));
}

/// <summary>Numbers as bytes. The code is one for all numbers.</summary>
sealed unsafe class QuantizeKernel(ByteCode code, float* input, byte* output, int count) : Kernel
{
    const int Piece = 16384;

    public override int Items => (count + Piece - 1) / Piece;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        var begin = item * Piece;
        ByteVectors.Store(input + begin, code, output + begin, Math.Min(Piece, count - begin));
    }
}

/// <summary>Bytes as numbers, with one code for all of them or one for each place along an axis.</summary>
/// <param name="codes">The codes.</param>
/// <param name="inner">Bytes from one place of the axis to the next.</param>
/// <param name="input">The bytes.</param>
/// <param name="output">The numbers.</param>
/// <param name="count">How many they are.</param>
sealed unsafe class DequantizeKernel(ByteCode[] codes, int inner, byte* input, float* output, int count) : Kernel
{
    const int Piece = 16384;

    public override int Items => (count + Piece - 1) / Piece;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        var end = Math.Min(count, (item + 1) * Piece);
        var k = item * Piece;
        while (k < end)
        {
            var part = codes.Length == 1 ? end : Math.Min(end, ((k / inner) + 1) * inner);
            var code = codes.Length == 1 ? codes[0] : codes[k / inner % codes.Length];
            for (; k + ByteVectors.Count <= part; k += ByteVectors.Count)
                Vector256.Store(ByteVectors.Restore(input + k, code), output + k);
            for (; k < part; k++)
                output[k] = (input[k] - code.Zero) * code.Scale;
        }
    }
}
