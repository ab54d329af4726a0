using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Kernels;

/// <summary>Resizes the planes of a tensor between their pixels.</summary>
/// <remarks>Rows are widened first, each once, and kept while output rows lie between them.</remarks>
sealed unsafe class ResizeKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    readonly ResizeTable rows, columns;
    readonly int height, width, outHeight, outWidth, planes, blockRows, blocks;
    readonly float* input, addend, output;
    readonly Unary function;

    /// <param name="planes">Planes, all of one size.</param>
    /// <param name="height">Their height.</param>
    /// <param name="width">Their width.</param>
    /// <param name="rows">Where output rows lie.</param>
    /// <param name="columns">Where output columns lie.</param>
    /// <param name="input">The planes.</param>
    /// <param name="addend">Of the output's shape, or null.</param>
    /// <param name="function">Applied at the end.</param>
    /// <param name="output">The resized planes; may be the addend.</param>
    /// <param name="threads">Threads that share the work.</param>
    public ResizeKernel(int planes, int height, int width, ResizeTable rows, ResizeTable columns, float* input, float* addend, Unary function, float* output, int threads)
    {
        (this.planes, this.height, this.width, this.rows, this.columns) = (planes, height, width, rows, columns);
        this.input = input;
        this.addend = addend;
        this.function = function;
        this.output = output;
        (outHeight, outWidth) = (rows.First.Length, columns.First.Length);
        // Few planes are cut, so that there is something for every thread.
        blocks = Math.Clamp(4 * threads / Math.Max(planes, 1), 1, Math.Max(outHeight, 1));
        blockRows = (outHeight + blocks - 1) / blocks;
        Items = planes * blocks;
    }

    public override int Items { get; }

    public override long ScratchBytes => 2 * PinnedMemory.Whole((outWidth + 16L) * sizeof(float));

    public override void Run(int item, byte* scratch)
    {
        var (plane, from) = (item / blocks, item % blocks * blockRows);
        var source = input + (plane * (long)height * width);
        var upper = (float*)scratch;
        var lower = (float*)(scratch + PinnedMemory.Whole((outWidth + 16L) * sizeof(float)));
        int upperRow = -1, lowerRow = -1;
        for (var y = from; y < Math.Min(outHeight, from + blockRows); y++)
        {
            var (first, second, part) = (rows.First[y], rows.Second[y], rows.Part[y]);
            if (first == lowerRow)
            {
                var widened = upper;
                upper = lower;
                lower = widened;
                (upperRow, lowerRow) = (lowerRow, upperRow);
            }
            if (first != upperRow)
                Widen(source + ((long)first * width), upper);
            upperRow = first;
            if (second != lowerRow && part > 0)
            {
                Widen(source + ((long)second * width), lower);
                lowerRow = second;
            }
            var at = (((long)plane * outHeight) + y) * outWidth;
            Blend(upper, part > 0 ? lower : upper, part, addend == null ? null : addend + at, output + at);
        }
    }

    void Widen(float* row, float* to)
    {
        fixed (int* first = columns.First, second = columns.Second)
        fixed (float* part = columns.Part)
            for (var x = 0; x < outWidth; x++)
            {
                var left = row[first[x]];
                to[x] = left + ((row[second[x]] - left) * part[x]);
            }
    }

    void Blend(float* upper, float* lower, float part, float* added, float* to)
    {
        var weight = TLanes.All(part);
        for (var x = 0; x < outWidth; x += TLanes.Count)
        {
            // The rows in scratch go on beyond their end by a vector.
            var p = TLanes.Load(upper + x);
            var value = TLanes.MultiplyAdd(TLanes.Subtract(TLanes.Load(lower + x), p), weight, p);
            Finish<TLanes, TVector>.Store(value, TLanes.All(0), added == null ? null : added + x, function, to + x, outWidth - x);
        }
    }
}
