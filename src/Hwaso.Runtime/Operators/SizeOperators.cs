using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's Shape, computed at planning.</summary>
sealed record ShapeOperator(long Start, long End) : Operator, IFolding
{
    public override TensorType Infer(Operands inputs) => inputs.Of(false, [Sizes(inputs).Length]);

    public override Kernel Bind(Binding binding) => throw new InvalidOperationException("computed at planning");

    public Constant Fold(Operands inputs, TensorType output) => new(output, Sizes(inputs).Select(s => (long)s).ToArray());

    int[] Sizes(Operands inputs)
    {
        var shape = inputs.Type(0).Shape;
        var start = (int)Math.Clamp(Start < 0 ? Start + shape.Length : Start, 0, shape.Length);
        var end = (int)Math.Clamp(End < 0 ? End + shape.Length : End, start, shape.Length);
        return shape[start..end];
    }
}

/// <summary>ONNX's ConstantOfShape, computed at planning.</summary>
/// <param name="Float">The number to repeat, if it is floating point.</param>
/// <param name="Int">The number to repeat, if it is not.</param>
sealed record ConstantOfShapeOperator(float? Float, long Int) : Operator, IFolding
{
    // The file holds the sizes only, so a tiny file could ask for any amount of memory.
    const int Most = 1 << 22;

    public override TensorType Infer(Operands inputs)
    {
        var type = inputs.Of(Float is not null, Array.ConvertAll(inputs.Ints(0, "sizes"), inputs.Size));
        return type.Elements <= Most ? type : throw inputs.Refuse($"constant {type} has more than the {Most} numbers supported");
    }

    public override Kernel Bind(Binding binding) => throw new InvalidOperationException("computed at planning");

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

/// <summary>ONNX's Range of integers, computed at planning.</summary>
sealed record RangeOperator : Operator, IFolding
{
    const int Most = 1 << 22;

    public override TensorType Infer(Operands inputs)
    {
        var (from, to, step) = (One(inputs, 0), One(inputs, 1), One(inputs, 2));
        if (step == 0)
            throw inputs.Refuse("the step is 0");
        var count = (Int128)to - from;
        count = (count + step - Math.Sign(step)) / step;
        return count <= Most
            ? inputs.Of(false, [(int)(count < 0 ? 0 : count)])
            : throw inputs.Refuse($"{count} numbers are more than the {Most} supported");
    }

    public override Kernel Bind(Binding binding) => throw new InvalidOperationException("computed at planning");

    public Constant Fold(Operands inputs, TensorType output)
    {
        var (from, step) = (One(inputs, 0), One(inputs, 2));
        return new Constant(output, Enumerable.Range(0, output.Elements).Select(k => from + (k * step)).ToArray());
    }

    static long One(Operands inputs, int input) => inputs.Type(input) is { IsFloat: false, Elements: 1 }
        ? inputs.Ints(input, "bounds")[0]
        : throw inputs.Beyond("bounds must be single integers");
}
