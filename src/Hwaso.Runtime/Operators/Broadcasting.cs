using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's broadcasting: sizes are compared from the last one, and 1 fits any.</summary>
static class Broadcasting
{
    public static int[] Shape(int[] a, int[] b, Operands inputs)
    {
        var shape = new int[Math.Max(a.Length, b.Length)];
        for (var k = 1; k <= shape.Length; k++)
        {
            var (x, y) = (k <= a.Length ? a[^k] : 1, k <= b.Length ? b[^k] : 1);
            shape[^k] = x == y || y == 1 ? x
                : x == 1 ? y
                : throw inputs.Refuse($"sizes [{string.Join(", ", a)}] and [{string.Join(", ", b)}] cannot be broadcast to each other");
        }
        return shape;
    }

    /// <summary>For each element of the larger shape, in order, the index of the element of the smaller one.</summary>
    public static int[] Indices(int[] shape, int[] to)
    {
        var strides = new Strides(to.Length == 0 ? [1] : to, [to.Length == 0 ? [0] : Strides.Broadcast(shape, to)]);
        var length = strides.Sizes[^1];
        var indices = new int[to.Aggregate(1, (p, s) => p * s)];
        for (var k = 0; k < indices.Length; k++)
            indices[k] = (int)strides.Offset(0, k / length) + (k % length * strides.Steps[0][^1]);
        return indices;
    }
}

/// <summary>ONNX's Expand: broadcasts a tensor to a larger shape.</summary>
sealed unsafe record ExpandOperator : Operator
{
    public override TensorType Infer(Operands inputs) =>
        inputs.Of(inputs.Type(0).IsFloat,
            Broadcasting.Shape(inputs.Type(0).Shape, Array.ConvertAll(inputs.Ints(1, "shape"), inputs.Size), inputs));

    public override Kernel Bind(Binding binding)
    {
        var shape = binding.Output.Shape;
        return new CopyKernel(Strides.Merge(shape, Strides.Broadcast(binding.Operands.Type(0).Shape, shape), Strides.Dense(shape)),
            binding.Output.ElementBytes, binding.Bytes(0), binding.OutBytes);
    }
}
