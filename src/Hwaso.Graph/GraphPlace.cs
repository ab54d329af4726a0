namespace Hwaso.Graph;

/// <summary>One run of a module.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Kind">The name of its type, e.g. <c>Conv2d</c>.</param>
/// <param name="Depth">How many modules it runs in.</param>
/// <param name="Inputs">The numbers of the tensors that went in.</param>
/// <param name="Outputs">The numbers of the tensors that came out.</param>
/// <param name="FirstNode">The first node under it.</param>
/// <param name="EndNode">One past the last node under it.</param>
public sealed record GraphPlace(string Path, string Kind, int Depth, IReadOnlyList<int> Inputs, IReadOnlyList<int> Outputs, int FirstNode, int EndNode);
