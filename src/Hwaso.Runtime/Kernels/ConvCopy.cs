using System.Runtime.CompilerServices;
using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// Copies a convolution's input for some rows and columns of its output: with padding, and with the columns of each phase of the stride
/// together, so that every tap of the kernel is a plain vector load at a fixed distance.
/// </summary>
sealed unsafe class ConvCopy
{
    const int MostNumbers = 1 << 28;

    readonly ConvShape shape;
    readonly int rows, rowsOfTap, copiedRows, phaseWidth;
    readonly bool apart;

    /// <param name="shape">The convolution.</param>
    /// <param name="lanes">Numbers per vector.</param>
    /// <param name="rows">Output rows per copy.</param>
    /// <param name="segments">Vectors of output columns per copy.</param>
    public ConvCopy(in ConvShape shape, int lanes, int rows, int segments)
    {
        (this.shape, this.rows) = (shape, rows);
        rowsOfTap = ((rows - 1) * shape.StrideY) + 1;
        // With wide dilation the rows of different taps do not overlap: each tap then gets its own rows.
        apart = shape.DilationY > rowsOfTap;
        copiedRows = apart ? shape.KernelHeight * rowsOfTap : rowsOfTap + ((shape.KernelHeight - 1) * shape.DilationY);
        phaseWidth = (segments * lanes) + ((shape.KernelWidth - 1) * shape.DilationX / shape.StrideX) + 1;
        RowPitch = phaseWidth * shape.StrideX;
        var numbers = PinnedMemory.Whole((copiedRows * (long)RowPitch) + lanes);
        if (numbers > MostNumbers)
            throw new ModelFormatException($"a {shape.KernelHeight}×{shape.KernelWidth} convolution",
                $"needs {numbers >> 20} Mi numbers for one row of outputs, more than the {MostNumbers >> 20} Mi supported; "
                + "its image, stride or dilation is too large");
        Numbers = (int)numbers;
        Taps = new int[shape.Taps];
        for (var ky = 0; ky < shape.KernelHeight; ky++)
            for (var kx = 0; kx < shape.KernelWidth; kx++)
            {
                var column = kx * shape.DilationX;
                Taps[(ky * shape.KernelWidth) + kx] = (ky * (apart ? rowsOfTap : shape.DilationY) * RowPitch)
                    + (column % shape.StrideX * phaseWidth) + (column / shape.StrideX);
            }
    }

    /// <summary>Whether each row of the kernel has its own rows.</summary>
    public bool IsApart => apart;

    /// <summary>Numbers in the copy of one channel.</summary>
    public int Numbers { get; }

    /// <summary>Numbers from one row of the copy to the next.</summary>
    public int RowPitch { get; }

    /// <summary>The offset of each tap's numbers from the first tap's.</summary>
    public int[] Taps { get; }

    /// <summary>Copies one channel.</summary>
    /// <param name="plane">The first pixel of the channel.</param>
    /// <param name="firstRow">The first output row.</param>
    /// <param name="firstColumn">The first output column.</param>
    /// <param name="to">The start of the copy.</param>
    public void Run<TLanes, TVector>(float* plane, int firstRow, int firstColumn, float* to)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged =>
        Run<TLanes, TVector>(plane, firstRow, firstColumn, to, new ConvTaps(0, shape.KernelHeight, 0, shape.KernelWidth));

    /// <summary>Copies what some of the taps need of one channel.</summary>
    public void Run<TLanes, TVector>(float* plane, int firstRow, int firstColumn, float* to, in ConvTaps needed)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (needed.Count == 0)
            return;
        var left = (firstColumn * shape.StrideX) - shape.Left;
        var (first, end) = apart
            ? (needed.FirstRow * rowsOfTap, needed.EndRow * rowsOfTap)
            : (needed.FirstRow * shape.DilationY, rowsOfTap + ((needed.EndRow - 1) * shape.DilationY));
        var skip = shape.StrideX == 1 ? needed.FirstColumn * shape.DilationX : 0;
        var width = shape.StrideX == 1
            ? Math.Min(phaseWidth - skip, phaseWidth - ((shape.KernelWidth - needed.EndColumn + needed.FirstColumn) * shape.DilationX))
            : phaseWidth;
        to += first * (nint)RowPitch;
        for (var r = first; r < end; r++, to += RowPitch)
        {
            var y = (firstRow * shape.StrideY) - shape.Top + (apart ? (r / rowsOfTap * shape.DilationY) + (r % rowsOfTap) : r);
            if (y < 0 || y >= shape.Height)
                new Span<float>(to, RowPitch).Clear();
            else
                for (var phase = 0; phase < shape.StrideX; phase++)
                    Phase<TLanes, TVector>(plane + ((long)y * shape.Width), left + skip + phase, to + skip + (phase * phaseWidth), width);
        }
    }

    void Phase<TLanes, TVector>(float* row, int first, float* to, int width)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var stride = shape.StrideX;
        var outside = Math.Min(width, first < 0 ? (-first + stride - 1) / stride : 0);
        var x = first + (outside * stride);
        var inside = Math.Clamp((shape.Width - x + stride - 1) / stride, 0, width - outside);
        for (var k = 0; k < outside; k++)
            to[k] = 0;
        to += outside;
        if (stride == 1)
            Unsafe.CopyBlockUnaligned(to, row + x, (uint)inside * sizeof(float));
        else
        {
            var k = 0;
            if (stride == 2)
                // The last pair may lack its second number.
                for (; k + TLanes.Count < inside; k += TLanes.Count, x += 2 * TLanes.Count)
                    TLanes.Store(TLanes.Even(TLanes.Load(row + x), TLanes.Load(row + x + TLanes.Count)), to + k);
            for (; k < inside; k++, x += stride)
                to[k] = row[x];
        }
        for (var k = inside; k < width - outside; k++)
            to[k] = 0;
    }
}

/// <summary>The rows and columns of a kernel that lie inside the image for some pixel of a block.</summary>
/// <param name="FirstRow">The first row.</param>
/// <param name="EndRow">The row after the last one.</param>
/// <param name="FirstColumn">The first column.</param>
/// <param name="EndColumn">The column after the last one.</param>
readonly record struct ConvTaps(int FirstRow, int EndRow, int FirstColumn, int EndColumn)
{
    /// <summary>The taps that a block of outputs needs; the others read only padding.</summary>
    public static ConvTaps Of(in ConvShape shape, int firstRow, int firstColumn, int rows, int columns)
    {
        var (y, end) = Along(shape.KernelHeight, firstRow, rows, shape.StrideY, shape.DilationY, shape.Top, shape.Height);
        var (x, last) = Along(shape.KernelWidth, firstColumn, columns, shape.StrideX, shape.DilationX, shape.Left, shape.Width);
        return y < end && x < last ? new(y, end, x, last) : default;
    }

    /// <summary>How many they are.</summary>
    public int Count => (EndRow - FirstRow) * (EndColumn - FirstColumn);

    static (int First, int End) Along(int kernel, int first, int count, int stride, int dilation, int padding, int size)
    {
        var (from, end) = (kernel, 0);
        for (var k = 0; k < kernel; k++)
        {
            var at = ((long)first * stride) - padding + ((long)k * dilation);
            // Strides may step over the image.
            if (at < size && at + ((count - 1L) * stride) >= 0)
                (from, end) = (Math.Min(from, k), k + 1);
        }
        return (from, end);
    }
}
