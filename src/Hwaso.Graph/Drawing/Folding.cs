namespace Hwaso.Graph.Drawing;

/// <summary>Equal modules that run one behind the other, of which the first is drawn.</summary>
/// <param name="First">The one that is drawn.</param>
/// <param name="Last">The one whose outputs go on.</param>
/// <param name="Times">How many they are, 2 or more.</param>
sealed record Folding(PlaceNode First, PlaceNode Last, int Times)
{
    /// <summary>Every such run of equal modules, the outermost ones; what runs inside those that are not drawn is left out.</summary>
    public static IEnumerable<Folding> Of(NetworkGraph graph, PlaceNode root)
    {
        for (var k = 0; k < root.Children.Count; k++)
        {
            var first = root.Children[k];
            var last = first;
            var times = 1;
            while (first.Height > 0 && k + 1 < root.Children.Count && Follows(graph, last, root.Children[k + 1]))
            {
                last = root.Children[++k];
                times++;
            }
            if (times > 1)
                yield return new Folding(first, last, times);
            foreach (var inner in Of(graph, first))
                yield return inner;
        }
    }

    static bool Follows(NetworkGraph graph, PlaceNode a, PlaceNode b) =>
        a.Place.Outputs.SequenceEqual(b.Place.Inputs) && a.Place.EndNode == b.Place.FirstNode && Signature(graph, a).SequenceEqual(Signature(graph, b));

    static IEnumerable<string> Signature(NetworkGraph graph, PlaceNode node) =>
        node.All.Select(p => $"{p.Place.Kind} {p.Place.Depth}").Concat(
            graph.Nodes.Skip(node.Place.FirstNode).Take(node.Place.EndNode - node.Place.FirstNode).Select(n => $"{n.Operator} "
                + string.Join(" ", n.Arguments.SelectMany(a => a.Values).Where(v => v >= 0).Concat(n.Results).Select(v => string.Join("x", graph.Values[v].Shape)))));
}
