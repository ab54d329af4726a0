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
    public static void Restore(byte* from, ByteCode code, float* to, int count)
    {
        for (var k = 0; k < count; k += Count)
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

/// <summary>f(a + b) of two tensors of bytes, as bytes or as numbers.</summary>
sealed unsafe class ByteSumKernel(
    ByteCode left, ByteCode right, ByteCode? result, Unary function, byte* a, byte* b, void* output, int count) : Kernel
{
    const int Piece = 16384;

    public override int Items => (count + Piece - 1) / Piece;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        var end = Math.Min(count, (item + 1) * Piece);
        var k = item * Piece;
        for (; k + ByteVectors.Count <= end; k += ByteVectors.Count)
            Eight(a + k, b + k, result is null ? (byte*)output + (k * (nint)sizeof(float)) : (byte*)output + k);
        if (k == end)
            return;
        var parts = stackalloc byte[2 * ByteVectors.Count];
        var made = stackalloc byte[ByteVectors.Count * sizeof(float)];
        for (var rest = k; rest < end; rest++)
            (parts[rest - k], parts[ByteVectors.Count + rest - k]) = (a[rest], b[rest]);
        Eight(parts, parts + ByteVectors.Count, made);
        var size = result is null ? sizeof(float) : 1;
        new Span<byte>(made, (end - k) * size).CopyTo(new Span<byte>((byte*)output + (k * (nint)size), (end - k) * size));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Eight(byte* x, byte* y, byte* to)
    {
        var sum = UnaryMath<Lanes256, Vector256<float>>.Apply(ByteVectors.Restore(x, left) + ByteVectors.Restore(y, right), function);
        if (result is { } code)
            ByteVectors.Store(sum, code, to);
        else
            Vector256.Store(sum, (float*)to);
    }
}
