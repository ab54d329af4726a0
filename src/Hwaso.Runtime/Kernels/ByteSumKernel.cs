using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hwaso.Runtime.Kernels;

/// <summary>f(a + b) of two tensors of bytes, as bytes or as numbers.</summary>
sealed unsafe class ByteSumKernel : Kernel
{
    const int Piece = 16384;

    readonly ByteCode left, right;
    readonly ByteCode? result;
    readonly ByteEnd? end;
    readonly Unary function;
    readonly byte* a, b;
    readonly void* output;
    readonly int count;
    readonly float rightFactor;

    public ByteSumKernel(
        ByteCode left, ByteCode right, ByteCode? result, Unary function, byte* a, byte* b, void* output, int count)
    {
        (this.left, this.right, this.result, this.function, this.count) = (left, right, result, function, count);
        this.a = a;
        this.b = b;
        this.output = output;
        // a's scale × (a − its zero) is a product of a and a shift, in steps of the result.
        var zeros = (-(double)left.Zero * left.Scale) - ((double)right.Zero * right.Scale);
        end = ByteEnd.Of([left.Scale], function, result, (float)zeros);
        rightFactor = result is { } code ? (float)((double)right.Scale / code.Scale) : 0;
        if (!float.IsFinite(rightFactor))
            end = null;
    }

    public override int Items => (count + Piece - 1) / Piece;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        var last = Math.Min(count, (item + 1) * Piece);
        var k = item * Piece;
        if (end is not null)
        {
            var whole = Avx512F.IsSupported ? Sixteens(k, last) : k;
            for (k = whole; k + ByteVectors.Count <= last; k += ByteVectors.Count)
                ByteVectors.Store(Codes(a + k, b + k), (byte*)output + k);
        }
        for (; k + ByteVectors.Count <= last; k += ByteVectors.Count)
            Eight(a + k, b + k, result is null ? (byte*)output + (k * (nint)sizeof(float)) : (byte*)output + k);
        if (k == last)
            return;
        var parts = stackalloc byte[2 * ByteVectors.Count];
        var made = stackalloc byte[ByteVectors.Count * sizeof(float)];
        for (var rest = k; rest < last; rest++)
            (parts[rest - k], parts[ByteVectors.Count + rest - k]) = (a[rest], b[rest]);
        if (end is not null)
            ByteVectors.Store(Codes(parts, parts + ByteVectors.Count), made);
        else
            Eight(parts, parts + ByteVectors.Count, made);
        var size = result is null ? sizeof(float) : 1;
        new Span<byte>(made, (last - k) * size).CopyTo(new Span<byte>((byte*)output + (k * (nint)size), (last - k) * size));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    int Sixteens(int k, int last)
    {
        var (x, y) = (Vector512.Create(end!.Scales[0]), Vector512.Create(rightFactor));
        var (shift, low, high) = (Vector512.Create(end.Shifts[0]), Vector512.Create(end.Low), Vector512.Create(end.High));
        for (; k + Vector512<float>.Count <= last; k += Vector512<float>.Count)
        {
            var p = Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(a + k)));
            var q = Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(b + k)));
            var codes = Avx512F.ConvertToVector512Int32(Vector512.MinNative(Vector512.MaxNative((p * x) + (q * y) + shift, low), high));
            Vector128.Store(Avx512F.ConvertToVector128Byte(codes), (byte*)output + k);
        }
        return k;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Vector256<int> Codes(byte* p, byte* q) => ByteVectors.Rounded(Vector256.MinNative(Vector256.MaxNative(
        (Vector256.ConvertToSingle(ByteVectors.Wide(p)) * Vector256.Create(end!.Scales[0]))
            + (Vector256.ConvertToSingle(ByteVectors.Wide(q)) * Vector256.Create(rightFactor)) + Vector256.Create(end.Shifts[0]),
        Vector256.Create(end.Low)), Vector256.Create(end.High)));

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
