using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's Shape: known as soon as the image's size is.</summary>
sealed record ShapeOperator(long Start, long End) : Operator, IFolding
{
    public override TensorType Infer(Operands inputs) => inputs.Of(false, [Sizes(inputs).Length]);

    public override Kernel Bind(Binding binding) => throw new InvalidOperationException("folded");

    public Constant Fold(Operands inputs, TensorType output) => new(output, Sizes(inputs).Select(s => (long)s).ToArray());

    int[] Sizes(Operands inputs)
    {
        var shape = inputs.Type(0).Shape;
        var start = (int)Math.Clamp(Start < 0 ? Start + shape.Length : Start, 0, shape.Length);
        var end = (int)Math.Clamp(End < 0 ? End + shape.Length : End, start, shape.Length);
        return shape[start..end];
    }
}
