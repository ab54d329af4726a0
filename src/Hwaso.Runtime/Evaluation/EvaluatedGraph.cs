using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>
/// A graph that is computed node by node, on typed values of sizes that only the run knows: for models that the planner does not take.
/// </summary>
sealed class EvaluatedGraph
{
    // Operators that dominate a network's time: in single precision they run on the planner's kernels.
    static readonly HashSet<string> planned =
    [
        "Conv", "ConvTranspose", "MatMul", "MaxPool", "AveragePool", "GlobalAveragePool", "Softmax", "LayerNormalization", "Relu",
            "Sigmoid",
        "Add", "Sub", "Mul", "Div", "LeakyRelu", "HardSwish", "Tanh", "Erf", "Exp", "Sqrt", "Gelu", "Elu",
    ];

    readonly List<EvaluatedNode> nodes = [];
    readonly Dictionary<string, Value> constants = new(StringComparer.Ordinal);

    EvaluatedGraph(OnnxGraph graph) =>
        (Inputs, Outputs, Ports) = ([.. graph.Inputs.Select(i => i.Name)], [.. graph.Outputs.Select(o => o.Name)], graph.Outputs);

    public IReadOnlyList<string> Inputs { get; }

    public IReadOnlyList<string> Outputs { get; }

    /// <summary>The outputs as the graph declares them.</summary>
    public IReadOnlyList<OnnxPort> Ports { get; }

    /// <summary>Reads a graph's nodes.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="opset">The version of ONNX's operator set.</param>
    /// <param name="place">The file, for messages.</param>
    /// <param name="around">The names that the graph around it makes.</param>
    /// <exception cref="ModelFormatException">An operator is not supported, or the nodes do not fit together.</exception>
    public static EvaluatedGraph Read(OnnxGraph graph, int opset, string place, IReadOnlySet<string>? around = null)
    {
        var result = new EvaluatedGraph(graph);
        foreach (var (name, tensor) in graph.Weights)
        {
            // The same bound of sizes as everywhere.
            _ = new TensorType(true, tensor.Shape, $"{place}: tensor '{name}'");
            result.constants[name] = Value.Of(tensor);
        }
        var known = graph.Weights.Keys.Concat(result.Inputs).ToHashSet();
        var ordered = NodeOrder.Of(graph.Nodes, known, place, around);
        known.UnionWith(around ?? new HashSet<string>());
        known.UnionWith(ordered.SelectMany(n => n.Outputs));
        foreach (var node in ordered)
            result.nodes.Add(result.Read(node, opset, place, known));
        foreach (var output in result.Outputs)
            if (!known.Contains(output))
                throw new ModelFormatException($"{place}: output '{output}'", "is not made by any node");
        result.FindLastUses();
        return result;
    }

    /// <summary>Computes the outputs.</summary>
    /// <param name="inputs">The inputs, in order.</param>
    /// <param name="around">The values around the graph, for one in an attribute.</param>
    /// <param name="tools">The run's limits and kernels.</param>
    public Value[] Run(IReadOnlyList<Value> inputs, Scope? around, RunTools tools)
    {
        var scope = new Scope(around, tools, constants);
        try
        {
            for (var k = 0; k < Inputs.Count; k++)
                scope.Set(Inputs[k], inputs[k]);
            foreach (var node in nodes)
            {
                tools.Stop.ThrowIfCancellationRequested();
                node.Run(scope);
            }
            return [.. Outputs.Select(o => scope.Find(o) ?? throw new ModelFormatException(o, "this output was not computed"))];
        }
        finally
        {
            scope.Clear();
        }
    }

    /// <summary>The places of the nodes that make the first output, along the first input of each.</summary>
    public IReadOnlySet<string> LastPlaces()
    {
        var makers = new Dictionary<string, EvaluatedNode>(StringComparer.Ordinal);
        foreach (var node in nodes)
            foreach (var output in node.Outputs)
                makers[output] = node;
        var places = new HashSet<string>(StringComparer.Ordinal);
        for (var name = Outputs[0]; makers.TryGetValue(name, out var maker) && maker.Inputs.Length > 0; name = maker.Inputs[0])
            places.Add(maker.Place);
        return places;
    }

