namespace Hwaso.Runtime.Tests.Operators;

/// <summary>Cases of operators that sum: matrix products, reductions, normalisation.</summary>
static class SumCases
{
    public static IReadOnlyDictionary<string, Action<CaseBuilder>> All { get; } = new Dictionary<string, Action<CaseBuilder>>
    {
        ["MatMul"] = MatMul,
        ["Gemm"] = Gemm,
        ["Softmax"] = Along,
        ["LogSoftmax"] = Along,
        ["LayerNormalization"] = c =>
        {
            var shape = c.Shape(1, 4, 17);
            var axis = c.From(0, shape.Length - 1);
            c.Input(shape).Weight(shape[axis..]);
            if (c.Once(2))
                c.Weight(shape[axis..]);
            if (axis != shape.Length - 1 || c.Once(2))
                c.With("axis", c.Once(2) ? axis : axis - shape.Length);
            if (c.Once(2))
                c.With("epsilon", c.Any(1e-5, 1e-3, 1e-1));
        },
        ["ReduceMean"] = c => Reduce(c, axesAsInput: 18),
        ["ReduceSum"] = c => Reduce(c, axesAsInput: 13),
        ["ReduceMax"] = c => Reduce(c, axesAsInput: 18),
        ["ReduceMin"] = c => Reduce(c, axesAsInput: 18),
        ["ReduceL2"] = c => Reduce(c, axesAsInput: 18),
        ["ArgMax"] = c =>
        {
            var shape = c.Shape(1, 4);
            c.IsInteger = true;
            c.Input(shape).WithOr("axis", c.From(-shape.Length, shape.Length - 1), 0).WithOr("keepdims", c.Any(0, 1), 1)
                .WithOr("select_last_index", c.Any(0, 1), 0);
        },
    };

    static void MatMul(CaseBuilder c)
    {
        long m = c.Size(30), k = c.Size(40), n = c.Size(30);
        long[] batch = c.Shape(0, 2, 4);
        var (left, right) = c.Any(0, 1, 2, 3, 4) switch
        {
            0 => (new[] { k }, new[] { k, n }),
            1 => ([m, k], [k]),
            2 => ([.. batch, m, k], [k, n]),
            3 => ([m, k], [.. batch, k, n]),
            _ => ((long[])[.. batch, m, k], (long[])[.. batch, k, n]),
        };
        if (c.Once(4))
            c.Weight(left).Input(right);
        else
            c.Input(left).Either(right);
    }

    static void Gemm(CaseBuilder c)
    {
        long m = c.Size(30), k = c.Size(40), n = c.Size(30);
        var (a, b) = (c.Any(0, 1), c.Any(0, 1));
        c.Input(a == 1 ? [k, m] : [m, k]).Either(b == 1 ? [n, k] : [k, n]);
        if (!c.Once(3))
            c.Either(c.Any<long[]>([n], [1, n], [m, n], [m, 1], [1], []));
        c.WithOr("transA", a, 0).WithOr("transB", b, 0);
        if (c.Once(2))
            c.With("alpha", c.Any(0.5, 2, -1));
        if (c.Once(2))
            c.With("beta", c.Any(0.5, 2, 0.0));
    }

    static void Along(CaseBuilder c)
    {
        c.Opset = c.Any(9, 11, 13, 17);
        var shape = c.Shape(1, 4, 17);
        c.Input(shape, -9, 9);
        // Negative axes came with operator set 11.
        if (!c.Once(4) || shape.Length == 1)
            c.With("axis", c.From(c.Opset < 11 ? 0 : -shape.Length, shape.Length - 1));
    }

    static void Reduce(CaseBuilder c, int axesAsInput)
    {
        c.Opset = c.Any(11, 13, 17, 18);
        var shape = c.Shape(1, 5, 9);
        long[] axes = [.. Enumerable.Range(0, shape.Length).Where(_ => c.Once(2)).Select(d => (long)(c.Once(2) ? d : d - shape.Length))];
        c.Input(shape).WithOr("keepdims", c.Any(0, 1), 1);
        if (c.Opset < axesAsInput)
        {
            if (axes.Length > 0)
                c.With("axes", axes);
            return;
        }
        if (axes.Length > 0 || c.Once(2))
            c.Ints(axes);
        c.WithOr("noop_with_empty_axes", c.Any(0, 0, 1), 0);
    }
}
