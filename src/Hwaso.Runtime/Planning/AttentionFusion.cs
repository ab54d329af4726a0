using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>Replaces a matrix product, a softmax along its rows and another product by one step that does not write the scores.</summary>
static class AttentionFusion
{
    public static List<Node> Fuse(List<Node> steps, TensorType?[] types, Dictionary<int, Constant> constants, IReadOnlyList<int> outputs)
    {
        var uses = new Dictionary<int, int>();
        foreach (var value in steps.SelectMany(n => n.Inputs).Concat(outputs))
            uses[value] = uses.GetValueOrDefault(value) + 1;
        var makers = steps.ToDictionary(n => n.Output);
        var gone = new HashSet<Node>();
        var result = steps.ConvertAll(step => Fused(step) ?? step);
        return result.FindAll(n => !gone.Contains(n));

        Node? Fused(Node last)
        {
            if (Plain(last) is not { } values
                || Maker(last.Inputs[0]) is not { Operator: SoftmaxOperator { Logarithm: false } softmax } middle
                || !IsLast(softmax, types[middle.Output]!.Rank) || Maker(middle.Inputs[0]) is not { } first
                || Scaled(first) is not { } scores)
                return null;
            var node = last with
            {
                Operator = new AttentionOperator(scores, values),
                Inputs = [first.Inputs[0], first.Inputs[1], last.Inputs[1]],
            };
            // Known matrices are packed instead.
            if (node.Inputs.Any(constants.ContainsKey)
                || !((AttentionOperator)node.Operator).Shape(Operands.Of(node, types, constants)).Fits)
                return null;
            gone.Add(middle);
            gone.Add(first);
            return node;
        }

        Node? Maker(int value) => uses.GetValueOrDefault(value) == 1 ? makers.GetValueOrDefault(value) : null;

        static MatMulOperator? Plain(Node node) =>
            node.Operator is MatMulOperator product && product.Epilogue == default && node.Inputs.Length == 2 ? product : null;

        // A factor that is known only at planning was fused as a function.
        static MatMulOperator? Scaled(Node node) => node.Operator is MatMulOperator
        {
            Epilogue: { Adds: false, Function: { Kind: UnaryKind.Scaled, B: 0 } function },
        } product && node.Inputs.Length == 2
            ? product with { Scale = product.Scale * function.A, Epilogue = default }
            : Plain(node);

        static bool IsLast(SoftmaxOperator softmax, int rank) => softmax.Axis == -1 || softmax.Axis == rank - 1;
    }
}
