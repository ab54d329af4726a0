namespace Hwaso.Graph;

/// <summary>
/// Attention in a recorded network: a factor that a module computes and multiplies with something, found by its operators, not by names.
/// </summary>
/// <param name="Place">The path of the module.</param>
/// <param name="Kind">The name of its type.</param>
/// <param name="Node">The product that applies the factor.</param>
/// <param name="Value">The number of the factor.</param>
/// <param name="Weighed">The number of the value that the factor multiplies.</param>
/// <param name="Form">The shape of the factor.</param>
public sealed record AttentionMap(string Place, string Kind, int Node, int Value, int Weighed, AttentionForm Form)
{
    static readonly HashSet<string> moves =
    [
        "aten::reshape", "aten::view", "aten::unsqueeze", "aten::flatten.using_ints", "aten::transpose.int", "aten::permute",
        "aten::expand", "aten::upsample_bilinear2d", "aten::upsample_nearest2d", "aten::mul.Scalar", "aten::div.Scalar",
    ];

    /// <summary>
    /// The factors of a recorded network, in order. A product of two computed tensors counts where one of them comes from a sigmoid or a
    /// softmax, or was made in that module from the module's own input, which it multiplies.
    /// </summary>
    public static IReadOnlyList<AttentionMap> Of(NetworkGraph graph)
    {
        var makers = new Dictionary<int, GraphNode>();
        foreach (var node in graph.Nodes)
            foreach (var result in node.Results)
                makers[result] = node;
        var kinds = new Dictionary<string, GraphPlace>(StringComparer.Ordinal);
        foreach (var place in graph.Places)
            kinds.TryAdd(place.Path, place);
        var maps = new List<AttentionMap>();
        foreach (var node in graph.Nodes)
        {
            if (!kinds.TryGetValue(node.Place, out var place) || node.Arguments.Count < 2)
                continue;
            if (node.Operator is "aten::matmul" or "aten::bmm")
            {
                // The weights that multiply values are a softmax of products of queries with keys: [N, heads, T, T].
                foreach (var operand in node.Arguments.Take(2).Select(a => a.Values[0]))
                    if (Squash(makers, operand, "aten::softmax.int") is { } weights
                        && ProductOf(makers, makers[weights].Arguments[0].Values[0]) is not null)
                        maps.Add(new AttentionMap(node.Place, place.Kind, node.Index, weights,
                            node.Arguments[operand == node.Arguments[0].Values[0] ? 1 : 0].Values[0], AttentionForm.Tokens));
            }
            else if (node.Operator == "aten::mul.Tensor" && node.Arguments.All(a => a.Values.Count <= 1)
                && Factor(graph, makers, place, node) is { } factor
                && FormOf(graph.Values[factor].Shape, graph.Values[graph.Inputs[0]].Shape[0]) is { } form)
                maps.Add(new AttentionMap(node.Place, place.Kind, node.Index, factor,
                    node.Arguments.Take(2).Select(a => a.Values[0]).First(v => v != factor), form));
        }
        return maps;
    }

    /// <summary>The product of queries with keys that weights come from, perhaps with something added; null where there is none.</summary>
    /// <param name="makers">The operator that made each value.</param>
    /// <param name="likeness">What a softmax was taken of.</param>
    public static GraphNode? ProductOf(IReadOnlyDictionary<int, GraphNode> makers, int likeness)
    {
        ArgumentNullException.ThrowIfNull(makers);
        if (makers.TryGetValue(likeness, out var sum) && sum.Operator == "aten::add.Tensor")
            likeness = sum.Arguments[0].Values[0];
        return Squash(makers, likeness, "aten::matmul") is { } product ? makers[product] : null;
    }

    // The factor is the operand from a sigmoid or softmax, else the one that is not the module's input.
    static int? Factor(NetworkGraph graph, Dictionary<int, GraphNode> makers, GraphPlace place, GraphNode product)
    {
        var operands = product.Arguments.Take(2).SelectMany(a => a.Values).ToArray();
        if (operands.Length != 2 || operands[0] == operands[1]
            || operands.Any(v => graph.Values[v].Name is not null and not "input" || !makers.ContainsKey(v) && !place.Inputs.Contains(v)))
            return null;
        foreach (var operand in operands.Reverse())
            if ((Squash(makers, operand, "aten::sigmoid") ?? Squash(makers, operand, "aten::softmax.int")) is not null)
                return operand;
        // In a * x + a, the operand that is added again is the attention.
        foreach (var sum in graph.Nodes.Take(place.EndNode).Skip(product.Index + 1)
            .Where(n => n.Operator == "aten::add.Tensor" && n.Place == product.Place))
            if (sum.Arguments.Take(2).SelectMany(a => a.Values).ToArray() is [var a, var b]
                && (a == product.Results[0] ? b : b == product.Results[0] ? a : -1) is var again && operands.Contains(again)
                && !place.Inputs.Contains(again))
                return again;
        var other = operands.Where(v => !place.Inputs.Contains(v)).ToArray();
        return other.Length == 1 && makers[other[0]].Index >= place.FirstNode ? other[0] : null;
    }

    // The result of the named operator that a value is, perhaps moved, scaled or resized; null for any other value.
    static int? Squash(IReadOnlyDictionary<int, GraphNode> makers, int value, string name)
    {
        while (makers.TryGetValue(value, out var node))
        {
            if (node.Operator == name)
                return value;
            if (!moves.Contains(node.Operator))
                return null;
            value = node.Arguments[0].Values[0];
        }
        return null;
    }

    // Where heads or windows stand in the batch's place, as in deformable attention, a factor is no map of the image.
    static AttentionForm? FormOf(IReadOnlyList<long> shape, long batch) => shape.Count != 4 || shape[0] != batch ? null
        : shape[2] == 1 && shape[3] == 1 ? shape[1] > 1 ? AttentionForm.Channels : null
        : shape[1] == 1 ? AttentionForm.Pixels
        : AttentionForm.PixelsOfChannels;
}

/// <summary>The shape of an attention's factor.</summary>
public enum AttentionForm
{
    /// <summary>Every pixel, all channels alike: [N, 1, h, w].</summary>
    Pixels,

    /// <summary>Every channel, all pixels alike: [N, C, 1, 1].</summary>
    Channels,

    /// <summary>Every pixel of every channel: [N, C, h, w].</summary>
    PixelsOfChannels,

    /// <summary>Every token for every other: [N, heads, T, T].</summary>
    Tokens,
}
