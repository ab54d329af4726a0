using System.Runtime.InteropServices;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Evaluation;

/// <summary>
/// Computes what a file computes from weights of types that the planner does not have, such as weights in 8 bits, and finds out whether
/// the rest has the planner's types only.
/// </summary>
static class Preparation
{
    const long MostKnown = 64L << 20;

    // Loading cannot be cancelled: operators whose time grows faster than their output are left to the run.
    static readonly HashSet<string> moving =
    [
        "Constant", "Resize", "Upsample", "Transpose", "Reshape", "Flatten", "Slice", "Gather", "Concat", "Cast", "Unsqueeze", "Squeeze",
        "Shape", "Size", "Add", "Sub", "Mul", "Div", "Floor", "Ceil", "Identity", "Expand", "Split", "ConstantOfShape", "Range", "Pad",
        "Tile",
    ];

    /// <param name="file">The file.</param>
    /// <param name="mostBytes">The most bytes of the constants that are computed.</param>
    /// <param name="kernels">The kernels, for constants in single precision.</param>
    /// <returns>The file without those nodes, and whether the planner has all its types.</returns>
    /// <exception cref="ModelFormatException">The nodes do not fit each other.</exception>
    public static (OnnxFile File, bool IsPlain) Apply(OnnxFile file, long mostBytes, KernelSet kernels)
    {
        var graph = file.Graph;
        var types = new Dictionary<string, OnnxType>(StringComparer.Ordinal);
        foreach (var input in graph.Inputs)
            if (input.Type is { } type)
                types[input.Name] = type;
        foreach (var (name, tensor) in graph.Weights)
            types[name] = tensor.Type;
        if (types.Values.All(IsPlain) && graph.Nodes.All(n => n.Attributes.Values.All(a => a.Tensor is null || IsPlain(a.Tensor.Type))
            && !(n.Type == "Cast" && !IsPlain(To(n) ?? OnnxType.Float32))
                && n.Type is not ("CastLike" or "DequantizeLinear" or "QuantizeLinear")))
            return (file, true);
        var known = graph.Weights.Keys.Concat(graph.Inputs.Select(i => i.Name)).ToHashSet();
        var (weights, rest) = (graph.Weights.ToDictionary(), new List<OnnxNode>());
        var tools = new RunTools(file.Place, mostBytes, kernels, k => k.RunAll(), 1);
        var bytes = ByteValues.Of(graph) ?? [];
        var isPlain = true;
        foreach (var node in NodeOrder.Of(graph.Nodes, known, file.Place))
        {
            var isRestored = node.Type == "DequantizeLinear" && bytes.Contains(node.Inputs[0]);
            if (!isRestored && Folds(node, weights) && Folded(node, file, weights, tools) is { } results)
            {
                for (var k = 0; k < results.Length; k++)
                    if (k < node.Outputs.Count && node.Outputs[k].Length > 0)
                        (weights[node.Outputs[k]], types[node.Outputs[k]]) = (results[k], results[k].Type);
                continue;
            }
            rest.Add(node);
            if (TypeOf(node, types) is { } made)
                foreach (var output in node.Outputs)
                    types[output] = made;
            isPlain &= node.Inputs.Concat(node.Outputs)
                .All(n => !types.TryGetValue(n, out var found) || IsPlain(found) || bytes.Contains(n));
        }
        isPlain &= graph.Inputs.Concat(graph.Outputs).All(p => p.Type is null || IsPlain(p.Type.Value));
        return (file with { Graph = graph with { Nodes = rest, Weights = weights } }, isPlain);
    }

    /// <summary>
    /// Computes all that depends on nothing but weights, such as position embeddings resized to the image, for a file of which the planner
    /// lacks an operator; null if nothing does.
    /// </summary>
    /// <inheritdoc cref="Apply"/>
    public static OnnxFile? Known(OnnxFile file, long mostBytes, KernelSet kernels)
    {
        var graph = file.Graph;
        var (weights, rest) = (graph.Weights.ToDictionary(), new List<OnnxNode>());
        // As much again as the weights, and a little for small files: a small file can ask for any number of large constants.
        var most = Math.Min(mostBytes, MostKnown + graph.Weights.Values.Sum(t => 8L * t.Shape.Aggregate(1L, (a, b) => a * b)));
        var tools = new RunTools(file.Place, most, kernels, k => k.RunAll(), 1);
        foreach (var node in NodeOrder.Of(graph.Nodes, graph.Weights.Keys.Concat(graph.Inputs.Select(i => i.Name)).ToHashSet(), file.Place))
            if (IsKnown(node, weights) && Small(node) is { } results)
                for (var k = 0; k < node.Outputs.Count; k++)
                    weights[node.Outputs[k]] = results[k];
            else
                rest.Add(node);
        var left = rest.Count(n => n.Type != "Constant");
        return left > 0 && left < graph.Nodes.Count(n => n.Type != "Constant")
            ? file with { Graph = graph with { Nodes = rest, Weights = weights } }
            : null;

        OnnxTensor[]? Small(OnnxNode node)
        {
            try
            {
                return Folded(node, file, weights, tools);
            }
            catch (ModelFormatException error) when (error.IsTooLarge)
            {
                return null;
            }
        }
    }

