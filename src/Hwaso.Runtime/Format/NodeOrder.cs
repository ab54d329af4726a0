namespace Hwaso.Runtime.Format;

/// <summary>The order in which the nodes of a graph can run, and what its inner graphs take from it.</summary>
static class NodeOrder
{
    /// <summary>The nodes in an order in which they can run; the file's order if possible.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="known">The names of the graph that exist before them.</param>
    /// <param name="place">The file, for messages.</param>
    /// <param name="around">The names of the graph around it, which its own may hide; null for none.</param>
    /// <exception cref="ModelFormatException">A name is made twice or never, or nodes wait for each other.</exception>
    public static IReadOnlyList<OnnxNode> Of(IReadOnlyList<OnnxNode> nodes, IReadOnlySet<string> known, string place,
        IReadOnlySet<string>? around = null)
    {
        var makers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var k = 0; k < nodes.Count; k++)
            foreach (var output in nodes[k].Outputs)
                if (output.Length > 0 && (known.Contains(output) || !makers.TryAdd(output, k)))
                    throw new ModelFormatException($"{place}: {nodes[k].Place}", $"makes '{output}', which exists already");
        var (waiting, users) = (new int[nodes.Count], new List<int>?[nodes.Count]);
        for (var k = 0; k < nodes.Count; k++)
            foreach (var input in nodes[k].Inputs.Concat(nodes[k].Attributes.Values.SelectMany(a =>
                a.Graphs).SelectMany(Captured)).Distinct())
                if (makers.TryGetValue(input, out var maker))
                {
                    waiting[k]++;
                    (users[maker] ??= []).Add(k);
                }
                else if (input.Length > 0 && !known.Contains(input) && around?.Contains(input) != true)
                    throw new ModelFormatException($"{place}: {nodes[k].Place}",
                        $"its input '{input}' is neither a weight, nor an input of the model, nor made by a node");
        var ready = new PriorityQueue<int, int>(Enumerable.Range(0, waiting.Length).Where(k => waiting[k] == 0).Select(k => (k, k)));
        var ordered = new List<OnnxNode>();
        while (ready.TryDequeue(out var k, out _))
        {
            ordered.Add(nodes[k]);
            foreach (var user in users[k] ?? [])
                if (--waiting[user] == 0)
                    ready.Enqueue(user, user);
        }
        return ordered.Count == nodes.Count
            ? ordered
            : throw new ModelFormatException($"{place}: {nodes[Array.FindIndex(waiting, w => w > 0)].Place}",
                "waits for its own result: the nodes form a cycle");
    }

    /// <summary>The names that a graph takes from the graph around it.</summary>
    public static IEnumerable<string> Captured(OnnxGraph graph)
    {
        var own = graph.Weights.Keys.Concat(graph.Inputs.Select(i => i.Name)).Concat(graph.Nodes.SelectMany(n => n.Outputs)).ToHashSet();
        return graph.Nodes
            .SelectMany(n => n.Inputs.Concat(n.Attributes.Values.SelectMany(a => a.Graphs).SelectMany(Captured)))
            .Concat(graph.Outputs.Select(o => o.Name))
            .Where(name => name.Length > 0 && !own.Contains(name)).Distinct();
    }
}
