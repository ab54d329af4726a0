using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Operators;

/// <summary>One output of ONNX's Split; a node with several is read as several of these.</summary>
/// <param name="Axis">Along which axis.</param>
/// <param name="Part">Which output.</param>
/// <param name="Parts">How many there are.</param>
/// <param name="Sizes">Their sizes where an attribute says.</param>
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
            throw inputs.Refuse($"{size} numbers in {Parts} parts of [{string.Join(", ", sizes.Take(16))}]");
        start = (int)sizes.Take(Part).Sum();
        var shape = (int[])type.Shape.Clone();
        shape[axis] = (int)sizes[Part];
        return shape;
    }
}
