using System.Globalization;
using Hwaso.Checkpoints;
using Hwaso.Graph;

namespace Hwaso.Onnx;

/// <summary>
/// Finds batch norms that fold into the convolution before them: y = (x − m) · s / √(v + ε) + b is a factor and a shift for each channel.
/// </summary>
sealed class BatchNormFolding
{
    readonly Dictionary<int, GraphNode> normOf = [];
    readonly HashSet<int> gone = [];

    /// <summary>Finds convolutions by weights whose result only one batch norm reads.</summary>
    public BatchNormFolding(NetworkGraph graph)
    {
        var users = graph.Nodes.SelectMany(n => n.Arguments.SelectMany(a => a.Values).Where(v => v >= 0).Select(v => (Value: v, Node: n)))
            .ToLookup(u => u.Value, u => u.Node);
        foreach (var node in graph.Nodes.Where(n => n.Operator == "aten::conv2d"))
            if (graph.Values[node.Arguments[1].Values[0]].Name is not null && !graph.Outputs.Contains(node.Results[0])
                && users[node.Results[0]].ToArray() is [{ Operator: "aten::batch_norm" } norm]
                && norm.Arguments[0].Values[0] == node.Results[0] && IsKnown(graph, norm))
            {
                normOf[node.Index] = norm;
                gone.Add(norm.Index);
            }
    }

    // A scale may be computed from a weight, as InPlaceABN's |weight|.
    static bool IsKnown(NetworkGraph graph, GraphNode norm) => norm.Arguments.Skip(1).Take(4).SelectMany(a => a.Values)
        .All(v => v < 0 || graph.Values[v].Name is not null || graph.Constants.ContainsKey(v));

    /// <summary>Whether a node is a batch norm that was folded.</summary>
    public bool IsGone(GraphNode node) => gone.Contains(node.Index);

    /// <summary>The batch norm that folds into a convolution; null for none.</summary>
    public GraphNode? Of(GraphNode node) => normOf.GetValueOrDefault(node.Index);

    /// <summary>A factor and a shift for each of the convolution's channels, its own bias included.</summary>
    /// <param name="norm">The batch norm.</param>
    /// <param name="channels">Output channels.</param>
    /// <param name="argument">The numbers of the norm's argument; null where it has none.</param>
    /// <param name="bias">The convolution's bias; null for none.</param>
    public static (double[] Factors, float[] Shifts) Numbers(GraphNode norm, int channels, Func<int, HostTensor?> argument, float[]? bias)
    {
        var (scale, shift, mean, variance) =
            (argument(1)?.ToFloats(), argument(2)?.ToFloats(), argument(3)!.ToFloats(), argument(4)!.ToFloats());
        var epsilon = norm.Arguments[7].Kind == Torch.ValueKind.Default
            ? double.Parse(norm.Schema.Parameters[7].Default ?? "1e-05", CultureInfo.InvariantCulture)
            : norm.Arguments[7].Constant.AsDouble();
        var (factors, shifts) = (new double[channels], new float[channels]);
        for (var c = 0; c < channels; c++)
        {
            factors[c] = (scale?[c] ?? 1) / Math.Sqrt(variance[c] + epsilon);
            shifts[c] = (float)((((bias?[c] ?? 0.0) - mean[c]) * factors[c]) + (shift?[c] ?? 0));
        }
        return (factors, shifts);
    }
}
