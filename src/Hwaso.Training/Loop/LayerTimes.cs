using System.Diagnostics;
using Hwaso.Torch;

namespace Hwaso.Training.Loop;

/// <summary>Records when the layers of a network, libtorch's operators and Hwaso's kernels run in one step, forward and backward.</summary>
/// <remarks>
/// The forward pass shows its modules at the module door. The backward pass has none: a node of it belongs to the innermost module that ran
/// when the node was made.
/// </remarks>
sealed class LayerTimes : IDoorObserver, IDisposable
{
    readonly OperatorTrace trace;
    readonly IDisposable observation;
    readonly long firstNode;
    readonly Stack<(string Place, string Kind, long From, long FirstNode)> open = [];
    readonly List<string?> makers = [];
    readonly List<(long From, long To)> backward = [];
    readonly List<LayerSpan> spans = [];

    /// <summary>Begins on this thread, which nothing observes yet.</summary>
    public LayerTimes()
    {
        trace = new OperatorTrace();
        firstNode = OperatorTrace.NextNode;
        observation = Door.Observe(this);
    }

    /// <summary>A backward pass has run.</summary>
    public void Backward(long from, long to) => backward.Add((from, to));

    /// <summary>Ends it and gives all spans; those of one track nest.</summary>
    public IReadOnlyList<LayerSpan> End()
    {
        observation.Dispose();
        var operators = trace.End();
        spans.AddRange(trace.Kernels.Select(k => new LayerSpan(k.Name, "kernel", null, k.From, k.To, 0)));
        spans.AddRange(operators.Select(o => new LayerSpan(o.Name, "operator", null, o.From, o.To, o.Thread)));
        foreach (var (from, to) in backward)
            foreach (var thread in operators.Where(o => o.From >= from && o.To <= to).GroupBy(o => o.Thread))
                AddLayers(thread.OrderBy(o => o.From));
        return spans;
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        observation.Dispose();
        trace.Dispose();
    }

    void IDoorObserver.Enter(string place, string kind, ReadOnlySpan<Tensor> inputs) =>
        open.Push((place, kind, Stopwatch.GetTimestamp(), OperatorTrace.NextNode - firstNode));

    void IDoorObserver.Leave(string place, ReadOnlySpan<Tensor> outputs)
    {
        var module = open.Pop();
        spans.Add(new LayerSpan(module.Place.Length > 0 ? module.Place : module.Kind, "layer", module.Kind, module.From,
            Stopwatch.GetTimestamp(), 0));
        // Inner modules leave first, so that the outer ones get what is left.
        for (var end = OperatorTrace.NextNode - firstNode; makers.Count < end;)
            makers.Add(null);
        for (var k = (int)module.FirstNode; k < makers.Count; k++)
            makers[k] ??= spans[^1].Name;
    }

    void IDoorObserver.Called(Operator operation, ReadOnlySpan<Value> arguments, ReadOnlySpan<Value> results)
    {
    }

    /// <summary>Adds a span around nodes in a row of one module. What has no module follows the node that it belongs to.</summary>
    void AddLayers(IEnumerable<OperatorSpan> inOrder)
    {
        LayerSpan? run = null;
        foreach (var span in inOrder)
        {
            var maker = span.Node is { } node && node >= firstNode && node - firstNode < makers.Count ? makers[(int)(node - firstNode)]
                : span.Node is null ? run?.Name
                : null;
            if (run is not null && maker == run.Name)
            {
                run = run with { To = span.To };
                continue;
            }
            if (run is not null)
                spans.Add(run);
            run = maker is null ? null : new LayerSpan(maker, "layer", "backward", span.From, span.To, span.Thread);
        }
        if (run is not null)
            spans.Add(run);
    }
}

/// <summary>A layer, an operator or a kernel of Hwaso's that ran.</summary>
/// <param name="Name">The module's path, or the operator's or kernel's name.</param>
/// <param name="Category">Layer, operator or kernel.</param>
/// <param name="Kind">The module's type, or that it is a backward pass; null for the others.</param>
/// <param name="From">When it began, by <see cref="Stopwatch.GetTimestamp"/>.</param>
/// <param name="To">When it ended.</param>
/// <param name="Thread">0 for the training thread, otherwise a number of another one.</param>
sealed record LayerSpan(string Name, string Category, string? Kind, long From, long To, int Thread);
