namespace Hwaso.Runtime.Tests.Operators;

/// <summary>Cases of operators that move numbers, and of operators on sizes.</summary>
static class ShapeCases
{
    public static IReadOnlyDictionary<string, Action<CaseBuilder>> All { get; } = new Dictionary<string, Action<CaseBuilder>>
    {
        ["Concat"] = Concat,
        ["Split"] = Split,
        ["Slice"] = Slice,
        ["Gather"] = Gather,
        ["Transpose"] = c =>
        {
            var shape = c.Shape(1, 6, 7);
            c.Input(shape);
            if (!c.Once(5))
                c.With("perm", [.. Enumerable.Range(0, shape.Length).Select(d => (long)d).OrderBy(_ => c.Random.Next())]);
        },
        ["Reshape"] = Reshape,
        ["Flatten"] = c =>
        {
            var shape = c.Shape(1, 5, 7);
            c.Input(shape).WithOr("axis", c.From(-shape.Length, shape.Length), 1);
        },
        ["Squeeze"] = Squeeze,
        ["Unsqueeze"] = Unsqueeze,
        ["Expand"] = c =>
        {
            var shape = c.Shape(1, 5, 7);
            c.Input([.. shape.Select(s => c.Once(2) ? 1 : s).Skip(c.From(0, shape.Length - 1))])
                .Ints(shape.Select(s => c.Once(8) ? 1 : s).ToArray());
        },
        ["Pad"] = Pad,
        ["Shape"] = c =>
        {
            c.IsInteger = true;
            c.Input(c.Shape(1, 5));
            if (c.Once(2))
                c.With("start", c.From(-6, 6));
            if (c.Once(2))
                c.With("end", c.From(-6, 6));
        },
        ["Cast"] = c => c.Ints([.. Enumerable.Range(0, c.From(1, 9)).Select(_ => (long)c.From(-99, 99))]).With("to", 1),
        ["ConstantOfShape"] = c => c.Ints(c.Shape(1, 4, 7)),
        ["Range"] = c =>
        {
            c.IsInteger = true;
            c.IntsOf([], [c.From(-20, 20)]).IntsOf([], [c.From(-20, 20)]).IntsOf([], [c.Any(-3, -2, -1, 1, 2, 3)]);
        },
        ["Equal"] = c =>
        {
            c.IsInteger = c.IsTruth = true;
            var shape = c.Shape(1, 3, 7);
            Few(c, shape);
            Few(c, [.. shape.Select(s => c.Once(3) ? 1 : s).Skip(c.From(0, shape.Length))]);
        },
        ["Where"] = c =>
        {
            c.IsInteger = true;
            var shape = c.Shape(1, 3, 7);
            long[] Part() => [.. shape.Select(s => c.Once(3) ? 1 : s).Skip(c.From(0, shape.Length))];
            c.Truth(shape, Numbers(c, shape), Numbers(c, shape));
            Few(c, Part());
            Few(c, Part());
        },
    };

