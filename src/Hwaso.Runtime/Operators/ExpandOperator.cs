using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's Expand: a tensor repeated to a larger shape.</summary>
sealed unsafe record ExpandOperator : Operator
{
    public override TensorType Infer(Operands inputs) =>
        inputs.Of(inputs.Type(0).IsFloat, Broadcasting.Shape(inputs.Type(0).Shape, Array.ConvertAll(inputs.Ints(1, "shape"), inputs.Size), inputs));

    public override Kernel Bind(Binding binding)
    {
        var shape = binding.Output.Shape;
        return new CopyKernel(Strides.Merge(shape, Strides.Broadcast(binding.Operands.Type(0).Shape, shape), Strides.Dense(shape)), binding.Output.ElementBytes, binding.Bytes(0), binding.OutBytes);
    }
}
