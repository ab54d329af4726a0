using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Planning;

/// <summary>A model as it was loaded: what holds for every size of image.</summary>
/// <param name="Place">The file, for messages.</param>
/// <param name="Nodes">In an order in which they can run.</param>
/// <param name="Names">The names of the values.</param>
/// <param name="Constants">The values that are known.</param>
/// <param name="Inputs">Its inputs.</param>
/// <param name="InputValues">The values that they are.</param>
/// <param name="Outputs">Its outputs.</param>
/// <param name="OutputValues">The values that they are.</param>
sealed record ModelGraph(
    string Place,
    IReadOnlyList<Node> Nodes,
    IReadOnlyList<string> Names,
    IReadOnlyDictionary<int, Constant> Constants,
    IReadOnlyList<OnnxPort> Inputs,
    IReadOnlyList<int> InputValues,
    IReadOnlyList<OnnxPort> Outputs,
    IReadOnlyList<int> OutputValues);
