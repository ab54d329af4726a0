using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>A model for inputs of certain sizes: what runs in which order, and where everything lies.</summary>
/// <param name="Graph">The model.</param>
/// <param name="Types">The type of every value; null of those that fusing took away.</param>
/// <param name="Constants">The values that are known, those included that were computed when planning.</param>
/// <param name="Steps">What runs, in order.</param>
/// <param name="Offsets">Where each value lies, in bytes from the start of a run's memory; -1 of what is not there.</param>
/// <param name="Bytes">The memory of a run.</param>
sealed record ExecutionPlan(ModelGraph Graph, TensorType?[] Types, IReadOnlyDictionary<int, Constant> Constants, IReadOnlyList<Node> Steps, long[] Offsets, long Bytes)
{
    /// <summary>What a node's operator needs to know.</summary>
    public Operands OperandsOf(Node node) => Operands.Of(node, Types, Constants);
}

/// <summary>What a step of a run amounts to, for those who look for what limits a network.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="MultiplyAdds">Multiply-adds of its definition.</param>
/// <param name="Products">Multiply-adds that the way in which it is computed needs: fewer where tiles of 4×4 outputs are.</param>
/// <param name="Bytes">Numbers that it reads and writes at least once each, weights included, in bytes.</param>
sealed record StepCost(string Kind, double MultiplyAdds, double Products, double Bytes)
{
    public static StepCost Of(ExecutionPlan plan, Node step)
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
            case MatMulOperator:
                double products = output.Elements * (double)operands.Type(0).Shape[^1];
                return new("matrix product", products, products, bytes);
            case ResizeOperator or ResizeSumOperator:
                return new("resize", 0, 0, bytes);
            case PoolOperator or ReduceOperator:
                return new("pooling", 0, 0, bytes);
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
        var (steps, apart) = (shape.StrideY == 1 && shape.StrideX == 1, shape.DilationY > 1 || shape.DilationX > 1);
        return $"{shape.KernelHeight}×{shape.KernelWidth}{(steps ? "" : $", stride {shape.StrideY}")}{(apart ? ", dilated" : "")}{(shape.Groups > 1 ? ", grouped" : "")}";
    }
}
