using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's Range of integers.</summary>
sealed record RangeOperator : Operator, IFolding
{
    public override TensorType Infer(Operands inputs)
    {
        var (from, to, step) = (One(inputs, 0), One(inputs, 1), One(inputs, 2));
        if (step == 0)
            throw inputs.Refuse("a step of 0");
        var count = (Int128)to - from;
        count = (count + step - Math.Sign(step)) / step;
        return count <= 1 << 22 ? inputs.Of(false, [(int)(count < 0 ? 0 : count)]) : throw inputs.Refuse($"{count} numbers are absurd");
    }

    public override Kernel Bind(Binding binding) => throw new InvalidOperationException("folded");

    public Constant Fold(Operands inputs, TensorType output)
    {
        var (from, step) = (One(inputs, 0), One(inputs, 2));
        return new Constant(output, Enumerable.Range(0, output.Elements).Select(k => from + (k * step)).ToArray());
    }

    static long One(Operands inputs, int input) => inputs.Type(input) is { IsFloat: false, Elements: 1 } ? inputs.Ints(input, "bounds")[0] : throw inputs.Refuse("single integers were wanted");
}
