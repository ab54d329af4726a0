using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>
/// Reads a model's weights from its file: those of convolutions and matrix products packed as kernels read them, without keeping the
/// original.
/// </summary>
static class WeightPacking
{
    /// <param name="graph">The model.</param>
    /// <param name="packed">Receives the packed weights.</param>
    /// <param name="lanes">Numbers per vector.</param>
    /// <param name="plan">The plan of the only size that the model takes; null if it takes others.</param>
    public static void Pack(ModelGraph graph, PackedWeights packed, int lanes, ExecutionPlan? plan)
    {
        var steps = (plan?.Steps ?? []).Where(s => s.Operator is ConvOperator).ToLookup(s => s.Inputs[1]);
        var uses = graph.Nodes.SelectMany(n => n.Inputs.Select((value, input) => (Value: value, Node: n, Input: input)))
            .ToLookup(u => u.Value);
        foreach (var (value, constant) in graph.Constants)
        {
            var own = uses[value].ToArray();
            var (groups, byTaps) = own.Length == 0 || graph.OutputValues.Contains(value) ? (0, false)
                : Layout(own[0].Node.Operator, constant.Type);
            if (groups > 0 && own.All(u => u.Input == 1 && Layout(u.Node.Operator, constant.Type) == (groups, byTaps)))
            {
                var place = own[0].Node.Place;
                var stride = byTaps || steps[value].Count() != own.Length ? 0 : Stride(plan!, steps[value], lanes);
                var made = ConvWeights.Get(packed, constant, groups, byTaps, place, isPassing: stride > 0);
                constant.Release();
                if (stride > 0)
                {
                    WinogradWeights.Get(packed, made, stride, place);
                    made.Release();
                }
            }
            else if (own.Length > 0 && !graph.OutputValues.Contains(value)
                && own[0].Node.Operator is MatMulOperator first && own.All(u => u.Input == 1
                    && u.Node.Operator is MatMulOperator product && product.RightTransposed == first.RightTransposed
                    && product.Packs(constant.Type)))
            {
                MatMulWeights.Get(packed, constant, first.RightTransposed, lanes, own[0].Node.Place);
                constant.Release();
            }
            else
                constant.Load(packed.Memory);
        }
    }

    // The stride of convolutions that need nothing but their transformed weights; 0 for others.
    static int Stride(ExecutionPlan plan, IEnumerable<Node> steps, int lanes)
    {
        var strides = steps.Select(s => (Step: s, Shape: ((ConvOperator)s.Operator).Shape(plan.OperandsOf(s))))
            .Select(s => ((ConvOperator)s.Step.Operator).Transforms(s.Shape, lanes) ? s.Shape.StrideX : 0).Distinct().ToArray();
        return strides is [var one] ? one : 0;
    }

    /// <summary>The number of groups that an operator's weights are packed in, if it needs nothing but the packed form, else 0; and whether
    /// they are packed by taps.</summary>
    static (int Groups, bool ByTaps) Layout(Operator operation, TensorType weights)
    {
        var groups = operation switch
        {
            ConvOperator conv => conv.Groups,
            DeformConvOperator deformed => deformed.Groups,
            _ => 0,
        };
        // Depthwise convolutions read unpacked weights. Weights that do not fit are refused later, when the input is known.
        var fits = groups > 0 && weights is { IsFloat: true, Rank: 4, Elements: > 0 } && weights.Shape[0] % groups == 0;
        return (fits && (groups == 1 || weights.Shape[1] > 1) ? groups : 0, operation is ConvOperator wide && wide.IsByTaps(weights));
    }
}
