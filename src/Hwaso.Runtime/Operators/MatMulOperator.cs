using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's MatMul and the product of Gemm: matrices in the last two dimensions, batches in the others.</summary>
sealed unsafe record MatMulOperator(bool LeftTransposed, bool RightTransposed, float Scale) : Operator
{
    public override TensorType Infer(Operands inputs)
    {
        var (shape, type) = Shape(inputs);
        return shape.K > 0 ? type : throw inputs.Refuse("the sums have no elements");
    }

    public override Kernel Bind(Binding binding) =>
        binding.Kernels.MatMul(Shape(binding.Operands).Shape, binding.In(0), binding.In(1), default, binding.Out, binding.Threads);

    (MatMulShape Shape, TensorType Type) Shape(Operands inputs)
    {
        var (a, b) = (inputs.Float(0).Shape, inputs.Float(1).Shape);
        if (a.Length == 0 || b.Length == 0)
            throw inputs.Refuse("scalars cannot be multiplied as matrices");
        // A vector is a matrix of one row, or of one column; the result drops that dimension.
        var (rowGone, columnGone) = (a.Length == 1, b.Length == 1);
        if (rowGone)
            a = [1, a[0]];
        if (columnGone)
            b = [b[0], 1];
        var (m, k) = LeftTransposed ? (a[^1], a[^2]) : (a[^2], a[^1]);
        var (rows, n) = RightTransposed ? (b[^1], b[^2]) : (b[^2], b[^1]);
        if (k != rows)
            throw inputs.Refuse($"{inputs.Type(0)} · {inputs.Type(1)}: {k} columns do not fit {rows} rows");
        var (leading, other) = (a[..^2], b[..^2]);
        var batch = Broadcasting.Shape(leading, other, inputs);
        var (leftCount, rightCount, count) = (Product(leading), Product(other), Product(batch));
        if ((leftCount != count && leftCount != 1) || (rightCount != count && rightCount != 1))
            throw inputs.Beyond($"batches [{string.Join(", ", leading)}] and [{string.Join(", ", other)}]: "
                + "each must be the result's batch or a single matrix");
        int[] shape = [.. batch, .. rowGone ? Array.Empty<int>() : [m], .. columnGone ? Array.Empty<int>() : [n]];
        // A batch of left matrices times one right matrix is one tall left matrix.
        var sizes = rightCount == 1 && !LeftTransposed
            ? new MatMulShape(1, inputs.Size((long)count * m), k, n, 0, 0, false, RightTransposed, Scale)
            : new MatMulShape(
                count, m, k, n, leftCount == 1 ? 0 : (long)m * k, rightCount == 1 ? 0 : (long)k * n,
                LeftTransposed, RightTransposed, Scale);
        return (sizes, inputs.Floats(shape));
    }

    static int Product(int[] sizes) => sizes.Aggregate(1, (x, y) => x * y);
}
