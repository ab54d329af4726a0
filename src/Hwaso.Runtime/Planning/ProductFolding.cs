using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>
/// Folds what follows a matrix product into it: a constant number into its factor, a bias for each column into its bias, and factors of the
/// columns, such as those of LayerScale, into known weights.
/// </summary>
static class ProductFolding
{
    public static void Fold(List<Node> nodes, GraphBuilder builder, int[] outputs)
    {
        var uses = new Dictionary<int, int>();
        foreach (var value in nodes.SelectMany(n => n.Inputs).Concat(outputs))
            uses[value] = uses.GetValueOrDefault(value) + 1;
        var makers = new Dictionary<int, int>();
        for (var k = 0; k < nodes.Count; k++)
        {
            if (Folded(nodes[k]) is var (was, now))
            {
                nodes[makers[was]] = nodes[makers[was]] with { Output = -1 };
                nodes[k] = now;
            }
            makers[nodes[k].Output] = k;
        }
        nodes.RemoveAll(n => n.Output < 0);

        (int, Node)? Folded(Node node)
        {
            if (node.Inputs.Length != 2
                || node.Operator is not BinaryOperator { Kind: BinaryKind.Add or BinaryKind.Mul or BinaryKind.Div, ByChannel: false } next)
                return null;
            for (var side = 0; side < (next.Kind == BinaryKind.Div ? 1 : 2); side++)
            {
                var (value, other) = (node.Inputs[side], node.Inputs[1 - side]);
                if (uses.GetValueOrDefault(value) != 1 || !makers.TryGetValue(value, out var maker)
                    || nodes[maker] is not { Operator: MatMulOperator product, Inputs.Length: >= 2 } made
                    || !builder.Constants.TryGetValue(other, out var constant) || constant.Type is not { IsFloat: true, Rank: <= 1 })
                    continue;
                if ((next.Kind == BinaryKind.Add ? Added(made, product, constant, other)
                    : Multiplied(made, product, constant, next.Kind == BinaryKind.Div, node.Place)) is { } folded)
                    return (value, folded with { Output = node.Output });
            }
            return null;
        }

        Node? Added(Node made, MatMulOperator product, Constant bias, int value) =>
            made.Inputs.Length == 2 && Columns(made, product) == bias.Type.Elements && bias.Type.Rank == 1
                ? made with { Inputs = [.. made.Inputs, value] }
                : null;

        Node? Multiplied(Node made, MatMulOperator product, Constant factor, bool divides, string place)
        {
            // A factor of rank 1 makes a tensor of the product of two vectors.
            if (factor.Type.Elements == 1 && made.Inputs.Length == 2 && (factor.Type.Rank == 0 || Columns(made, product) > 0))
            {
                var by = factor.Floats[0];
                return made with { Operator = product with { Scale = divides ? product.Scale / by : product.Scale * by } };
            }
            if (divides || factor.Type.Elements == 0 || Columns(made, product) != factor.Type.Elements || uses[made.Inputs[1]] != 1
                || (made.Inputs.Length > 2 && uses[made.Inputs[2]] != 1))
                return null;
            var (weights, length) = (builder.Constants[made.Inputs[1]], factor.Type.Elements);
            var scaled = weights.Times(factor.Floats.ToArray(), product.RightTransposed ? weights.Type.Elements / length : 1);
            int[] inputs = [made.Inputs[0], builder.Constant(scaled)];
            if (made.Inputs.Length > 2)
            {
                var shift = new Constant(new TensorType(true, [length], place), builder.Constants[made.Inputs[2]].Floats);
                for (var c = 0; c < length; c++)
                    shift.Floats[c] *= factor.Floats[c];
                inputs = [.. inputs, builder.Constant(shift)];
            }
            return made with { Inputs = inputs };
        }

        // The columns of a product with known weights; 0 if they are not known, or the product is of vectors.
        int Columns(Node made, MatMulOperator product) =>
            builder.Constants.TryGetValue(made.Inputs[1], out var weights) && product.Packs(weights.Type)
                ? weights.Type.Shape[product.RightTransposed ? 0 : 1]
                : 0;
    }
}
