namespace Hwaso.Runtime.Format;

/// <summary>The operator that makes an output's numbers, which tells what they are.</summary>
/// <param name="Type">Its type, past those that move, resize or convert the numbers only; empty if it is unknown.</param>
/// <param name="IsCut">Whether the numbers are converted to integers behind it.</param>
readonly record struct LastOperator(string Type, bool IsCut)
{
    /// <summary>The one of a graph's first output.</summary>
    public static LastOperator Of(OnnxGraph graph)
    {
        var makers = new Dictionary<string, OnnxNode>(StringComparer.Ordinal);
        foreach (var node in graph.Nodes)
            foreach (var output in node.Outputs)
                makers[output] = node;
        var (name, isCut) = (graph.Outputs[0].Name, false);
        for (var steps = 0; steps < graph.Nodes.Count && makers.TryGetValue(name, out var maker); steps++)
        {
            isCut |= maker.Type == "Cast" && maker.Attributes.TryGetValue("to", out var to) && to.Int is { } type
                && (OnnxType)type != OnnxType.Bool && !Numbers.IsReal((OnnxType)type);
            var isScaled = isCut && maker.Type is "Mul" or "Div" or "Add" or "Sub" or "Clip" or "Max" or "Min";
            if (!isScaled && maker.Type is not ("Identity" or "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze" or "Transpose" or "Resize"
                or "Upsample" or "Cast" or "Slice" or "Pad" or "DequantizeLinear" or "QuantizeLinear") || maker.Inputs.Count == 0)
                return new(maker.Type, isCut);
            name = isScaled ? maker.Inputs.FirstOrDefault(i => makers.ContainsKey(i) && makers[i].Type != "Constant", maker.Inputs[0])
                : maker.Inputs[0];
        }
        return new("", isCut);
    }
}
