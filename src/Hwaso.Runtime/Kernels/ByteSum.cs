using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hwaso.Runtime.Kernels;

/// <summary>f(a + b) of bytes, as bytes: two products and a shift, in steps of the result, within two bounds, rounded.</summary>
sealed unsafe class ByteSum
{
    readonly float left, right, shift, low, high;

    ByteSum(ByteEnd end, float right) =>
        (left, this.right, shift, low, high) = (end.Scales[0], right, end.Shifts[0], end.Low, end.High);

    /// <summary>A sum; null if it is not of this form.</summary>
    /// <param name="left">The code of a.</param>
    /// <param name="right">The code of b.</param>
    /// <param name="function">f.</param>
    /// <param name="result">The code of the result, if there is one.</param>
    public static ByteSum? Of(ByteCode left, ByteCode right, Unary function, ByteCode? result)
    {
        // a's scale × (a − its zero) is a product of a and a shift, in steps of the result.
        var zeros = (-(double)left.Zero * left.Scale) - ((double)right.Zero * right.Scale);
        var end = ByteEnd.Of([left.Scale], function, result, (float)zeros);
        var factor = result is { } code ? (float)((double)right.Scale / code.Scale) : 0;
        return end is not null && float.IsFinite(factor) ? new(end, factor) : null;
    }

    /// <summary>Writes the bytes of some sums.</summary>
    /// <param name="a">The first bytes.</param>
    /// <param name="b">The second ones.</param>
    /// <param name="to">Receives them; may be one of the two.</param>
    /// <param name="count">How many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(byte* a, byte* b, byte* to, int count)
    {
        var k = 0;
        if (Avx512F.IsSupported)
        {
            var (x, y) = (Vector512.Create(left), Vector512.Create(right));
            var (zero, least, most) = (Vector512.Create(shift), Vector512.Create(low), Vector512.Create(high));
            for (; k + Vector512<float>.Count <= count; k += Vector512<float>.Count)
            {
                var p = Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(a + k)));
                var q = Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(b + k)));
                var codes = Avx512F.ConvertToVector512Int32(
                    Vector512.MinNative(Vector512.MaxNative((p * x) + (q * y) + zero, least), most));
                Vector128.Store(Avx512F.ConvertToVector128Byte(codes), to + k);
            }
        }
        for (; k + ByteVectors.Count <= count; k += ByteVectors.Count)
            ByteVectors.Store(Codes(a + k, b + k), to + k);
        if (k < count)
            Rest(a + k, b + k, to + k, count - k);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void Rest(byte* a, byte* b, byte* to, int count)
    {
        var parts = stackalloc byte[2 * ByteVectors.Count];
        for (var k = 0; k < count; k++)
            (parts[k], parts[ByteVectors.Count + k]) = (a[k], b[k]);
        var made = ByteVectors.Bytes(Codes(parts, parts + ByteVectors.Count));
        for (var k = 0; k < count; k++, made >>= 8)
            to[k] = (byte)made;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Vector256<int> Codes(byte* p, byte* q) => ByteVectors.Rounded(Vector256.MinNative(Vector256.MaxNative(
        (Vector256.ConvertToSingle(ByteVectors.Wide(p)) * Vector256.Create(left))
            + (Vector256.ConvertToSingle(ByteVectors.Wide(q)) * Vector256.Create(right)) + Vector256.Create(shift),
        Vector256.Create(low)), Vector256.Create(high)));
}

/// <summary>Bytes that are added to the result of another step before that step writes it.</summary>
/// <param name="sum">How they are added.</param>
/// <param name="other">The bytes.</param>
/// <param name="output">The first byte of the result.</param>
sealed unsafe class ByteAddend(ByteSum sum, byte* other, byte* output)
{
    /// <summary>Writes the sums of some bytes.</summary>
    /// <param name="made">The step's own bytes.</param>
    /// <param name="to">Where they belong in the result; may be the same address.</param>
    /// <param name="count">How many.</param>
    public void Add(byte* made, byte* to, int count) => sum.Apply(made, other + (to - output), to, count);
}
