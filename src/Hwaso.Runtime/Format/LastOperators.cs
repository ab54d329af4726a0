namespace Hwaso.Runtime.Format;

/// <summary>Finds what the numbers of an output are.</summary>
static class LastOperators
{
    /// <summary>
    /// The operator that makes a graph's first output, past those that move, resize or convert its numbers only; empty if it is unknown.
    /// </summary>
    public static string Of(OnnxGraph graph)
    {
        var makers = new Dictionary<string, OnnxNode>(StringComparer.Ordinal);
        foreach (var node in graph.Nodes)
            foreach (var output in node.Outputs)
                makers[output] = node;
        var name = graph.Outputs[0].Name;
        for (var steps = 0; steps < graph.Nodes.Count && makers.TryGetValue(name, out var maker); steps++)
        {
            if (maker.Type is not ("Identity" or "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze" or "Transpose" or "Resize" or "Upsample"
                or "Cast" or "Slice" or "Pad" or "DequantizeLinear" or "QuantizeLinear") || maker.Inputs.Count == 0)
                return maker.Type;
            name = maker.Inputs[0];
        }
        return "";
    }
}
