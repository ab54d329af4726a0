namespace Hwaso.Graph.Drawing;

/// <summary>Layers in few words: <c>conv 3×3 ↓2</c>.</summary>
static class LayerWords
{
    /// <summary>The layers among nodes, norms and activations left out; equal neighbours once, with their number.</summary>
    public static string Of(NetworkGraph graph, IReadOnlyList<GraphNode> nodes)
    {
        var words = new List<(string Word, int Times)>();
        foreach (var word in nodes.Select(n => Word(graph, n)).OfType<string>())
            if (words.Count > 0 && words[^1].Word == word)
                words[^1] = (word, words[^1].Times + 1);
            else
                words.Add((word, 1));
        // Longer runs would make boxes too wide to read: what they begin and end with.
        if (words.Count > 3)
            words = [words[0], ("…", 1), words[^1]];
        return words.Count == 0 ? nodes.Any(n => n.Operator.Contains("norm", StringComparison.Ordinal)) ? "norm" : "layers" : string.Join(", ", words.Select(w => w.Times > 1 ? $"{w.Times} × {w.Word}" : w.Word));
    }

    /// <summary>Whether an operator changes a map's size and nothing else.</summary>
    public static bool IsResize(string name) => name.StartsWith("aten::upsample_", StringComparison.Ordinal) || name.StartsWith("aten::_upsample_", StringComparison.Ordinal);

    /// <summary>Whether an operator takes several pixels together.</summary>
    public static bool IsPooling(string name) => name is "aten::max_pool2d" or "aten::avg_pool2d" or "aten::adaptive_avg_pool2d" or "aten::mean.dim";

    static string? Word(NetworkGraph graph, GraphNode node) => node.Operator switch
    {
        "aten::conv2d" => Convolution("conv", graph.Values[node.Arguments[1].Values[0]].Shape, node.Arguments[3], node.Arguments[5], graph.Values[node.Arguments[0].Values[0]].Shape),
        "hwaso::deform_conv2d" => Convolution("deform conv", graph.Values[node.Arguments[2].Values[0]].Shape, node.Arguments[4], node.Arguments[6], graph.Values[node.Arguments[0].Values[0]].Shape),
        "aten::conv_transpose2d.input" => "conv " + Kernel(graph.Values[node.Arguments[1].Values[0]].Shape) + " ↑" + Stride(node.Arguments[3]),
        "aten::linear" => "linear",
        "aten::max_pool2d" => "max pool",
        "aten::avg_pool2d" => "average pool",
        "aten::adaptive_avg_pool2d" or "aten::mean.dim" => "average pool",
        _ => null,
    };

    static string Convolution(string name, IReadOnlyList<long> weight, GraphArgument stride, GraphArgument dilation, IReadOnlyList<long> input)
    {
        var depthwise = weight[1] == 1 && input[1] > 1 ? "depthwise " : "";
        return $"{depthwise}{name} {Kernel(weight)}{(Stride(stride) is var s and > 1 ? $" ↓{s}" : "")}{(Stride(dilation) is var d and > 1 ? $" dilated {d}" : "")}";
    }

    static string Kernel(IReadOnlyList<long> weight) => $"{weight[2]}×{weight[3]}";

    static long Stride(GraphArgument stride) => stride.Constant.Kind == Torch.ValueKind.IntList ? stride.Constant.AsInts()[0] : 1;
}
