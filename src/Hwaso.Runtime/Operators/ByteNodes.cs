using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>Reads QuantizeLinear and DequantizeLinear, and turns convolutions between them into convolutions of bytes.</summary>
static class ByteNodes
{
    // Sums of products of 8 bits stay below 2³¹ up to this depth.
    const int MostDepth = int.MaxValue / (255 * 128);

    public static Operator Read(NodeAttributes attributes, int[] inputs, GraphBuilder graph)
    {
        attributes.Ignore("saturate", "precision", "block_size", "output_dtype");
        var axis = (int)Math.Clamp(attributes.Int("axis", 1), int.MinValue, int.MaxValue);
        var scale = Known(1);
        var zero = inputs.Length > 2 && inputs[2] >= 0 ? Known(2) : null;
        var codes = new ByteCode[scale.Type.Elements];
        for (var k = 0; k < codes.Length; k++)
            // Without a zero point numbers are unsigned, from 0.
            codes[k] = new ByteCode(scale.Floats[k], zero is null ? 0 : zero.Bytes[zero.Type.Elements == 1 ? 0 : k]);
        if (codes.Length == 0 || (zero is not null && zero.Type.Elements != 1 && zero.Type.Elements != codes.Length))
            throw attributes.Refuse($"scale {scale.Type} and zero point {zero?.Type} do not fit each other");
        if (attributes.Node.Type == "DequantizeLinear")
            return new DequantizeOperator(codes, axis);
        return codes.Length == 1 ? new QuantizeOperator(codes[0]) : throw attributes.Refuse($"{codes.Length} scales are not supported");

        Constant Known(int input) => input < inputs.Length && graph.Constants.GetValueOrDefault(inputs[input]) is { } constant
            && (constant.Type.IsFloat ? input == 1 : constant.Type.IsBytes && input == 2)
            ? constant
            : throw attributes.Refuse($"input {input} is not a constant of its type");
    }

    /// <summary>Replaces convolutions of restored bytes, and drops nodes that nothing needs then.</summary>
    /// <param name="nodes">The nodes, in an order in which they can run; replaced in place.</param>
    /// <param name="constants">The values that are known.</param>
    /// <param name="outputs">The values that the model returns.</param>
    public static void Fuse(List<Node> nodes, IReadOnlyDictionary<int, Constant> constants, IReadOnlyList<int> outputs)
    {
        if (!nodes.Exists(n => n.Operator is DequantizeOperator))
            return;
        var restored = nodes.Where(n => n.Operator is DequantizeOperator).ToDictionary(n => n.Output);
        for (var k = 0; k < nodes.Count; k++)
            if (nodes[k] is { Operator: ConvOperator convolution } node && Fused(node, convolution) is { } fused)
                nodes[k] = fused;
        var needed = outputs.ToHashSet();
        for (var k = nodes.Count - 1; k >= 0; k--)
            if (needed.Contains(nodes[k].Output) || nodes[k].Operator is not DequantizeOperator)
                needed.UnionWith(nodes[k].Inputs);
            else
                nodes.RemoveAt(k);

        Node? Fused(Node node, ConvOperator convolution)
        {
            if (!restored.TryGetValue(node.Inputs[0], out var image) || !restored.TryGetValue(node.Inputs[1], out var weights)
                || ((DequantizeOperator)image.Operator).Codes is not [var code]
                || !constants.TryGetValue(weights.Inputs[0], out var bytes) || bytes.Type is not { IsBytes: true, Rank: 4 }
                || constants.ContainsKey(image.Inputs[0]))
                return null;
            var (codes, axis) = (((DequantizeOperator)weights.Operator).Codes, ((DequantizeOperator)weights.Operator).Axis);
            var sizes = bytes.Type.Shape;
            var depth = (long)sizes[1] * sizes[2] * sizes[3];
            // A convolution of each channel alone has nothing to sum side by side.
            if (codes.Any(c => c.Zero != IntegerWeights.Zero) || (codes.Length > 1 && (axis is not (0 or -4) || codes.Length != sizes[0]))
                || depth > MostDepth || depth == 0 || convolution.Groups < 1 || sizes[0] % convolution.Groups != 0
                || (convolution.Groups > 1 && sizes[1] == 1) || convolution.Epilogue != default)
                return null;
            var scales = new float[sizes[0]];
            for (var c = 0; c < scales.Length; c++)
                scales[c] = codes[codes.Length == 1 ? 0 : c].Scale;
            int[] inputs = [image.Inputs[0], weights.Inputs[0], .. node.Inputs.Skip(2)];
            return node with
            {
                Operator = new IntegerConvOperator(convolution.Window, convolution.Groups, code, scales, default, null),
                Inputs = inputs,
            };
        }
    }
}
