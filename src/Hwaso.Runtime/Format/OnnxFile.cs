namespace Hwaso.Runtime.Format;

/// <summary>The content of an ONNX file.</summary>
/// <param name="Place">The file's name, for messages.</param>
/// <param name="Opset">The version of ONNX's own operator set.</param>
/// <param name="Nodes">Its nodes, in the file's order.</param>
/// <param name="Weights">Its initializers by name.</param>
/// <param name="Inputs">Its inputs, without initializers.</param>
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
/// <param name="Type">Its element type; null if the file does not declare it.</param>
/// <param name="Shape">Its sizes, with -1 for a free one; null if the file does not declare them.</param>
sealed record OnnxPort(string Name, OnnxType? Type, int[]? Shape);

/// <summary>A node of a file.</summary>
/// <param name="Name">Its name; may be empty.</param>
/// <param name="Domain">Its operator set; empty for ONNX's own.</param>
/// <param name="Type">Its operator.</param>
/// <param name="Inputs">The names of its inputs; empty for an omitted one.</param>
/// <param name="Outputs">The names of its outputs; empty for an omitted one.</param>
/// <param name="Attributes">Its attributes by name.</param>
sealed record OnnxNode(
    string Name,
    string Domain,
    string Type,
    IReadOnlyList<string> Inputs,
    IReadOnlyList<string> Outputs,
    IReadOnlyDictionary<string, OnnxAttribute> Attributes)
{
    /// <summary>Operator and name, for messages.</summary>
    public string Place => Name.Length > 0 ? $"{Type} '{Name}'" : $"{Type} that makes '{(Outputs.Count > 0 ? Outputs[0] : "")}'";
}

/// <summary>An attribute of a node; fields that the file does not hold are null or empty.</summary>
sealed record OnnxAttribute(
    string Name, long? Int, float? Float, string? Text, long[] Ints, float[] Floats, OnnxTensor? Tensor, bool HasGraph);

/// <summary>A tensor of a file: floating-point numbers as single precision, all others as 64-bit integers.</summary>
/// <param name="Name">Its name; may be empty in an attribute.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Floats">Its numbers if they are floating point, as bytes; a view of the file if they are stored as single
/// precision.</param>
/// <param name="Ints">Its numbers if they are integers.</param>
sealed record OnnxTensor(string Name, int[] Shape, ReadOnlyMemory<byte>? Floats, long[]? Ints);

/// <summary>The element types that can be read, by ONNX's numbers (TensorProto.DataType).</summary>
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
