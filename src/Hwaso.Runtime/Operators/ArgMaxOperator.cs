using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's ArgMax.</summary>
sealed unsafe record ArgMaxOperator(long Axis, bool Keep, bool Last) : Operator
{
    public override TensorType Infer(Operands inputs)
    {
        var x = inputs.Float(0);
        var axis = inputs.Axis(Axis, x.Rank);
        if (x.Shape[axis] == 0)
            throw inputs.Refuse("an axis without elements");
        return inputs.Of(false, Keep ? [.. x.Shape[..axis], 1, .. x.Shape[(axis + 1)..]] : [.. x.Shape[..axis], .. x.Shape[(axis + 1)..]]);
    }

    public override Kernel Bind(Binding binding)
    {
        var shape = binding.Operands.Type(0).Shape;
        var axis = binding.Operands.Axis(Axis, shape.Length);
        return new ArgMaxKernel(
            shape[..axis].Aggregate(1, (a, b) => a * b), shape[axis], shape[(axis + 1)..].Aggregate(1, (a, b) => a * b), Last, binding.In(0), (long*)binding.OutBytes);
    }
}
