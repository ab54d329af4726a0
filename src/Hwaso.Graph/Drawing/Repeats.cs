namespace Hwaso.Graph.Drawing;

/// <summary>Rows of equal modules: the first of each row is drawn, the others are left out.</summary>
sealed class Repeats
{
    readonly HashSet<int> omittedNodes = [];
    readonly Dictionary<int, int> drawnValues = [];
    readonly Dictionary<PlaceNode, int> times = new(ReferenceEqualityComparer.Instance);

    /// <summary>Finds the rows of a recorded network.</summary>
    public Repeats(NetworkGraph graph, PlaceNode root)
    {
        foreach (var row in Rows(graph, root))
        {
            var (first, last) = (row.First.Place, row.Last.Place);
            for (var n = first.EndNode; n < last.EndNode; n++)
                omittedNodes.Add(n);
            foreach (var (from, to) in last.Outputs.Zip(first.Outputs))
                drawnValues[from] = to;
            times[row.First] = row.Times;
        }
    }

    /// <summary>Whether a node belongs to a module that is left out.</summary>
    public bool Omits(GraphNode node) => omittedNodes.Contains(node.Index);

    /// <summary>The value of the drawn module that stands for one of a module left out; any other value itself.</summary>
    public int Drawn(int value) => drawnValues.TryGetValue(value, out var other) ? Drawn(other) : value;

    /// <summary>How many equal modules a drawn one stands for; 1 outside rows.</summary>
    public int Times(PlaceNode node) => times.GetValueOrDefault(node, 1);

    /// <summary>Every row, an outer one before the rows within its first module; modules left out are not searched.</summary>
    static IEnumerable<Row> Rows(NetworkGraph graph, PlaceNode root)
    {
        for (var k = 0; k < root.Children.Count; k++)
        {
            var first = root.Children[k];
            var (last, count) = (first, 1);
            while (first.Height > 0 && k + 1 < root.Children.Count && Follows(graph, last, root.Children[k + 1]))
                (last, count) = (root.Children[++k], count + 1);
            if (count > 1)
                yield return new Row(first, last, count);
            foreach (var inner in Rows(graph, first))
                yield return inner;
        }
    }

    static bool Follows(NetworkGraph graph, PlaceNode a, PlaceNode b) =>
        a.Place.Outputs.SequenceEqual(b.Place.Inputs)
        && a.Place.EndNode == b.Place.FirstNode
        && Signature(graph, a).SequenceEqual(Signature(graph, b));

    /// <summary>The modules of a run and its operators with their shapes, as texts that equal modules share.</summary>
    static IEnumerable<string> Signature(NetworkGraph graph, PlaceNode node)
    {
        foreach (var run in node.All)
            yield return $"{run.Place.Kind} {run.Place.Depth}";
        foreach (var call in graph.NodesOf(node.Place))
        {
            var shapes = call.Operands().Concat(call.Results).Select(v => string.Join("x", graph.Values[v].Shape));
            yield return $"{call.Operator} {string.Join(" ", shapes)}";
        }
    }

    /// <summary>Equal modules that run one after the other: the first, the last, and how many they are.</summary>
    sealed record Row(PlaceNode First, PlaceNode Last, int Times);
}
