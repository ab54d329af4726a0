using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>The functions that reduce many numbers to one.</summary>
enum ReduceKind
{
    Sum,
    Mean,
    Max,
    Min,
}

/// <summary>Reduces some dimensions of a tensor.</summary>
/// <param name="kind">The function.</param>
/// <param name="kept">The dimensions that remain, with the input's steps.</param>
/// <param name="gone">The dimensions that are reduced, with the input's steps.</param>
/// <param name="input">The tensor.</param>
/// <param name="output">One number for each index of the remaining dimensions.</param>
sealed unsafe class ReduceKernel<TLanes, TVector>(ReduceKind kind, Strides kept, Strides gone, float* input, float* output) : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    readonly long count = kept.Rows * kept.Sizes[^1], rows = gone.Rows;
    readonly int length = gone.Sizes[^1], step = gone.Steps[0][^1];

    long Results => Math.Max(1, 32768 / Math.Max(1, rows * length));

    public override int Items => (int)((count + Results - 1) / Results);

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        for (var k = item * Results; k < Math.Min(count, (item + 1) * Results); k++)
        {
            var from = input + kept.Offset(0, k / kept.Sizes[^1]) + (k % kept.Sizes[^1] * kept.Steps[0][^1]);
            output[k] = kind is ReduceKind.Sum or ReduceKind.Mean ? Sum(from) : Extreme(from);
        }
    }

    // Rows are summed in single precision, their sums in double.
    float Sum(float* from)
    {
        double sum = 0;
        for (var row = 0L; row < rows; row++)
        {
            var x = from + gone.Offset(0, row);
            var k = 0;
            if (step == 1)
            {
                var sums = TLanes.All(0);
                for (; k + TLanes.Count <= length; k += TLanes.Count)
                    sums = TLanes.Add(sums, TLanes.Load(x + k));
                sum += TLanes.Sum(sums);
            }
            for (; k < length; k++)
                sum += x[(long)k * step];
        }
        return (float)(kind == ReduceKind.Mean ? sum / (rows * length) : sum);
    }

    float Extreme(float* from)
    {
        var best = from[gone.Offset(0, 0)];
        for (var row = 0L; row < rows; row++)
        {
            var x = from + gone.Offset(0, row);
            for (var k = 0; k < length; k++)
                best = kind == ReduceKind.Max ? MathF.Max(best, x[(long)k * step]) : MathF.Min(best, x[(long)k * step]);
        }
        return best;
    }
}

/// <summary>The index of the largest number along an axis; of equal numbers the first, or the last.</summary>
sealed unsafe class ArgMaxKernel(int outer, int length, int inner, bool last, float* input, long* output) : Kernel
{
    public override int Items => outer;

    public override long ScratchBytes => inner * sizeof(float);

    public override void Run(int item, byte* scratch)
    {
        var from = input + ((long)item * length * inner);
        var to = output + ((long)item * inner);
        var best = (float*)scratch;
        new Span<float>(from, inner).CopyTo(new Span<float>(best, inner));
        new Span<long>(to, inner).Clear();
        for (var k = 1; k < length; k++)
        {
            var row = from + ((long)k * inner);
            for (var x = 0; x < inner; x++)
                if (last ? row[x] >= best[x] : row[x] > best[x])
                    (best[x], to[x]) = (row[x], k);
        }
    }
}
