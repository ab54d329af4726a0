using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's Equal (of two) and Where (of three) on sizes and indices that are known when planning.</summary>
sealed record ChoiceOperator(bool IsEqual) : Operator, IFolding
{
    public override TensorType Infer(Operands inputs)
    {
        var shape = Broadcasting.Shape(inputs.Type(0).Shape, inputs.Type(1).Shape, inputs);
        if (inputs.Type(0).IsFloat || inputs.Type(1).IsFloat || (!IsEqual && inputs.Type(2).IsFloat))
            throw inputs.Refuse("integers alone are supported");
        return inputs.Of(false, IsEqual ? shape : Broadcasting.Shape(shape, inputs.Type(2).Shape, inputs));
    }

    public override Kernel Bind(Binding binding) => throw binding.Operands.Refuse("its inputs depend on the image, which is not supported");

    public Constant? Fold(Operands inputs, TensorType output)
    {
        if (Enumerable.Range(0, IsEqual ? 2 : 3).Any(k => inputs.Known(k) is null))
            return null;
        var result = new Constant(output);
        var (a, b) = (Broadcasting.Indices(inputs.Type(0).Shape, output.Shape), Broadcasting.Indices(inputs.Type(1).Shape, output.Shape));
        var c = IsEqual ? b : Broadcasting.Indices(inputs.Type(2).Shape, output.Shape);
        var x = inputs.Known(0)!.Ints;
        var y = inputs.Known(1)!.Ints;
        for (var k = 0; k < output.Elements; k++)
            result.Ints[k] = IsEqual ? (x[a[k]] == y[b[k]] ? 1 : 0) : x[a[k]] != 0 ? y[b[k]] : inputs.Known(2)!.Ints[c[k]];
        return result;
    }
}
