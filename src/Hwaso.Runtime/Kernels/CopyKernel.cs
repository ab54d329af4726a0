using System.Runtime.CompilerServices;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>Copies elements from one order to another: transposes, slices, broadcasts, concatenations.</summary>
/// <param name="strides">The sizes, and the steps in source (0) and target (1).</param>
/// <param name="elementBytes">Bytes per element, 4 or 8.</param>
/// <param name="from">The first element of the source.</param>
/// <param name="to">The first element of the target.</param>
sealed unsafe class CopyKernel(Strides strides, int elementBytes, byte* from, byte* to) : Kernel
{
    readonly long rows = strides.Rows;
    readonly int length = strides.Sizes[^1], fromStep = strides.Steps[0][^1], toStep = strides.Steps[1][^1];

    /// <summary>A kernel that copies elements without reordering them.</summary>
    public static CopyKernel Dense(int elements, int elementBytes, byte* from, byte* to) =>
        new(new Strides([elements], [[1], [1]]), elementBytes, from, to);

    // Items of some ten thousand elements.
    int RowsOfItem => Math.Max(1, 32768 / Math.Max(length, 1));

    public override int Items => length == 0 ? 0 : (int)((rows + RowsOfItem - 1) / RowsOfItem);

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        var end = Math.Min(rows, (item + 1L) * RowsOfItem);
        for (var row = (long)item * RowsOfItem; row < end; row++)
        {
            var source = from + (strides.Offset(0, row) * elementBytes);
            var target = to + (strides.Offset(1, row) * elementBytes);
            if (fromStep == 1 && toStep == 1)
                Unsafe.CopyBlockUnaligned(target, source, checked((uint)(length * elementBytes)));
            else if (elementBytes == sizeof(float))
                for (long k = 0; k < length; k++)
                    ((float*)target)[k * toStep] = ((float*)source)[k * fromStep];
            else
                for (long k = 0; k < length; k++)
                    ((long*)target)[k * toStep] = ((long*)source)[k * fromStep];
        }
    }
}

/// <summary>Fills a tensor with one value, then copies another one into it: padding.</summary>
sealed unsafe class FillKernel(float* to, int count, float value, Kernel inner) : Kernel
{
    public override int Items => 1;

    public override long ScratchBytes => inner.ScratchBytes;

    public override void Run(int item, byte* scratch)
    {
        new Span<float>(to, count).Fill(value);
        for (var k = 0; k < inner.Items; k++)
            inner.Run(k, scratch);
    }
}

/// <summary>Copies slices of a tensor, selected by their indices along an axis; an index out of range is clamped.</summary>
sealed unsafe class GatherKernel(int outer, int length, int innerBytes, long* indices, int count, byte* input, byte* output) : Kernel
{
    public override int Items => outer;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        for (var k = 0; k < count; k++)
        {
            var index = Math.Clamp(indices[k] < 0 ? indices[k] + length : indices[k], 0, length - 1);
            Unsafe.CopyBlockUnaligned(output + ((((long)item * count) + k) * innerBytes),
                input + ((((long)item * length) + index) * innerBytes), (uint)innerBytes);
        }
    }
}

/// <summary>Converts integers to floating-point numbers, or the reverse.</summary>
/// <param name="elements">The number of elements.</param>
/// <param name="toFloat">Whether integers become floating-point numbers; else those are truncated.</param>
/// <param name="from">The numbers.</param>
/// <param name="to">Receives them.</param>
sealed unsafe class CastKernel(int elements, bool toFloat, byte* from, byte* to) : Kernel
{
    const int Piece = 16384;

    public override int Items => (elements + Piece - 1) / Piece;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        for (var k = item * Piece; k < Math.Min(elements, (item + 1) * Piece); k++)
            if (toFloat)
                ((float*)to)[k] = ((long*)from)[k];
            else
                ((long*)to)[k] = (long)((float*)from)[k];
    }
}

/// <summary>1 where a number is not zero, else 0; or the other way round.</summary>
sealed unsafe class TruthKernel(int elements, bool fromFloat, byte* from, long* to, bool isNot = false) : Kernel
{
    const int Piece = 16384;

    public override int Items => (elements + Piece - 1) / Piece;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        for (var k = item * Piece; k < Math.Min(elements, (item + 1) * Piece); k++)
            to[k] = (fromFloat ? ((float*)from)[k] != 0 : ((long*)from)[k] != 0) != isNot ? 1 : 0;
    }
}
