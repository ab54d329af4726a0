using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's Slice: inputs data, starts, ends, axes and steps; before operator set 10 they are attributes.</summary>
sealed unsafe record SliceOperator(long[]? Starts, long[]? Ends, long[]? Axes) : Operator
{
    public static SliceOperator Read(NodeAttributes attributes) =>
        new(attributes.Ints("starts"), attributes.Ints("ends"), attributes.Ints("axes"));

    public override TensorType Infer(Operands inputs) => inputs.Of(inputs.Type(0).IsFloat, Cut(inputs, out _, out _));

    public override Kernel Bind(Binding binding)
    {
        var shape = Cut(binding.Operands, out var starts, out var steps);
        var source = Strides.Dense(binding.Operands.Type(0).Shape);
        long offset = 0;
        for (var d = 0; d < shape.Length; d++)
        {
            offset += (long)starts[d] * source[d];
            source[d] *= steps[d];
        }
        return new CopyKernel(Strides.Merge(shape, source, Strides.Dense(shape)), binding.Output.ElementBytes,
            binding.Bytes(0) + (offset * binding.Output.ElementBytes), binding.OutBytes);
    }

    int[] Cut(Operands inputs, out int[] starts, out int[] steps)
    {
        var type = inputs.Type(0);
        var from = Starts ?? inputs.Ints(1, "starts");
        var to = Ends ?? inputs.Ints(2, "ends");
        var axes = Axes
            ?? (Starts is null && inputs.Has(3) ? inputs.Ints(3, "axes") : Enumerable.Range(0, from.Length).Select(k => (long)k).ToArray());
        var by = Starts is null && inputs.Has(4) ? inputs.Ints(4, "steps") : Enumerable.Repeat(1L, from.Length).ToArray();
        if (to.Length != from.Length || axes.Length != from.Length || by.Length != from.Length)
            throw inputs.Refuse($"{from.Length} starts, {to.Length} ends, {axes.Length} axes and {by.Length} steps");
        var shape = (int[])type.Shape.Clone();
        (starts, steps) = (new int[type.Rank], Enumerable.Repeat(1, type.Rank).ToArray());
        for (var k = 0; k < from.Length; k++)
        {
            var axis = inputs.Axis(axes[k], type.Rank);
            var (size, step) = (type.Shape[axis], by[k]);
            if (step == 0)
                throw inputs.Refuse("the step is 0");
            // A step longer than the axis takes one element, as a step of the axis' length does.
            step = Math.Clamp(step, -Math.Max(size, 1), Math.Max(size, 1));
            // For a negative step, the end before the first element is -1.
            var (low, high) = step > 0 ? (0, size) : (-1, size - 1);
            var begin = Math.Clamp(from[k] < 0 ? from[k] + size : from[k], Math.Max(low, 0), Math.Max(high, 0));
            var end = Math.Clamp(to[k] < 0 ? (to[k] < -size ? -1 : to[k] + size) : to[k], low, Math.Max(high, low));
            var count = step > 0 ? (end - begin + step - 1) / step : (begin - end - step - 1) / -step;
            (starts[axis], steps[axis], shape[axis]) = ((int)begin, (int)step, (int)Math.Max(0, count));
        }
        return shape;
    }
}

/// <summary>One output of ONNX's Split; a node with several outputs becomes several of these.</summary>
/// <param name="Axis">The axis to split.</param>
/// <param name="Part">The number of the output.</param>
/// <param name="Parts">The number of outputs.</param>
/// <param name="Sizes">The outputs' sizes, if an attribute holds them.</param>
sealed unsafe record SplitOperator(long Axis, int Part, int Parts, long[]? Sizes) : Operator
{
    public override TensorType Infer(Operands inputs) => inputs.Of(inputs.Type(0).IsFloat, Cut(inputs, out _, out _));

    public override Kernel Bind(Binding binding)
    {
        var shape = Cut(binding.Operands, out var axis, out var start);
        var source = Strides.Dense(binding.Operands.Type(0).Shape);
        var from = binding.Bytes(0) + ((long)start * source[axis] * binding.Output.ElementBytes);
        return new CopyKernel(Strides.Merge(shape, source, Strides.Dense(shape)), binding.Output.ElementBytes, from, binding.OutBytes);
    }

    int[] Cut(Operands inputs, out int axis, out int start)
    {
        var type = inputs.Type(0);
        axis = inputs.Axis(Axis, type.Rank);
        var size = type.Shape[axis];
        var sizes = Sizes ?? (inputs.Has(1) ? inputs.Ints(1, "sizes") : null);
        if (sizes is null)
        {
            var each = (size + Parts - 1) / Parts;
            sizes = Enumerable.Range(0, Parts).Select(k => (long)Math.Clamp(size - (k * (long)each), 0, each)).ToArray();
        }
        if (sizes.Length != Parts || sizes.Any(s => s < 0 || s > size) || sizes.Sum() != size)
            throw inputs.Refuse($"{size} elements cannot be split into {Parts} parts of [{string.Join(", ", sizes.Take(16))}]");
        start = (int)sizes.Take(Part).Sum();
        var shape = (int[])type.Shape.Clone();
        shape[axis] = (int)sizes[Part];
        return shape;
    }
}
