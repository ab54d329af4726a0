using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's Concat.</summary>
sealed unsafe record ConcatOperator(long Axis) : Operator
{
    public override TensorType Infer(Operands inputs)
    {
        var first = inputs.Type(0);
        var axis = inputs.Axis(Axis, first.Rank);
        var shape = (int[])first.Shape.Clone();
        for (var k = 1; k < inputs.Count; k++)
        {
            var type = inputs.Type(k);
            if (type.IsFloat != first.IsFloat || type.Rank != first.Rank
                || Enumerable.Range(0, first.Rank).Any(d => d != axis && type.Shape[d] != first.Shape[d]))
                throw inputs.Refuse($"{type} cannot be joined to {first} along axis {axis}");
            shape[axis] = inputs.Size((long)shape[axis] + type.Shape[axis]);
        }
        return inputs.Of(first.IsFloat, shape);
    }

    public override Kernel Bind(Binding binding)
    {
        var (shape, bytes) = (binding.Output.Shape, binding.Output.ElementBytes);
        var axis = binding.Operands.Axis(Axis, shape.Length);
        var steps = Strides.Dense(shape);
        var (parts, at) = (new List<Kernel>(), 0L);
        for (var k = 0; k < binding.Operands.Count; k++)
        {
            var type = binding.Operands.Type(k);
            var target = binding.OutBytes + (at * steps[axis] * bytes);
            at += type.Shape[axis];
            // An input that was computed in place needs no copy.
            if (type.Elements > 0 && target != binding.Bytes(k))
                parts.Add(new CopyKernel(Strides.Merge(type.Shape, Strides.Dense(type.Shape), steps), bytes, binding.Bytes(k), target));
        }
        return parts.Count == 1 ? parts[0] : new SequenceKernel(parts);
    }
}
