using System.Runtime.CompilerServices;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>Functions of two numbers that give integers, by ONNX's names.</summary>
enum ChoiceKind
{
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
    Xor,

    /// <summary>The remainder with the divisor's sign.</summary>
    Mod,

    /// <summary>The remainder with the dividend's sign.</summary>
    Remainder,
}

/// <summary>A computation along the rows of several tensors, which are broadcast to each other; items are rows or parts of them.</summary>
abstract class RowsKernel : Kernel
{
    const int Piece = 16384;

    readonly Strides strides;
    readonly int part, partsOfRow;
    readonly long rowsOfItem;

    protected RowsKernel(Strides strides)
    {
        this.strides = strides;
        var length = strides.Sizes[^1];
        part = Math.Clamp(length, 1, Piece);
        partsOfRow = (length + part - 1) / part;
        rowsOfItem = partsOfRow > 1 ? 1 : Piece / part;
        Items = (int)(((strides.Rows + rowsOfItem - 1) / rowsOfItem) * partsOfRow);
    }

    public override int Items { get; }

    public override long ScratchBytes => 0;

    /// <summary>Steps of a tensor from one number of a row to the next.</summary>
    protected int Step(int tensor) => strides.Steps[tensor][^1];

    public sealed override unsafe void Run(int item, byte* scratch)
    {
        var first = item / partsOfRow * rowsOfItem;
        var start = item % partsOfRow * part;
        var count = Math.Min(part, strides.Sizes[^1] - start);
        for (var row = first; row < Math.Min(strides.Rows, first + rowsOfItem); row++)
            Row(row, start, count);
    }

    /// <summary>Computes some numbers of a row.</summary>
    protected abstract void Row(long row, int start, int count);

    /// <summary>The offset of a number of a row in a tensor, in elements.</summary>
    protected long Offset(int tensor, long row, int start) => strides.Offset(tensor, row) + ((long)start * Step(tensor));
}

/// <summary>A function of two tensors that gives integers: comparisons, logic and remainders.</summary>
/// <param name="kind">The function.</param>
/// <param name="isFloat">Whether the tensors hold floating-point numbers.</param>
/// <param name="strides">Sizes, and the steps in both tensors and in the output.</param>
/// <param name="a">The first tensor.</param>
/// <param name="b">The second tensor.</param>
/// <param name="output">The result.</param>
sealed unsafe class ChoiceKernel(ChoiceKind kind, bool isFloat, Strides strides, byte* a, byte* b, long* output) : RowsKernel(strides)
{
    protected override void Row(long row, int start, int count)
    {
        var (x, y) = (Offset(0, row, start), Offset(1, row, start));
        var to = output + Offset(2, row, start);
        for (var k = 0; k < count; k++, x += Step(0), y += Step(1), to += Step(2))
            *to = isFloat ? Of(((float*)a)[x], ((float*)b)[y]) : Of(((long*)a)[x], ((long*)b)[y]);
    }

    long Of(float x, float y) => kind switch
    {
        ChoiceKind.Equal => x == y ? 1 : 0,
        ChoiceKind.Less => x < y ? 1 : 0,
        ChoiceKind.LessOrEqual => x <= y ? 1 : 0,
        ChoiceKind.Greater => x > y ? 1 : 0,
        _ => x >= y ? 1 : 0,
    };

    long Of(long x, long y) => kind switch
    {
        ChoiceKind.Equal => x == y ? 1 : 0,
        ChoiceKind.Less => x < y ? 1 : 0,
        ChoiceKind.LessOrEqual => x <= y ? 1 : 0,
        ChoiceKind.Greater => x > y ? 1 : 0,
        ChoiceKind.GreaterOrEqual => x >= y ? 1 : 0,
        ChoiceKind.And => x & y,
        ChoiceKind.Or => x | y,
        ChoiceKind.Xor => x ^ y,
        // The least integer has no quotient by −1.
        _ when y == -1 => 0,
        ChoiceKind.Remainder => x % y,
        _ => x % y is var rest && rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest,
    };
}

