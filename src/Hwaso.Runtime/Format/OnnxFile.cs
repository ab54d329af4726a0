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

/// <summary>A declared input or output of a file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type; null where the file does not say.</param>
/// <param name="Shape">Its sizes, -1 where one is free; null where the file does not say.</param>
sealed record OnnxPort(string Name, OnnxType? Type, int[]? Shape);

/// <summary>A node of a file.</summary>
/// <param name="Name">Its name; may be empty.</param>
/// <param name="Domain">Its operator set; empty for ONNX's own.</param>
/// <param name="Type">Its operator.</param>
/// <param name="Inputs">Names of its inputs; an empty one is left out.</param>
/// <param name="Outputs">Names of its outputs.</param>
/// <param name="Attributes">Its attributes by name.</param>
sealed record OnnxNode(string Name, string Domain, string Type, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, IReadOnlyDictionary<string, OnnxAttribute> Attributes)
{
    /// <summary>Operator and name, as messages call it.</summary>
    public string Place => Name.Length > 0 ? $"{Type} '{Name}'" : $"{Type} that makes '{(Outputs.Count > 0 ? Outputs[0] : "")}'";
}

/// <summary>An attribute of a node as the file holds it; what it does not hold is null.</summary>
sealed record OnnxAttribute(string Name, long? Int, float? Float, string? Text, long[] Ints, float[] Floats, OnnxTensor? Tensor, bool HasGraph);

/// <summary>A tensor of a file, its numbers read: floating-point ones as single precision, all others as 64-bit integers.</summary>
/// <param name="Name">Its name; may be empty in an attribute.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Floats">Its numbers if they are floating point: views of the file where it holds them as they are used.</param>
/// <param name="Ints">Its numbers if they are not.</param>
sealed record OnnxTensor(string Name, int[] Shape, ReadOnlyMemory<byte>? Floats, long[]? Ints);

/// <summary>Element types by ONNX's numbers (TensorProto.DataType), as far as they can be read.</summary>
enum OnnxType
{
    Float32 = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    Bool = 9,
    Float16 = 10,
    Float64 = 11,
    UInt32 = 12,
}
