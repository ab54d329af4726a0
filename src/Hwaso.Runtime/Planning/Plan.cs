namespace Hwaso.Runtime.Planning;

/// <summary>A model for inputs of certain sizes: what runs in which order, and where everything lies.</summary>
/// <param name="Graph">The model.</param>
/// <param name="Types">The type of every value; null of those that fusing took away.</param>
/// <param name="Constants">The values that are known, those included that were computed when planning.</param>
/// <param name="Steps">What runs, in order.</param>
/// <param name="Offsets">Where each value lies, in bytes from the start of a run's memory; -1 of what is not there.</param>
/// <param name="Bytes">The memory of a run.</param>
sealed record Plan(ModelGraph Graph, TensorType?[] Types, IReadOnlyDictionary<int, Constant> Constants, IReadOnlyList<Node> Steps, long[] Offsets, long Bytes)
{
    /// <summary>What a node's operator needs to know.</summary>
    public Operands OperandsOf(Node node) => new(
        node.Place,
        Array.ConvertAll(node.Inputs, v => v < 0 ? null : Types[v]),
        Array.ConvertAll(node.Inputs, v => v < 0 ? null : Constants.GetValueOrDefault(v)));
}
