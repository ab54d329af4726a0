using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>
/// Folds factors and shifts per channel into the convolution before them: factors into its weights, shifts into its bias. Batch norm is
/// both.
/// </summary>
static class ScaleFolding
{
    public static void Fold(List<Node> nodes, GraphBuilder builder, int[] outputs)
    {
        var uses = new Dictionary<int, int>();
        foreach (var value in nodes.SelectMany(n => n.Inputs).Concat(outputs))
            uses[value] = uses.GetValueOrDefault(value) + 1;
        var makers = new Dictionary<int, int>();
        for (var k = 0; k < nodes.Count; k++)
        {
            if (Folded(nodes[k], makers, nodes, builder, uses) is { } folded)
            {
                // The convolution takes the place and the output of the node after it.
                nodes[makers[folded.Was]] = nodes[makers[folded.Was]] with { Output = -1 };
                nodes[k] = folded.Now;
            }
            makers[nodes[k].Output] = k;
        }
        nodes.RemoveAll(n => n.Output < 0);
    }

    static (int Was, Node Now)? Folded(
        Node node, Dictionary<int, int> makers, List<Node> nodes, GraphBuilder builder, Dictionary<int, int> uses)
    {
        if (node.Inputs.Length != 2 || node.Operator is not BinaryOperator { Kind: BinaryKind.Add or BinaryKind.Mul } operation
            || operation.Epilogue is not { Adds: false, Function.Kind: UnaryKind.Identity })
            return null;
        for (var side = 0; side < 2; side++)
        {
            var (value, other) = (node.Inputs[side], node.Inputs[1 - side]);
            if (!makers.TryGetValue(value, out var maker) || nodes[maker] is not { Operator: ConvOperator, Inputs.Length: > 1 } conv
                || uses[value] != 1
                || !builder.Constants.TryGetValue(other, out var factor) || !builder.Constants.TryGetValue(conv.Inputs[1], out var weights)
                || (conv.Inputs.Length > 2 && conv.Inputs[2] >= 0 && !builder.Constants.ContainsKey(conv.Inputs[2])))
                continue;
            var bias = conv.Inputs.Length > 2 && conv.Inputs[2] >= 0 ? builder.Constants[conv.Inputs[2]] : null;
            if (weights.Type is not { IsFloat: true, Rank: 4, Elements: > 0 }
                || PerChannel(factor, weights.Type.Shape[0]) is not { } channels
                || (bias is not null && (!bias.Type.IsFloat || bias.Type.Elements != channels.Length)))
                continue;
            var shift = new Constant(new TensorType(true, [channels.Length], node.Place));
            bias?.Floats.CopyTo(shift.Floats);
            if (operation.Kind == BinaryKind.Mul)
            {
                for (var c = 0; c < channels.Length; c++)
                    shift.Floats[c] *= channels[c];
                weights = weights.Times(channels, weights.Type.Elements / channels.Length);
            }
            else
                for (var c = 0; c < channels.Length; c++)
                    shift.Floats[c] += channels[c];
            return (value,
                conv with { Inputs = [conv.Inputs[0], builder.Constant(weights), builder.Constant(shift)], Output = node.Output });
        }
        return null;
    }

    /// <summary>The numbers of a tensor that broadcasts to one number per channel of [N, C, H, W]; null for other tensors.</summary>
    static float[]? PerChannel(Constant constant, int channels)
    {
        var shape = constant.Type.Shape;
        if (!constant.Type.IsFloat || shape.Length > 4)
            return null;
        if (constant.Type.Elements == 1)
            return Enumerable.Repeat(constant.Floats[0], channels).ToArray();
        return shape.Length >= 3 && shape[^1] == 1 && shape[^2] == 1 && shape[^3] == channels && constant.Type.Elements == channels
            ? constant.Floats.ToArray()
            : null;
    }
}
