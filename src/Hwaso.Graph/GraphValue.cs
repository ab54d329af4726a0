using Hwaso.Torch;

namespace Hwaso.Graph;

/// <summary>One tensor that flows through a recorded network.</summary>
/// <param name="Id">Its number in the graph.</param>
/// <param name="Shape">Its size in each dimension.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Name">The full name of a parameter or buffer, <c>input</c> for the network's input; null for what a node computes.</param>
/// <param name="IsParameter">Whether it is a learnable parameter.</param>
public sealed record GraphValue(int Id, IReadOnlyList<long> Shape, ScalarType Type, string? Name, bool IsParameter)
{
    /// <summary>The number of elements.</summary>
    public long Elements => Shape.Aggregate(1L, (a, b) => a * b);
}
