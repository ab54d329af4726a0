namespace Hwaso.Runtime.Format;

/// <summary>What an ONNX file holds, as it stands there.</summary>
/// <param name="Place">The file's name, for messages.</param>
/// <param name="Opset">The version of ONNX's own operator set.</param>
/// <param name="Nodes">Its nodes, in the file's order.</param>
/// <param name="Weights">Its initializers by name.</param>
/// <param name="Inputs">Its inputs, initializers left out.</param>
/// <param name="Outputs">Its outputs.</param>
/// <param name="Metadata">Its metadata.</param>
sealed record OnnxFile(
    string Place,
    int Opset,
    IReadOnlyList<OnnxNode> Nodes,
    IReadOnlyDictionary<string, OnnxTensor> Weights,
    IReadOnlyList<OnnxPort> Inputs,
    IReadOnlyList<OnnxPort> Outputs,
    IReadOnlyDictionary<string, string> Metadata);
