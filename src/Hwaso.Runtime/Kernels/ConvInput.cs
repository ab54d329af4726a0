using System.Runtime.CompilerServices;

namespace Hwaso.Runtime.Kernels;

/// <summary>Copies a block of a convolution's input as <see cref="ConvPlan"/> lays it out.</summary>
static unsafe class ConvInput
{
    /// <summary>Copies one channel.</summary>
    /// <param name="plane">The channel's first pixel.</param>
    /// <param name="shape">The convolution.</param>
    /// <param name="plan">Its blocks.</param>
    /// <param name="firstRow">The block's first output row.</param>
    /// <param name="to">Where the channel's copy begins.</param>
    public static void Copy(float* plane, in ConvShape shape, ConvPlan plan, int firstRow, float* to)
    {
        if (plan.Flat)
        {
            var start = firstRow * plan.OutWidth;
            var count = Math.Min(plan.OutWidth, plan.PlanePixels - start);
            Unsafe.CopyBlockUnaligned(to, plane + start, (uint)count * sizeof(float));
            new Span<float>(to + count, plan.RowPitch - count).Clear();
            return;
        }
        var apart = plan.RowsApart(shape);
        var rowsOfTap = plan.RowsOfTap(shape);
        var rows = plan.CopiedRows(shape);
        for (var r = 0; r < rows; r++, to += plan.RowPitch)
        {
            var y = (firstRow * shape.StrideY) - shape.Top + (apart ? (r / rowsOfTap * shape.DilationY) + (r % rowsOfTap) : r);
            if (y < 0 || y >= plan.InHeight)
                new Span<float>(to, plan.RowPitch).Clear();
            else if (shape.StrideX == 1)
                Row(plane + ((long)y * plan.InWidth), plan.InWidth, shape.Left, to, plan.RowPitch);
            else
                for (var phase = 0; phase < shape.StrideX; phase++)
                    Phase(plane + ((long)y * plan.InWidth), plan.InWidth, phase - shape.Left, shape.StrideX, to + (phase * plan.PhaseWidth), plan.PhaseWidth);
        }
    }

    static void Row(float* from, int width, int left, float* to, int pitch)
    {
        left = Math.Min(left, pitch);
        var count = Math.Min(width, pitch - left);
        for (var k = 0; k < left; k++)
            to[k] = 0;
        if (count > 0)
            Unsafe.CopyBlockUnaligned(to + left, from, (uint)count * sizeof(float));
        for (var k = left + Math.Max(count, 0); k < pitch; k++)
            to[k] = 0;
    }

    static void Phase(float* from, int width, int first, int stride, float* to, int count)
    {
        var x = first;
        var k = 0;
        for (; k < count && x < 0; k++, x += stride)
            to[k] = 0;
        var inside = Math.Min(count, k + ((Math.Max(width - x, 0) + stride - 1) / stride));
        for (; k < inside; k++, x += stride)
            to[k] = from[x];
        for (; k < count; k++)
            to[k] = 0;
    }
}
