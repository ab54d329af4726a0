namespace Hwaso.Runtime.Core;

/// <summary>
/// The dimensions of a loop over several tensors, with each tensor's steps. Dimensions that are contiguous in every tensor are merged.
/// </summary>
/// <param name="Sizes">The sizes, outermost first.</param>
/// <param name="Steps">[tensor][dimension], in elements; 0 where a tensor is broadcast.</param>
sealed record Strides(int[] Sizes, int[][] Steps)
{
    /// <summary>The steps of a dense tensor, in elements.</summary>
    public static int[] Dense(ReadOnlySpan<int> shape)
    {
        var steps = new int[shape.Length];
        for (int k = shape.Length - 1, step = 1; k >= 0; step *= Math.Max(shape[k], 1), k--)
            steps[k] = step;
        return steps;
    }

    /// <summary>The steps of a dense tensor that is broadcast to a larger shape by ONNX's rules.</summary>
    public static int[] Broadcast(ReadOnlySpan<int> shape, ReadOnlySpan<int> to)
    {
        var own = Dense(shape);
        var steps = new int[to.Length];
        for (var k = 0; k < shape.Length; k++)
            steps[to.Length - shape.Length + k] = shape[k] == 1 ? 0 : own[k];
        return steps;
    }

    /// <summary>Merges neighbouring dimensions where every tensor allows it; at least one dimension remains.</summary>
    public static Strides Merge(ReadOnlySpan<int> sizes, params int[][] steps)
    {
        var kept = new List<int>();
        var joined = steps.Select(_ => new List<int>()).ToArray();
        for (var d = 0; d < sizes.Length; d++)
        {
            if (sizes[d] == 1)
                continue;
            var last = kept.Count - 1;
            var size = sizes[d];
            var index = d;
            if (last >= 0 && Enumerable.Range(0, steps.Length).All(t => joined[t][last] == steps[t][index] * (long)size))
            {
                kept[last] *= size;
                for (var t = 0; t < steps.Length; t++)
                    joined[t][last] = steps[t][d];
                continue;
            }
            kept.Add(size);
            for (var t = 0; t < steps.Length; t++)
                joined[t].Add(steps[t][d]);
        }
        if (kept.Count == 0)
        {
            kept.Add(1);
            foreach (var list in joined)
                list.Add(1);
        }
        return new Strides([.. kept], joined.Select(j => j.ToArray()).ToArray());
    }

    /// <summary>The offset of a row of the innermost dimension in one tensor, in elements.</summary>
    public long Offset(int tensor, long row)
    {
        long offset = 0;
        var steps = Steps[tensor];
        for (var d = Sizes.Length - 2; d >= 0; d--)
        {
            offset += row % Sizes[d] * steps[d];
            row /= Sizes[d];
        }
        return offset;
    }

    /// <summary>The number of rows of the innermost dimension.</summary>
    public long Rows => Sizes.SkipLast(1).Aggregate(1L, (a, b) => a * b);
}
