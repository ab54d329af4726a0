using System.Runtime.InteropServices;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's ConstantOfShape: one number many times; 0 unless said otherwise.</summary>
sealed record ConstantOfShapeOperator(OnnxTensor? Value) : Operator, IFolding
{
    // What is made of nothing but a claim stays small.
    const int Most = 1 << 22;

    public override TensorType Infer(Operands inputs)
    {
        var type = inputs.Of(Value?.Ints is null, Array.ConvertAll(inputs.Ints(0, "sizes"), inputs.Size));
        return type.Elements <= Most ? type : throw inputs.Refuse($"a constant {type} is absurd");
    }

    public override Kernel Bind(Binding binding) => throw new InvalidOperationException("folded");

    public Constant Fold(Operands inputs, TensorType output)
    {
        var result = new Constant(output);
        if (output.IsFloat)
            result.Floats.Fill(Value?.Floats is { Length: >= sizeof(float) } bytes ? MemoryMarshal.Read<float>(bytes.Span) : 0);
        else
            result.Ints.Fill(Value!.Ints is [var number, ..] ? number : 0);
        return result;
    }
}
