namespace Hwaso.Graph;

/// <summary>What one image costs in a recorded network.</summary>
/// <param name="Macs">Multiply-adds of convolution and linear layers alone, as the field counts them.</param>
/// <param name="MacsAll">Those and every other matrix product, attention's included.</param>
/// <param name="Parameters">Learnable parameters that took part.</param>
public sealed record Cost(long Macs, long MacsAll, long Parameters)
{
    /// <summary>The cost of a whole graph.</summary>
    /// <exception cref="NotSupportedException">An operator whose cost is not known; the message names it and its place.</exception>
    public static Cost Of(NetworkGraph graph) => Of(graph, graph.Nodes);

    /// <summary>The cost of some nodes of a graph.</summary>
    /// <exception cref="NotSupportedException">An operator whose cost is not known; the message names it and its place.</exception>
    public static Cost Of(NetworkGraph graph, IEnumerable<GraphNode> nodes)
    {
        long layers = 0, products = 0;
        var parameters = new HashSet<int>();
        foreach (var node in nodes)
        {
            var (kind, macs) = OperatorCost.Of(graph, node);
            if (kind == OperatorKind.Layer)
                layers += macs;
            else
                products += macs;
            parameters.UnionWith(node.Arguments.SelectMany(a => a.Values).Where(v => v >= 0 && graph.Values[v].IsParameter));
        }
        return new Cost(layers, layers + products, parameters.Sum(p => graph.Values[p].Elements));
    }
}
