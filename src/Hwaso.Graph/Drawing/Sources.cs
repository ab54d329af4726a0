namespace Hwaso.Graph.Drawing;

/// <summary>The part that each value of a recorded network comes from, and how many of the drawn nodes read the value.</summary>
sealed class Sources
{
    readonly NetworkGraph graph;
    readonly Repeats repeats;
    readonly Dictionary<int, Edge> edges = [];
    readonly Dictionary<int, int> readers = [];

    /// <summary>Counts the readers; no value has a source yet.</summary>
    public Sources(NetworkGraph graph, Repeats repeats)
    {
        (this.graph, this.repeats) = (graph, repeats);
        var read = graph.Nodes.Where(n => !repeats.Omits(n)).SelectMany(n => n.Operands().Distinct());
        foreach (var value in read.Concat(graph.Outputs).Select(repeats.Drawn))
            readers[value] = readers.GetValueOrDefault(value) + 1;
    }

    /// <summary>The source of a value that has one.</summary>
    public Edge this[int value] => edges[value];

    /// <summary>The source of a value; null for weights and constants.</summary>
    public Edge? Find(int value) => edges.GetValueOrDefault(repeats.Drawn(value));

    /// <summary>Gives a value its source.</summary>
    public void Set(int value, Edge source) => edges[repeats.Drawn(value)] = source;

    /// <summary>Whether one drawn node alone reads a value.</summary>
    public bool HasOneReader(int value) => readers.GetValueOrDefault(value) == 1;

    /// <summary>The values with a source that a node reads, each once; weights have none.</summary>
    public int[] Flowing(GraphNode node) => [.. node.Operands().Select(repeats.Drawn).Where(edges.ContainsKey).Distinct()];

    /// <summary>How a resize changes the size of a value's source, e.g. <c>↑ 2</c>.</summary>
    public string Resized(int from, int to)
    {
        var (before, after) = (graph.Values[from].Shape, graph.Values[to].Shape);
        if (before.Count != 4 || after.Count != 4 || before[2] == after[2])
            return edges[from].Label;
        var (large, small) = (Math.Max(before[2], after[2]), Math.Min(before[2], after[2]));
        return large % small != 0 ? $"→ {after[2]}×{after[3]}" : $"{(after[2] > before[2] ? "↑" : "↓")} {large / small}";
    }
}
