using System.Numerics;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// Resizes scores to an image and finds the best class of each pixel, without ever holding the resized scores of all classes in memory.
/// </summary>
/// <param name="classes">The number of classes, K.</param>
/// <param name="height">Rows of the scores.</param>
/// <param name="width">Columns of the scores.</param>
/// <param name="rows">The positions of the image's rows in the scores.</param>
/// <param name="columns">The positions of the image's columns in the scores.</param>
/// <param name="scores">[K, height, width].</param>
/// <param name="labels">Receives the label of each pixel.</param>
/// <param name="threads">The number of threads that share the work.</param>
sealed unsafe class LabelKernel(int classes, int height, int width, ResizeTable rows, ResizeTable columns, float* scores, byte* labels,
    int threads) : Kernel
{
    readonly int outHeight = rows.First.Length, outWidth = columns.First.Length;

    public int Classes => classes;

    int RowsOfItem => Math.Max(1, (outHeight + (4 * threads) - 1) / (4 * threads));

    public override int Items => (outHeight + RowsOfItem - 1) / RowsOfItem;

    // Two widened rows of each class, and the best score so far.
    public override long ScratchBytes => ((2L * classes) + 1) * outWidth * sizeof(float);

    public override void Run(int item, byte* scratch)
    {
        var (upper, lower) = (new Rows((float*)scratch), new Rows((float*)scratch + ((long)classes * outWidth)));
        var best = (float*)scratch + (2L * classes * outWidth);
        for (var y = item * RowsOfItem; y < Math.Min(outHeight, (item + 1) * RowsOfItem); y++)
        {
            var (first, second) = (rows.First[y], rows.Second[y]);
            if (lower.Row == first)
                (upper, lower) = (lower, upper);
            upper = Widened(upper, first);
            if (second != first)
                lower = Widened(lower, second);
            var below = second == first ? upper : lower;
            var to = labels + ((long)y * outWidth);
            new Span<byte>(to, outWidth).Clear();
            for (var k = 0; k < classes; k++)
                Compare(upper.Numbers + ((long)k * outWidth), below.Numbers + ((long)k * outWidth), rows.Part[y], best, to, (byte)k);
        }
    }

    /// <summary>Resizes the scores themselves to the image's size, [K, height, width].</summary>
    public void Scores(float* to)
    {
        for (var k = 0; k < classes; k++)
            for (var y = 0; y < outHeight; y++)
                for (var x = 0; x < outWidth; x++)
                {
                    var upper = Between(scores + ((((long)k * height) + rows.First[y]) * width), x);
                    var lower = Between(scores + ((((long)k * height) + rows.Second[y]) * width), x);
                    *to++ = upper + ((lower - upper) * rows.Part[y]);
                }
    }

    Rows Widened(Rows to, int row)
    {
        if (to.Row == row)
            return to;
        for (var k = 0; k < classes; k++)
        {
            var from = scores + ((((long)k * height) + row) * width);
            var target = to.Numbers + ((long)k * outWidth);
            for (var x = 0; x < outWidth; x++)
                target[x] = Between(from, x);
        }
        return new Rows(to.Numbers, row);
    }

    float Between(float* row, int x)
    {
        var left = row[columns.First[x]];
        return left + ((row[columns.Second[x]] - left) * columns.Part[x]);
    }

    void Compare(float* upper, float* lower, float part, float* best, byte* to, byte label)
    {
        var x = 0;
        var weight = new Vector<float>(part);
        for (; x + Vector<float>.Count <= outWidth; x += Vector<float>.Count)
        {
            var above = *(Vector<float>*)(upper + x);
            var value = above + ((*(Vector<float>*)(lower + x) - above) * weight);
            if (label > 0 && !Vector.GreaterThanAny(value, *(Vector<float>*)(best + x)))
                continue;
            for (var k = x; k < x + Vector<float>.Count; k++)
                Take(value[k - x], best + k, to + k, label);
        }
        for (; x < outWidth; x++)
            Take(upper[x] + ((lower[x] - upper[x]) * part), best + x, to + x, label);
    }

    // Of equal scores the first class wins.
    static void Take(float value, float* best, byte* to, byte label)
    {
        if (label == 0 || value > *best)
            (*best, *to) = (value, label);
    }

    /// <summary>A row of scores of every class, widened to the image, and the number of that row.</summary>
    readonly struct Rows(float* numbers, int row = -1)
    {
        public float* Numbers => numbers;

        public int Row => row;
    }
}
