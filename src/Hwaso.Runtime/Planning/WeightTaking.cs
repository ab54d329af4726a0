using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>Takes a model's numbers out of its file: the weights of convolutions in the order in which kernels read them, and in no other.</summary>
static class WeightTaking
{
    public static void Take(ModelGraph graph, PackedWeights packed)
    {
        var uses = graph.Nodes.SelectMany(n => n.Inputs.Select((value, input) => (Value: value, Node: n, Input: input))).ToLookup(u => u.Value);
        foreach (var (value, constant) in graph.Constants)
        {
            var own = uses[value].ToArray();
            var groups = own.Length == 0 || graph.OutputValues.Contains(value) ? 0 : Groups(own[0].Node.Operator, constant.Type);
            if (groups > 0 && own.All(u => u.Input == 1 && Groups(u.Node.Operator, constant.Type) == groups))
            {
                ConvWeights.Get(packed, constant, groups, own[0].Node.Place);
                constant.LetGo();
            }
            else
                constant.Settle();
        }
    }

    /// <summary>Into how many groups an operator packs weights of which it needs nothing else; 0 of others.</summary>
    static int Groups(Operator operation, TensorType weights)
    {
        var groups = operation switch
        {
            ConvOperator conv => conv.Groups,
            DeformConvOperator deformed => deformed.Groups,
            _ => 0,
        };
        // Of one input channel a group, convolutions read weights as they were; what does not fit is refused by who knows the input.
        var fits = groups > 0 && weights is { IsFloat: true, Rank: 4, Elements: > 0 } && weights.Shape[0] % groups == 0;
        return fits && (groups == 1 || weights.Shape[1] > 1) ? groups : 0;
    }
}
