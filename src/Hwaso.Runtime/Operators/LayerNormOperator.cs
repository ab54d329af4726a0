using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's LayerNormalization: inputs X, scale, B.</summary>
sealed unsafe record LayerNormOperator(long Axis, float Epsilon) : Operator
{
    public override TensorType Infer(Operands inputs)
    {
        var x = inputs.Float(0);
        var length = Length(inputs);
        for (var k = 1; k < 3; k++)
            if ((k == 1 || inputs.Has(k)) && inputs.Float(k).Elements != length)
                throw inputs.Beyond($"{inputs.Type(k)} does not fit the last dimensions of {x}");
        return x;
    }

    public override Kernel Bind(Binding binding)
    {
        var length = Length(binding.Operands);
        return binding.Kernels.LayerNorm(length == 0 ? 0 : binding.Output.Elements / length, length, Epsilon, binding.In(0), binding.In(1),
            binding.In(2), binding.Out);
    }

    int Length(Operands inputs)
    {
        var shape = inputs.Float(0).Shape;
        return shape[inputs.Axis(Axis, shape.Length)..].Aggregate(1, (a, b) => a * b);
    }
}