    static bool IsKnown(OnnxNode node, Dictionary<string, OnnxTensor> weights) =>
        node.Domain.Length == 0 && node.Outputs.Count > 0 && node.Outputs.All(o => o.Length > 0)
        && moving.Contains(node.Type) && node.Inputs.All(i => i.Length == 0 || weights.ContainsKey(i))
        && node.Attributes.Values.All(a => a.Graphs.Length == 0);

    static bool IsPlain(OnnxType type) =>
        type is OnnxType.Float32 or OnnxType.Float16 or OnnxType.BFloat16 or OnnxType.Int64 or OnnxType.Int32 or OnnxType.Bool;

    static bool Folds(OnnxNode node, Dictionary<string, OnnxTensor> weights) =>
        node.Domain.Length == 0 && node.Outputs.Count > 0 && node.Inputs.All(i => i.Length == 0 || weights.ContainsKey(i))
        && node.Attributes.Values.All(a => a.Graphs.Length == 0)
        && (node.Type is "CastLike" or "DequantizeLinear" or "QuantizeLinear"
            || node.Inputs.Any(i => i.Length > 0 && !IsPlain(weights[i].Type))
            || node.Attributes.Values.Any(a => a.Tensor is { } tensor && !IsPlain(tensor.Type))
            || (node.Type == "Cast" && !IsPlain(To(node) ?? OnnxType.Float32)));

    static OnnxTensor[]? Folded(OnnxNode node, OnnxFile file, Dictionary<string, OnnxTensor> weights, RunTools tools)
    {
        var used = node.Inputs.Where(i => i.Length > 0).Distinct().ToDictionary(i => i, i => weights[i]);
        try
        {
            var outputs = node.Outputs.Where(o => o.Length > 0).Select(o => new OnnxPort(o, null, null)).ToArray();
            var graph = EvaluatedGraph.Read(new OnnxGraph([node], used, [], outputs), file.Opset, file.Place);
            var made = new Queue<Value>(graph.Run([], null, tools));
            var results = node.Outputs.Select(o => Tensor(o, o.Length > 0 ? made.Dequeue() : new Value(OnnxType.Float32, []))).ToArray();
            // What they hold stays.
            foreach (var one in results)
                tools.Hold(one.Floats?.Length ?? (8L * one.Ints!.Length));
            return results;
        }
        catch (ModelFormatException error) when (!error.IsTooLarge)
        {
            // The run reports it, if it needs the node.
            return null;
        }
    }

    static OnnxTensor Tensor(string name, Value value) => value.IsReal
        ? new(name, value.Type, value.Shape, MemoryMarshal.AsBytes(value.IsSingle ? value.Floats
                : Array.ConvertAll(value.ToDoubles(), v => (float)v).AsSpan()).ToArray(),
            null,
            value.Type == OnnxType.Float64 ? value.ToDoubles() : null)
        : new(name, value.Type, value.Shape, null, value.Ints.ToArray());

    static OnnxType? To(OnnxNode node) => node.Attributes.GetValueOrDefault("to")?.Int is { } to ? (OnnxType)to : null;

    static OnnxType? TypeOf(OnnxNode node, Dictionary<string, OnnxType> types)
    {
        OnnxType? Input(int k) => k < node.Inputs.Count && types.TryGetValue(node.Inputs[k], out var type) ? type : null;
        return node.Type switch
        {
            "Cast" => To(node),
            "CastLike" or "Where" => Input(1),
            "Constant" => node.Attributes.GetValueOrDefault("value")?.Tensor?.Type,
            "ConstantOfShape" => node.Attributes.GetValueOrDefault("value")?.Tensor?.Type ?? OnnxType.Float32,
            "Shape" or "Size" or "ArgMax" or "ArgMin" or "NonZero" or "NonMaxSuppression" => OnnxType.Int64,
            "Equal" or "Less" or "Greater" or "LessOrEqual" or "GreaterOrEqual" or "Not" or "And" or "Or" or "Xor" or "IsNaN" or "IsInf"
                => OnnxType.Bool,
            "QuantizeLinear" => Input(2) ?? OnnxType.UInt8,
            "DynamicQuantizeLinear" => OnnxType.UInt8,
            "DequantizeLinear" => Input(1),
            "OneHot" => Input(2),
            _ => Input(0),
        };
    }
}
