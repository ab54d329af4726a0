using Hwaso.Torch;

namespace Hwaso.Graph;

/// <summary>One recorded operator call.</summary>
/// <param name="Index">Its position in the order of execution.</param>
/// <param name="Operator">The operator with its overload, e.g. <c>aten::conv2d</c>.</param>
/// <param name="Schema">Its signature.</param>
/// <param name="Place">The path of the module that called it.</param>
/// <param name="Arguments">In the schema's order; what was left out took its default.</param>
/// <param name="Results">The numbers of the tensors that it returned.</param>
public sealed record GraphNode(int Index, string Operator, Schema Schema, string Place, IReadOnlyList<GraphArgument> Arguments, IReadOnlyList<int> Results);
