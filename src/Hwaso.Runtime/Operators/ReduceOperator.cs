using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's ReduceMean, ReduceSum, ReduceMax, ReduceMin and the global poolings.</summary>
/// <param name="Kind">The function.</param>
/// <param name="Axes">The axes; null if input 1 holds them or all are meant.</param>
/// <param name="Keep">Whether reduced dimensions remain, with size 1.</param>
/// <param name="NoneIsNothing">Whether an empty list of axes means no reduction, not all axes.</param>
/// <param name="Pixels">Whether all dimensions but the first two are reduced.</param>
sealed unsafe record ReduceOperator(ReduceKind Kind, long[]? Axes, bool Keep, bool NoneIsNothing, bool Pixels) : Operator
{
    public static ReduceOperator Read(NodeAttributes attributes, ReduceKind kind) =>
        new(kind, attributes.Ints("axes"), attributes.Flag("keepdims", true), attributes.Flag("noop_with_empty_axes"), false);

    public static ReduceOperator Global(ReduceKind kind) => new(kind, null, true, false, true);

    public override TensorType Infer(Operands inputs)
    {
        var x = inputs.Float(0);
        var gone = Gone(inputs);
        if (x.Elements == 0)
            throw inputs.Beyond($"{x} has no elements to reduce");
        var kept = Enumerable.Range(0, x.Rank).Where(d => Keep || !gone.Contains(d));
        return inputs.Floats(kept.Select(d => gone.Contains(d) ? 1 : x.Shape[d]).ToArray());
    }

    public override Kernel Bind(Binding binding)
    {
        var shape = binding.Operands.Type(0).Shape;
        var (steps, gone) = (Strides.Dense(shape), Gone(binding.Operands));
        Strides Part(bool wanted)
        {
            var dimensions = Enumerable.Range(0, shape.Length).Where(d => gone.Contains(d) == wanted).ToArray();
            return Strides.Merge(dimensions.Select(d => shape[d]).ToArray(), dimensions.Select(d => steps[d]).ToArray());
        }
        return binding.Kernels.Reduce(Kind, Part(false), Part(true), binding.In(0), binding.Out);
    }

    HashSet<int> Gone(Operands inputs)
    {
        var rank = inputs.Float(0).Rank;
        if (Pixels)
            return [.. Enumerable.Range(2, Math.Max(0, rank - 2))];
        var axes = Axes ?? (inputs.Has(1) ? inputs.Ints(1, "axes") : null);
        return axes is { Length: > 0 } ? [.. axes.Select(a => inputs.Axis(a, rank))] : NoneIsNothing ? [] : [.. Enumerable.Range(0, rank)];
    }
}

/// <summary>ONNX's ArgMax.</summary>
sealed unsafe record ArgMaxOperator(long Axis, bool Keep, bool Last) : Operator
{
    public override TensorType Infer(Operands inputs)
    {
        var x = inputs.Float(0);
        var axis = inputs.Axis(Axis, x.Rank);
        if (x.Shape[axis] == 0)
            throw inputs.Refuse("the axis has no elements");
        return inputs.Of(false, Keep ? [.. x.Shape[..axis], 1, .. x.Shape[(axis + 1)..]] : [.. x.Shape[..axis], .. x.Shape[(axis + 1)..]]);
    }

    public override Kernel Bind(Binding binding)
    {
        var shape = binding.Operands.Type(0).Shape;
        var axis = binding.Operands.Axis(Axis, shape.Length);
        var (outer, inner) = (shape[..axis].Aggregate(1, (a, b) => a * b), shape[(axis + 1)..].Aggregate(1, (a, b) => a * b));
        return new ArgMaxKernel(outer, shape[axis], inner, Last, binding.In(0), (long*)binding.OutBytes);
    }
}
