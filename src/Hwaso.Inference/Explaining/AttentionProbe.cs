using Hwaso.Graph;
using Hwaso.Torch;

namespace Hwaso.Inference.Explaining;

/// <summary>Watches a forward and keeps some of its values, known by their numbers in a recording of the same forward.</summary>
sealed class AttentionProbe : IDoorObserver
{
    readonly Dictionary<int, List<int>> wanted = [];
    readonly Dictionary<int, (long[] Shape, float[] Values)> kept = [];
    readonly NetworkGraph graph;
    int node;
    bool busy;

    /// <summary>A probe for the values of these numbers.</summary>
    public AttentionProbe(NetworkGraph graph, IEnumerable<int> values)
    {
        this.graph = graph;
        var makers = graph.Nodes.SelectMany(n => n.Results.Select(r => (r, n.Index))).ToDictionary(p => p.r, p => p.Index);
        foreach (var value in values.Distinct())
            if (makers.TryGetValue(value, out var maker))
                (wanted.TryGetValue(maker, out var list) ? list : wanted[maker] = []).Add(value);
    }

    /// <summary>The values that passed, by number.</summary>
    public IReadOnlyDictionary<int, (long[] Shape, float[] Values)> Kept => kept;

    /// <inheritdoc/>
    public void Enter(string place, string kind, ReadOnlySpan<Tensor> inputs)
    {
    }

    /// <inheritdoc/>
    public void Leave(string place, ReadOnlySpan<Tensor> outputs)
    {
    }

    /// <inheritdoc/>
    public void Called(Operator operation, ReadOnlySpan<Value> arguments, ReadOnlySpan<Value> results)
    {
        // Copying a value calls operators too.
        if (busy)
            return;
        if (wanted.TryGetValue(node, out var values))
        {
            busy = true;
            foreach (var value in values)
            {
                var tensor = results[graph.Nodes[node].Results.ToList().IndexOf(value)].AsTensor();
                kept[value] = (tensor.Shape, tensor.ToArray<float>());
            }
            busy = false;
        }
        node++;
    }
}
