using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>
/// ONNX's MatMul and the product of Gemm: matrices in the last two dimensions, batches in the others. Inputs are both matrices and, if
/// they are fused, a bias of one number for each column, and an addend.
/// </summary>
/// <param name="LeftTransposed">Whether the left matrices are stored transposed.</param>
/// <param name="RightTransposed">Whether the right matrices are stored transposed.</param>
/// <param name="Scale">The factor of every product.</param>
/// <param name="Epilogue">What is fused after it.</param>
sealed unsafe record MatMulOperator(bool LeftTransposed, bool RightTransposed, float Scale, Epilogue Epilogue = default)
    : Operator, IEpilogue
{
    public const int BiasInput = 2;

    public int AddendInput => 3;

    public Operator With(Epilogue epilogue) => this with { Epilogue = epilogue };

    /// <summary>Whether weights are packed for it: one right matrix, and left ones that are not stored transposed.</summary>
    public bool Packs(TensorType right) => right is { IsFloat: true, Rank: 2, Elements: > 0 } && !LeftTransposed;

    public override TensorType Infer(Operands inputs)
    {
        var (shape, type) = Shape(inputs);
        if (inputs.Has(BiasInput) && inputs.Float(BiasInput).Elements != shape.N)
            throw inputs.Refuse($"bias {inputs.Type(BiasInput)} does not fit {shape.N} columns");
        return shape.K > 0 ? type : throw inputs.Refuse("the sums have no elements");
    }

    public override Kernel Bind(Binding binding)
    {
        var shape = Shape(binding.Operands).Shape;
        var packed = binding.Operands.Known(1) is { } weights && Packs(weights.Type)
            ? MatMulWeights.Get(binding.Packed, weights, RightTransposed, binding.Kernels.Lanes, binding.Operands.Place)
            : null;
        var end = new MatMulEnd(binding.In(BiasInput), Epilogue.Adds ? binding.In(AddendInput) : null, Epilogue.Function);
        return binding.Kernels.MatMul(shape, binding.In(0), packed is null ? binding.In(1) : null, packed, end, binding.Out,
            binding.Threads);
    }

    /// <summary>The sizes of the products, and the type of the result.</summary>
    public (MatMulShape Shape, TensorType Type) Shape(Operands inputs)
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
