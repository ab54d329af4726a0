using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>
/// ONNX's functions of two numbers, with broadcasting. Integers are supported where they are known at planning. A fused addend is input 2.
/// </summary>
/// <param name="Kind">The function.</param>
/// <param name="Epilogue">What is fused after it.</param>
/// <param name="ByChannel">Whether input 1, [C, 1, 1], has one number per channel of input 0, whose rank may be any.</param>
sealed unsafe record BinaryOperator(BinaryKind Kind, Epilogue Epilogue, bool ByChannel = false) : Operator, IEpilogue, IFolding
{
    public int AddendInput => 2;

    public Operator With(Epilogue epilogue) => this with { Epilogue = epilogue };

    public override TensorType Infer(Operands inputs)
    {
        var (a, b) = (inputs.Type(0), inputs.Type(1));
        if (a.IsFloat != b.IsFloat)
            throw inputs.Beyond($"inputs {a} and {b} have different types");
        if (!a.IsFloat && (inputs.Known(0) is null || inputs.Known(1) is null))
            throw inputs.Beyond("arithmetic on integers that depend on the input is not supported");
        if (ByChannel && (a.Rank < 2 || a.Shape[1] != b.Shape[0]))
            throw inputs.Refuse($"input {a} does not have {b.Shape[0]} channels");
        return inputs.Of(a.IsFloat, ByChannel ? a.Shape : Broadcasting.Shape(a.Shape, b.Shape, inputs));
    }

    public override Kernel Bind(Binding binding)
    {
        if (!binding.Output.IsFloat)
            throw new InvalidOperationException("computed at planning");
        var shape = binding.Output.Shape;
        var (a, b) = (binding.Operands.Type(0).Shape, binding.Operands.Type(1).Shape);
        if (ByChannel)
            b = [b[0], .. Enumerable.Repeat(1, a.Length - 2)];
        // The output's steps take part, so that merged dimensions are dense in the output too.
        var strides = Strides.Merge(shape, Strides.Broadcast(a, shape), Strides.Broadcast(b, shape), Strides.Dense(shape));
        return binding.Kernels.Binary(Kind, strides, binding.In(0), binding.In(1), Epilogue.Adds ? binding.In(AddendInput) : null,
            Epilogue.Function, binding.Out);
    }

    public Constant? Fold(Operands inputs, TensorType output)
    {
        if (output.IsFloat || inputs.Known(0) is not { } a || inputs.Known(1) is not { } b)
            return null;
        var result = new Constant(output);
        var (x, y) = (Broadcasting.Indices(a.Type.Shape, output.Shape), Broadcasting.Indices(b.Type.Shape, output.Shape));
        for (var k = 0; k < output.Elements; k++)
            result.Ints[k] = Number(a.Ints[x[k]], b.Ints[y[k]], inputs);
        return result;
    }

    long Number(long a, long b, Operands inputs) => Kind switch
    {
        BinaryKind.Add => a + b,
        BinaryKind.Sub => a - b,
        BinaryKind.Mul => a * b,
        BinaryKind.Div => b is 0 or -1 ? (b == 0 ? throw inputs.Refuse("a division by 0") : unchecked(-a)) : a / b,
        BinaryKind.Min => Math.Min(a, b),
        BinaryKind.Max => Math.Max(a, b),
        _ => throw inputs.Beyond("powers of integers are not supported"),
    };
}
