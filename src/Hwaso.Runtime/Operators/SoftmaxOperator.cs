using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's Softmax and LogSoftmax; before operator set 13 over all dimensions from the axis on.</summary>
sealed unsafe record SoftmaxOperator(long Axis, bool Logarithm, bool ToTheEnd) : Operator
{
    public override TensorType Infer(Operands inputs)
    {
        inputs.Axis(Axis, inputs.Float(0).Rank);
        return inputs.Float(0);
    }

    public override Kernel Bind(Binding binding)
    {
        var shape = binding.Output.Shape;
        var axis = binding.Operands.Axis(Axis, shape.Length);
        var end = ToTheEnd ? shape.Length : axis + 1;
        static int Product(ReadOnlySpan<int> sizes)
        {
            var product = 1;
            foreach (var size in sizes)
                product *= size;
            return product;
        }
        return binding.Kernels.Softmax(Product(shape.AsSpan(0, axis)), Product(shape.AsSpan(axis, end - axis)), Product(shape.AsSpan(end)),
            Logarithm, binding.In(0), binding.Out);
    }
}