/// <summary>The numbers of one tensor where a truth holds, else those of another.</summary>
/// <param name="strides">Sizes, and the steps in truths, both tensors and the output.</param>
/// <param name="truths">The truths.</param>
/// <param name="a">The first tensor.</param>
/// <param name="b">The second tensor.</param>
/// <param name="output">The result.</param>
/// <param name="bytes">Bytes of a number: 4 or 8.</param>
sealed unsafe class WhereKernel(Strides strides, long* truths, byte* a, byte* b, byte* output, int bytes) : RowsKernel(strides)
{
    protected override void Row(long row, int start, int count)
    {
        var (truth, x, y, to) = (Offset(0, row, start), Offset(1, row, start), Offset(2, row, start), Offset(3, row, start));
        for (var k = 0; k < count; k++, truth += Step(0), x += Step(1), y += Step(2), to += Step(3))
            if (bytes == sizeof(float))
                ((int*)output)[to] = truths[truth] != 0 ? ((int*)a)[x] : ((int*)b)[y];
            else
                ((long*)output)[to] = truths[truth] != 0 ? ((long*)a)[x] : ((long*)b)[y];
    }
}

/// <summary>Sines or cosines, rounded from double precision.</summary>
sealed unsafe class SineKernel(bool isCosine, float* input, float* output, int count) : Kernel
{
    const int Piece = 1024;

    public override int Items => (count + Piece - 1) / Piece;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        for (var k = item * Piece; k < Math.Min(count, (item + 1) * Piece); k++)
            output[k] = (float)(isCosine ? Math.Cos(input[k]) : Math.Sin(input[k]));
    }
}

/// <summary>Running sums along an axis: [outer, length, inner].</summary>
/// <param name="outer">Sizes before the axis.</param>
/// <param name="length">The size of the axis.</param>
/// <param name="inner">Sizes behind it.</param>
/// <param name="exclusive">Whether a number is not part of its own sum.</param>
/// <param name="reverse">Whether sums begin at the end.</param>
/// <param name="isFloat">Whether the numbers are floating-point ones.</param>
/// <param name="input">The numbers.</param>
/// <param name="output">The sums.</param>
sealed unsafe class RunningSumKernel(
    int outer, int length, int inner, bool exclusive, bool reverse, bool isFloat, byte* input, byte* output) : Kernel
{
    public override int Items => outer;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        for (var column = 0; column < inner; column++)
        {
            var (sum, whole) = (0.0, 0L);
            for (var k = 0; k < length; k++)
            {
                var at = (((long)item * length) + (reverse ? length - 1 - k : k)) * inner + column;
                var (before, wholeBefore) = (sum, whole);
                if (isFloat)
                    ((float*)output)[at] = (float)(exclusive ? before : sum + ((float*)input)[at]);
                else
                    ((long*)output)[at] = exclusive ? wholeBefore : unchecked(whole + ((long*)input)[at]);
                if (isFloat)
                    sum += ((float*)input)[at];
                else
                    whole = unchecked(whole + ((long*)input)[at]);
            }
        }
    }
}

/// <summary>A copy of a tensor in which slices are replaced, one after another.</summary>
/// <param name="offsets">Where each slice begins, in bytes.</param>
/// <param name="slice">Bytes of a slice.</param>
/// <param name="bytes">Bytes of the tensor.</param>
/// <param name="data">The tensor.</param>
/// <param name="updates">The slices.</param>
/// <param name="output">The result.</param>
sealed unsafe class ScatterKernel(long[] offsets, int slice, long bytes, byte* data, byte* updates, byte* output) : Kernel
{
    public override int Items => 1;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        Buffer.MemoryCopy(data, output, bytes, bytes);
        for (var k = 0; k < offsets.Length; k++)
            Unsafe.CopyBlockUnaligned(output + offsets[k], updates + ((long)k * slice), (uint)slice);
    }
}