    /// <summary>Frees the weights that kernels use.</summary>
    public void Release()
    {
        foreach (var node in nodes)
            node.Release();
        constants.Clear();
    }

    EvaluatedNode Read(OnnxNode node, int opset, string place, IReadOnlySet<string> known)
    {
        var at = $"{place}: {node.Place}";
        if (node.Domain.Length > 0)
            throw new ModelFormatException(at, $"operators of '{node.Domain}' are not supported");
        if (node.Outputs.Count == 0)
            throw new ModelFormatException(at, "has no output");
        var attributes = new NodeAttributes(node, opset, at);
        var rule = RuleBook.Read(attributes, graph => Read(graph, opset, place, known));
        attributes.Finish();
        var kernel = planned.Contains(node.Type) && node.Outputs.Skip(1).All(o => o.Length == 0) ? NodeReader.Planned(node, opset, at)
            : null;
        PlannedWeights? weights = null;
        if (kernel is ConvOperator or ConvTransposeOperator && node.Inputs.Count > 1 && constants.TryGetValue(node.Inputs[1], out var value)
            && value is { Type: OnnxType.Float32, Count: > 0 })
            weights = new(new Constant(new TensorType(true, value.Shape, at), value.Floats), new PackedWeights());
        return new EvaluatedNode(at, rule, [.. node.Inputs], [.. node.Outputs], kernel, weights)
        {
            Captured = [.. node.Attributes.Values.SelectMany(a => a.Graphs).SelectMany(NodeOrder.Captured)],
        };
    }

    void FindLastUses()
    {
        var last = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var k = 0; k < nodes.Count; k++)
            foreach (var name in nodes[k].Inputs.Concat(nodes[k].Captured).Concat(nodes[k].Outputs))
                last[name] = k;
        foreach (var output in Outputs)
            last.Remove(output);
        foreach (var (name, k) in last)
            nodes[k].Done.Add(name);
    }
}

/// <summary>A node of an evaluated graph.</summary>
/// <param name="Place">The node, for messages.</param>
/// <param name="Rule">Computes it.</param>
/// <param name="Inputs">The names of its inputs; empty for an omitted one.</param>
/// <param name="Outputs">The names of its outputs; empty for an unused one.</param>
/// <param name="Kernel">The planner's operator for it, if it has one.</param>
/// <param name="Weights">Its second input, if it is a constant that kernels read.</param>
sealed record EvaluatedNode(string Place, Rule Rule, string[] Inputs, string[] Outputs, Operator? Kernel, PlannedWeights? Weights)
{
    /// <summary>Names that the graphs in its attributes use.</summary>
    public string[] Captured { get; init; } = [];

    /// <summary>Values that no later node needs.</summary>
    public List<string> Done { get; } = [];

    public void Run(Scope scope)
    {
        var inputs = Array.ConvertAll(Inputs, n => n.Length == 0 ? null
            : scope.Find(n) ?? throw new ModelFormatException(Place, $"its input '{n}' was not computed"));
        var call = new Call(Place, inputs, Outputs.Length, scope, scope.Tools.MostBytes);
        var results = Kernel is not null && scope.Tools.Planned(Kernel, call, Weights) is { } fast ? [fast] : Computed(call);
        for (var k = 0; k < Outputs.Length; k++)
            if (Outputs[k].Length > 0)
            {
                var value = k < results.Length ? results[k] : null;
                scope.Set(Outputs[k], value ?? throw call.Refuse($"output {k} is not supported"));
                scope.Tools.Seen?.Invoke(Place, value);
            }
        foreach (var name in Done)
            scope.Drop(name);
    }

    public void Release()
    {
        Weights?.Constant.Release();
        Weights?.Packed.Release();
    }

    Value?[] Computed(Call call)
    {
        try
        {
            var results = Rule(call);
            foreach (var value in results)
                value?.Settle();
            return results;
        }
        catch (Exception error) when (error is IndexOutOfRangeException or OverflowException or ArgumentException or DivideByZeroException)
        {
            // The rule read its inputs by sizes or indices that they do not have.
            var given = string.Join(", ", Enumerable.Range(0, call.Inputs).Select(k => $"{call.Optional(k)}"));
            throw new ModelFormatException(Place, $"its inputs {given} do not fit each other or its attributes");
        }
    }
}
