namespace Hwaso.Graph.Drawing;

/// <summary>Describes layers in few words, e.g. <c>conv 3×3 ↓2</c>.</summary>
static class LayerWords
{
    /// <summary>The layers among nodes without norms and activations; equal neighbours once, with their number.</summary>
    public static string Of(NetworkGraph graph, IReadOnlyList<GraphNode> nodes)
    {
        var words = new List<(string Word, int Times)>();
        foreach (var word in nodes.Select(n => Word(graph, n)).OfType<string>())
            if (words.Count > 0 && words[^1].Word == word)
                words[^1] = (word, words[^1].Times + 1);
            else
                words.Add((word, 1));
        // Longer runs would make boxes too wide to read: only the first and the last layer are named.
        if (words.Count > 3)
            words = [words[0], ("…", 1), words[^1]];
        if (words.Count == 0)
            return nodes.Any(n => n.Operator.Contains("norm", StringComparison.Ordinal)) ? "norm" : "layers";
        return string.Join(", ", words.Select(w => w.Times > 1 ? $"{w.Times} × {w.Word}" : w.Word));
    }

    /// <summary>Whether an operator changes a map's size and nothing else.</summary>
    public static bool IsResize(string name) =>
        name.StartsWith("aten::upsample_", StringComparison.Ordinal) || name.StartsWith("aten::_upsample_", StringComparison.Ordinal);

    /// <summary>Whether an operator combines several pixels.</summary>
    public static bool IsPooling(string name) =>
        name is "aten::max_pool2d" or "aten::avg_pool2d" or "aten::adaptive_avg_pool2d" or "aten::mean.dim";

    static string? Word(NetworkGraph graph, GraphNode node) => node.Operator switch
    {
        "aten::conv2d" => Convolution("conv", Shape(graph, node, 0), Shape(graph, node, 1), node.Arguments[3], node.Arguments[5]),
        "hwaso::deform_conv2d" =>
            Convolution("deform conv", Shape(graph, node, 0), Shape(graph, node, 2), node.Arguments[4], node.Arguments[6]),
        "aten::conv_transpose2d.input" => $"conv {Kernel(Shape(graph, node, 1))} ↑{Stride(node.Arguments[3])}",
        "aten::linear" => "linear",
        "aten::max_pool2d" => "max pool",
        "aten::avg_pool2d" => "average pool",
        "aten::adaptive_avg_pool2d" or "aten::mean.dim" => "average pool",
        _ => null,
    };

    static IReadOnlyList<long> Shape(NetworkGraph graph, GraphNode node, int argument) =>
        graph.Values[node.Arguments[argument].Values[0]].Shape;

    static string Convolution(
        string name, IReadOnlyList<long> input, IReadOnlyList<long> weight, GraphArgument stride, GraphArgument dilation)
    {
        var depthwise = weight[1] == 1 && input[1] > 1 ? "depthwise " : "";
        var down = Stride(stride) is > 1 and var s ? $" ↓{s}" : "";
        var dilated = Stride(dilation) is > 1 and var d ? $" dilated {d}" : "";
        return $"{depthwise}{name} {Kernel(weight)}{down}{dilated}";
    }

    static string Kernel(IReadOnlyList<long> weight) => $"{weight[2]}×{weight[3]}";

    static long Stride(GraphArgument stride) => stride.Constant.Kind == Torch.ValueKind.IntList ? stride.Constant.AsInts()[0] : 1;
}