    static long[] Numbers(CaseBuilder c, long[] shape) =>
        [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (long)c.From(0, 2))];

    static void Few(CaseBuilder c, long[] shape) => c.IntsOf(shape, Numbers(c, shape));

    static void Concat(CaseBuilder c)
    {
        var shape = c.Shape(1, 5, 8);
        var axis = c.From(0, shape.Length - 1);
        c.Input(shape);
        for (var more = c.From(0, 4); more > 0; more--)
        {
            var other = (long[])shape.Clone();
            other[axis] = c.Size(8);
            c.Either(other);
        }
        c.With("axis", c.Once(2) ? axis : axis - shape.Length);
    }

    static void Split(CaseBuilder c)
    {
        c.Opset = c.Any(11, 13, 18);
        var shape = c.Shape(1, 4, 8);
        var axis = c.From(0, shape.Length - 1);
        c.Outputs = c.From(1, 4);
        long[] sizes = [.. Enumerable.Range(0, c.Outputs).Select(_ => (long)c.From(1, 5))];
        var equal = c.Once(3);
        if (equal)
            sizes = [.. sizes.Select(_ => sizes[0])];
        shape[axis] = sizes.Sum();
        if (equal && c.Opset == 18 && c.Once(2) && c.Outputs > 1)
            // The last part may be smaller.
            shape[axis] -= c.From(0, (int)Math.Max(0, Math.Min(sizes[0] - 1, ((shape[axis] + c.Outputs - 1) / c.Outputs) - 1)));
        var even = equal && (shape[axis] + c.Outputs - 1) / c.Outputs == sizes[0];
        c.Input(shape);
        if (!even || (c.Opset != 18 && c.Once(2)))
        {
            sizes[^1] = shape[axis] - sizes[..^1].Sum();
            if (c.Opset == 11)
                c.With("split", sizes);
            else
                c.Ints(sizes);
        }
        else if (c.Opset == 18)
            c.With("num_outputs", c.Outputs);
        c.WithOr("axis", c.Once(2) ? axis : axis - shape.Length, 0);
    }

    static void Slice(CaseBuilder c)
    {
        var shape = c.Shape(1, 5, 9);
        c.Input(shape);
        var axes = Enumerable.Range(0, shape.Length).Where(_ => !c.Once(3)).DefaultIfEmpty(0).ToArray();
        long[] starts = new long[axes.Length], ends = new long[axes.Length], steps = new long[axes.Length];
        for (var k = 0; k < axes.Length; k++)
        {
            var size = (int)shape[axes[k]];
            // At least one element remains: the end is the start or lies beyond it in the direction of the step.
            var (first, step) = (c.From(0, size - 1), c.Any(1, 1, 2, 3, -1, -2));
            var forward = step > 0;
            var last = forward ? c.From(first, size - 1) : c.From(0, first);
            starts[k] = c.Once(3) ? first - size
                : forward && first == 0 && c.Once(2) ? -size - 5
                : !forward && first == size - 1 && c.Once(2) ? c.Any(size + 3L, long.MaxValue)
                : first;
            if (forward)
                ends[k] = last == size - 1 && c.Once(2) ? c.Any(size, size + 7L, long.MaxValue)
                    : c.Once(3) && last < size - 1 ? last + 1 - size
                    : last + 1;
            else
                ends[k] = last == 0 ? c.Any(-size - 1L, long.MinValue + 1) : c.Once(3) ? last - 1 - size : last - 1;
            steps[k] = step;
        }
        c.Ints(starts).Ints(ends).Ints([.. axes.Select(a => (long)(c.Once(2) ? a : a - shape.Length))]);
        if (steps.Any(s => s != 1) || c.Once(2))
            c.Ints(steps);
    }

    static void Gather(CaseBuilder c)
    {
        var shape = c.Shape(1, 4, 8);
        var axis = c.From(0, shape.Length - 1);
        var places = c.Once(4) ? [] : c.Shape(1, 2, 5);
        var count = (int)places.Aggregate(1L, (a, b) => a * b);
        long[] indices = [.. Enumerable.Range(0, count).Select(_ => (long)c.From(-(int)shape[axis], (int)shape[axis] - 1))];
        c.Input(shape);
        if (c.Once(2))
            c.IntsOf(places, indices);
        else
            c.InputInts(places, indices);
        c.WithOr("axis", c.Once(2) ? axis : axis - shape.Length, 0);
    }

    static void Reshape(CaseBuilder c)
    {
        var shape = c.Shape(1, 5, 7);
        c.Input(shape);
        // Merges neighbours, keeps some sizes, and leaves one free.
        var sizes = new List<long>();
        for (var d = 0; d < shape.Length; d++)
            if (sizes.Count > 0 && c.Once(3))
                sizes[^1] *= shape[d];
            else
                sizes.Add(shape[d]);
        if (c.Once(3))
            sizes.Insert(c.From(0, sizes.Count), 1);
        for (var d = 0; d < Math.Min(sizes.Count, shape.Length); d++)
            if (sizes[d] == shape[d] && c.Once(3))
                sizes[d] = 0;
        if (c.Once(2))
            sizes[c.From(0, sizes.Count - 1)] = -1;
        c.Ints([.. sizes]);
    }

    static void Squeeze(CaseBuilder c)
    {
        c.Opset = c.Any(11, 13, 17);
        long[] shape = [.. c.Shape(1, 5, 7).Select(s => c.Once(2) ? 1 : s)];
        var removed = Enumerable.Range(0, shape.Length).Where(d => shape[d] == 1 && c.Once(2));
        long[] axes = [.. removed.Select(d => (long)(c.Once(2) ? d : d - shape.Length))];
        c.Input(shape);
        if (axes.Length > 0 && c.Opset < 13)
            c.With("axes", axes);
        else if (axes.Length > 0)
            c.Ints(axes);
    }

    static void Unsqueeze(CaseBuilder c)
    {
        c.Opset = c.Any(11, 13, 17);
        var shape = c.Shape(0, 4, 7);
        var rank = shape.Length + c.From(1, 3);
        var added = Enumerable.Range(0, rank).OrderBy(_ => c.Random.Next()).Take(rank - shape.Length);
        long[] axes = [.. added.Select(d => (long)(c.Once(2) ? d : d - rank))];
        c.Input(shape);
        if (c.Opset < 13)
            c.With("axes", axes);
        else
            c.Ints(axes);
    }

    static void Pad(CaseBuilder c)
    {
        c.Opset = c.Any(9, 11, 13, 18);
        var shape = c.Shape(1, 4, 8);
        var pads = new long[2 * shape.Length];
        for (var d = 0; d < shape.Length; d++)
        {
            // Crops a part, never all.
            pads[d] = c.Once(5) ? -c.From(0, (int)(shape[d] - 1) / 2) : c.From(0, 3);
            pads[d + shape.Length] = c.Once(5) ? -c.From(0, (int)(shape[d] - 1) / 2) : c.From(0, 3);
        }
        c.Input(shape);
        if (c.Once(2))
            c.With("mode", "constant");
        if (c.Opset < 11)
        {
            c.With("pads", pads);
            if (c.Once(2))
                c.With("value", 0.5);
            return;
        }
        if (c.Opset < 18 || c.Once(2))
        {
            c.Ints(pads);
            if (c.Once(2))
                c.Known([], 0.5f);
            return;
        }
        var axes = Enumerable.Range(0, shape.Length).OrderBy(_ => c.Random.Next()).Take(c.From(1, shape.Length)).ToArray();
        c.Ints([.. axes.Select(a => pads[a]), .. axes.Select(a => pads[a + shape.Length])]).Known([], -1.5f)
            .Ints([.. axes.Select(a => (long)(c.Once(2) ? a : a - shape.Length))]);
    }
}
