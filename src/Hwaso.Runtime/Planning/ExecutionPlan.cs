using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>A model planned for inputs of certain sizes: the steps in order, and the address of every value.</summary>
/// <param name="Graph">The model.</param>
/// <param name="Types">The type of every value; null for values that fusion removed.</param>
/// <param name="Constants">The values that are known, including those computed at planning.</param>
/// <param name="Steps">The nodes to run, in order.</param>
/// <param name="Offsets">The offset of each value, in bytes from the start of a run's memory; -1 for values without memory.</param>
/// <param name="Bytes">The bytes of a run's memory.</param>
/// <param name="Order">Which steps may run at the same time.</param>
sealed record ExecutionPlan(
    ModelGraph Graph,
    TensorType?[] Types,
    IReadOnlyDictionary<int, Constant> Constants,
    IReadOnlyList<Node> Steps,
    long[] Offsets,
    long Bytes,
    StepOrder Order)
{
    /// <summary>The operands of a node.</summary>
    public Operands OperandsOf(Node node) => Operands.Of(node, Types, Constants);
}

/// <summary>The cost of a step.</summary>
/// <param name="Kind">The kind of layer.</param>
/// <param name="MultiplyAdds">Multiply-adds by definition.</param>
/// <param name="Products">Multiply-adds as computed; Winograd's convolution needs fewer.</param>
/// <param name="Bytes">Bytes that it must read and write at least once, including weights.</param>
sealed record StepCost(string Kind, double MultiplyAdds, double Products, double Bytes)
{
    // Multiply-adds while a byte is moved, and what every step takes, in bytes; roughly.
    const double ProductsPerByte = 4, Least = 1 << 15;

    /// <summary>The time that it takes beside other steps, in no unit.</summary>
    public double Weight => Least + Bytes + (Products / ProductsPerByte);

    /// <param name="plan">The plan.</param>
    /// <param name="step">One of its nodes.</param>
    /// <param name="lanes">Numbers of a vector, which decide how 8 bits are multiplied.</param>
    public static StepCost Of(ExecutionPlan plan, Node step, int lanes)
    {
        var operands = plan.OperandsOf(step);
        var output = plan.Types[step.Output]!;
        double bytes = output.Bytes + step.Inputs.Where(v => v >= 0).Distinct().Sum(v => plan.Types[v]!.Bytes);
        switch (step.Operator)
        {
            case ConvOperator conv:
                var shape = conv.Shape(operands);
                var all = (double)output.Elements * shape.GroupCin * shape.Taps;
                var tiled = conv.Groups < shape.Cin && WinogradPlan.Fits(shape);
                return new(KindOf(shape), all, tiled ? all / WinogradPlan.Saving(shape) : all, bytes);
            case IntegerConvOperator integer:
                var sizes = integer.Shape(operands);
                var sums = (double)output.Elements * sizes.GroupCin * sizes.Taps;
                var saves = IntegerWinograd.Fits(lanes, sizes);
                return new($"{KindOf(sizes)}, 8 bits", sums, saves ? sums / WinogradPlan.Saving(sizes) : sums, bytes);
            case MatMulOperator:
                double products = output.Elements * (double)operands.Type(0).Shape[^1];
                return new("matrix product", products, products, bytes);
            case AttentionOperator attention:
                var (first, second) = attention.Shape(operands);
                var both = first.Batch * (double)first.M * first.N * ((double)first.K + second.N);
                return new("attention", both, both, bytes);
            case ResizeOperator or ResizeSumOperator:
                return new("resize", 0, 0, bytes);
            case PoolOperator or ReduceOperator:
                return new("pooling", 0, 0, bytes);
            case QuantizeOperator or DequantizeOperator or ByteSumOperator:
                return new("codes of 8 bits", 0, 0, bytes);
            case BinaryOperator or UnaryOperator or ClipOperator or SoftmaxOperator or LayerNormOperator:
                return new("sums and functions", 0, 0, bytes);
            case ConcatOperator or IView or TransposeOperator or SliceOperator or PadOperator:
                return new("joining and moving", 0, 0, bytes);
            default:
                return new("others", 0, 0, bytes);
        }
    }

    static string KindOf(in ConvShape shape)
    {
        var kind = $"{shape.KernelHeight}×{shape.KernelWidth}";
        if (shape.StrideY != 1 || shape.StrideX != 1)
            kind += $", stride {shape.StrideY}";
        if (shape.DilationY > 1 || shape.DilationX > 1)
            kind += ", dilated";
        return shape.Groups > 1 ? kind + ", grouped" : kind;
    }
}
