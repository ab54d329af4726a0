using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Evaluation;

/// <summary>
/// Finds out whether the planner takes a file's values of 8 bits: those that QuantizeLinear makes and DequantizeLinear alone reads, and
/// weights of convolutions between them.
/// </summary>
static class ByteValues
{
    /// <summary>The names of those values and of their zero points; null if the file uses codes in another way.</summary>
    public static HashSet<string>? Of(OnnxGraph graph)
    {
        if (graph.Nodes.Any(n => n.Attributes.Values.Any(a => a.Graphs.Length > 0)))
            return null;
        var (found, made) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        foreach (var node in graph.Nodes.Where(n => Is(n, "QuantizeLinear")))
        {
            if (!IsPlain(node, graph, one: true) || node.Outputs is not [var output] || graph.Outputs.Any(o => o.Name == output))
                return null;
            made.Add(output);
            Add(node);
        }
        var restored = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in graph.Nodes)
            if (Is(node, "DequantizeLinear") && made.Contains(node.Inputs[0]))
            {
                if (!IsPlain(node, graph, one: true) || node.Outputs.Count != 1)
                    return null;
                restored.Add(node.Outputs[0]);
                Add(node);
            }
            else if (node.Inputs.Any(made.Contains))
                return null;
        var kernels = graph.Nodes.Where(n => Is(n, "Conv") && n.Inputs.Count > 1 && restored.Contains(n.Inputs[0]))
            .Select(n => n.Inputs[1]).ToHashSet(StringComparer.Ordinal);
        foreach (var node in graph.Nodes)
            if (Is(node, "DequantizeLinear") && node.Outputs.Count == 1 && kernels.Contains(node.Outputs[0])
                && graph.Weights.TryGetValue(node.Inputs[0], out var weights) && weights.Type is OnnxType.Int8 or OnnxType.UInt8
                && Zero(node).Length > 0 && IsPlain(node, graph, one: false))
            {
                found.Add(node.Inputs[0]);
                Add(node);
            }
        found.UnionWith(made);
        return found;

        void Add(OnnxNode node)
        {
            if (Zero(node) is { Length: > 0 } zero)
                found.Add(zero);
        }
    }

    static bool Is(OnnxNode node, string type) => node.Domain.Length == 0 && node.Type == type && node.Inputs.Count > 0;

    static string Zero(OnnxNode node) => node.Inputs.Count > 2 ? node.Inputs[2] : "";

    // Scale and zero point are known, in single precision and of 8 bits, and nothing is grouped in blocks.
    static bool IsPlain(OnnxNode node, OnnxGraph graph, bool one)
    {
        long Attribute(string name) => node.Attributes.GetValueOrDefault(name)?.Int ?? 0;
        return node.Inputs.Count is 2 or 3
            && graph.Weights.TryGetValue(node.Inputs[1], out var scale) && scale is { Type: OnnxType.Float32, Shape.Length: <= 1 }
            && (Count(scale) == 1 || !one)
            && (Zero(node).Length == 0 || (graph.Weights.TryGetValue(Zero(node), out var zero)
                && zero.Type is OnnxType.UInt8 or OnnxType.Int8 && Count(zero) == Count(scale)))
            && Attribute("block_size") == 0
            && (OnnxType)Attribute("output_dtype") is 0 or (OnnxType.UInt8 or OnnxType.Float32);
    }

    static int Count(OnnxTensor tensor) => Value.Product(tensor.Shape);
}
