using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hwaso.Runtime.Kernels;

/// <summary>f(a + b) of two tensors of bytes, as bytes or as numbers.</summary>
sealed unsafe class ByteSumKernel : Kernel
{
    const int Piece = 16384;

    readonly ByteCode left, right;
    readonly ByteCode? result;
    readonly ByteSum? sum;
    readonly Unary function;
    readonly byte* a, b;
    readonly void* output;
    readonly int count;

    public ByteSumKernel(
        ByteCode left, ByteCode right, ByteCode? result, Unary function, byte* a, byte* b, void* output, int count)
    {
        (this.left, this.right, this.result, this.function, this.count) = (left, right, result, function, count);
        this.a = a;
        this.b = b;
        this.output = output;
        sum = ByteSum.Of(left, right, function, result);
    }

    public override int Items => (count + Piece - 1) / Piece;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        var last = Math.Min(count, (item + 1) * Piece);
        var k = item * Piece;
        if (sum is not null)
        {
            sum.Apply(a + k, b + k, (byte*)output + k, last - k);
            return;
        }
        for (; k + ByteVectors.Count <= last; k += ByteVectors.Count)
            Eight(a + k, b + k, result is null ? (byte*)output + (k * (nint)sizeof(float)) : (byte*)output + k);
        if (k == last)
            return;
        var parts = stackalloc byte[2 * ByteVectors.Count];
        var made = stackalloc byte[ByteVectors.Count * sizeof(float)];
        for (var rest = k; rest < last; rest++)
            (parts[rest - k], parts[ByteVectors.Count + rest - k]) = (a[rest], b[rest]);
        Eight(parts, parts + ByteVectors.Count, made);
        var size = result is null ? sizeof(float) : 1;
        new Span<byte>(made, (last - k) * size).CopyTo(new Span<byte>((byte*)output + (k * (nint)size), (last - k) * size));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Eight(byte* x, byte* y, byte* to)
    {
        var numbers = UnaryMath<Lanes256, Vector256<float>>.Apply(ByteVectors.Restore(x, left) + ByteVectors.Restore(y, right), function);
        if (result is { } code)
            ByteVectors.Store(numbers, code, to);
        else
            Vector256.Store(numbers, (float*)to);
    }
}
