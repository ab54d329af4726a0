using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's ConstantOfShape: one number many times; 0 unless said otherwise.</summary>
/// <param name="Float">The number, where it is floating point.</param>
/// <param name="Int">The number, where it is not.</param>
sealed record ConstantOfShapeOperator(float? Float, long Int) : Operator, IFolding
{
    // What is made of nothing but a claim stays small.
    const int Most = 1 << 22;

    public override TensorType Infer(Operands inputs)
    {
        var type = inputs.Of(Float is not null, Array.ConvertAll(inputs.Ints(0, "sizes"), inputs.Size));
        return type.Elements <= Most ? type : throw inputs.Refuse($"a constant {type} is absurd");
    }

    public override Kernel Bind(Binding binding) => throw new InvalidOperationException("folded");

    public Constant Fold(Operands inputs, TensorType output)
    {
        var result = new Constant(output);
        if (Float is { } number)
            result.Floats.Fill(number);
        else
            result.Ints.Fill(Int);
        return result;
    }
}
