using Hwaso.Torch;

namespace Hwaso.Graph;

/// <summary>One argument of a recorded call: tensors by number, anything else as it was given.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Values">The numbers of its tensors; -1 stands for none in a list of optional ones.</param>
/// <param name="Constant">The argument itself where it holds no tensor.</param>
public sealed record GraphArgument(ValueKind Kind, IReadOnlyList<int> Values, Value Constant);
