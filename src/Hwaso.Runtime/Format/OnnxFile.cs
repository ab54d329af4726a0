namespace Hwaso.Runtime.Format;

/// <summary>The content of an ONNX file.</summary>
/// <param name="Place">The file's name, for messages.</param>
/// <param name="Opset">The version of ONNX's own operator set.</param>
/// <param name="Graph">Nodes, weights, inputs and outputs.</param>
/// <param name="Functions">Operators that the file defines itself.</param>
/// <param name="Metadata">Its metadata.</param>
sealed record OnnxFile(
    string Place,
    int Opset,
    OnnxGraph Graph,
    IReadOnlyList<OnnxFunction> Functions,
    IReadOnlyDictionary<string, string> Metadata);

/// <summary>A graph: a file's, or one in a node's attribute.</summary>
/// <param name="Nodes">Its nodes, in the file's order.</param>
/// <param name="Weights">Its initializers by name.</param>
/// <param name="Inputs">Its inputs, without initializers.</param>
/// <param name="Outputs">Its outputs.</param>
sealed record OnnxGraph(
    IReadOnlyList<OnnxNode> Nodes,
    IReadOnlyDictionary<string, OnnxTensor> Weights,
    IReadOnlyList<OnnxPort> Inputs,
    IReadOnlyList<OnnxPort> Outputs);

/// <summary>An operator that a file defines by nodes of its own (FunctionProto).</summary>
/// <param name="Domain">Its operator set.</param>
/// <param name="Name">Its name.</param>
/// <param name="Inputs">The names of its inputs.</param>
/// <param name="Outputs">The names of its outputs.</param>
/// <param name="Attributes">The names of its attributes.</param>
/// <param name="Defaults">The values of attributes that a node may leave out.</param>
/// <param name="Nodes">Its nodes.</param>
sealed record OnnxFunction(
    string Domain,
    string Name,
    IReadOnlyList<string> Inputs,
    IReadOnlyList<string> Outputs,
    IReadOnlyList<string> Attributes,
    IReadOnlyDictionary<string, OnnxAttribute> Defaults,
    IReadOnlyList<OnnxNode> Nodes);

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
/// <param name="Name">Its name.</param>
/// <param name="Int">Its integer.</param>
/// <param name="Float">Its number.</param>
/// <param name="Text">Its text.</param>
/// <param name="Ints">Its list of integers.</param>
/// <param name="Floats">Its list of numbers.</param>
/// <param name="Tensor">Its tensor.</param>
/// <param name="Graphs">Its graphs; one, unless it is a list of them.</param>
/// <param name="Reference">The attribute of the function around it whose value it takes; empty for none.</param>
sealed record OnnxAttribute(
    string Name, long? Int, float? Float, string? Text, long[] Ints, float[] Floats, OnnxTensor? Tensor, OnnxGraph[] Graphs,
    string Reference = "");

/// <summary>
/// A tensor of a file: numbers of up to 32 bits and floating point as single precision, integers in 64 bits.
/// </summary>
/// <param name="Name">Its name; may be empty in an attribute.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Floats">Its numbers if they are floating point, as bytes; a view of the file if they are stored as single
/// precision.</param>
/// <param name="Whole">Its numbers if they are integers, but for those that <see cref="Bytes"/> holds.</param>
/// <param name="Doubles">Its numbers if they are of double precision, besides <paramref name="Floats"/>.</param>
sealed record OnnxTensor(
    string Name, OnnxType Type, int[] Shape, ReadOnlyMemory<byte>? Floats, long[]? Whole, double[]? Doubles = null)
{
    /// <summary>Its numbers if they are integers of 8 bits in the file, a view of it.</summary>
    public ReadOnlyMemory<byte>? Bytes { get; init; }

    /// <summary>Its numbers if they are integers.</summary>
    public long[]? Ints => Bytes is { } bytes ? Widened(FileBytes.Get(bytes)) : Whole;

    long[] Widened(ReadOnlySpan<byte> bytes)
    {
        var numbers = new long[bytes.Length];
        for (var k = 0; k < numbers.Length; k++)
            numbers[k] = Type == OnnxType.Int8 ? (sbyte)bytes[k] : bytes[k];
        return numbers;
    }
}

/// <summary>The element types that can be read, by ONNX's numbers (TensorProto.DataType).</summary>
public enum OnnxType
{
    /// <summary>Single precision.</summary>
    Float32 = 1,

    /// <summary>8 bits, unsigned.</summary>
    UInt8 = 2,

    /// <summary>8 bits, signed.</summary>
    Int8 = 3,

    /// <summary>16 bits, unsigned.</summary>
    UInt16 = 4,

    /// <summary>16 bits, signed.</summary>
    Int16 = 5,

    /// <summary>32 bits, signed.</summary>
    Int32 = 6,

    /// <summary>64 bits, signed.</summary>
    Int64 = 7,

    /// <summary>Truths: 0 or 1.</summary>
    Bool = 9,

    /// <summary>Half precision.</summary>
    Float16 = 10,

    /// <summary>Double precision.</summary>
    Float64 = 11,

    /// <summary>32 bits, unsigned.</summary>
    UInt32 = 12,

    /// <summary>64 bits, unsigned.</summary>
    UInt64 = 13,

    /// <summary>The upper 16 bits of single precision.</summary>
    BFloat16 = 16,

    /// <summary>8 bits, 4 of them exponent; no infinity.</summary>
    Float8E4M3FN = 17,

    /// <summary>8 bits, 4 of them exponent; no infinity, one NaN, no negative zero.</summary>
    Float8E4M3FNUZ = 18,

    /// <summary>8 bits, 5 of them exponent.</summary>
    Float8E5M2 = 19,

    /// <summary>8 bits, 5 of them exponent; no infinity, one NaN, no negative zero.</summary>
    Float8E5M2FNUZ = 20,

    /// <summary>4 bits, unsigned.</summary>
    UInt4 = 21,

    /// <summary>4 bits, signed.</summary>
    Int4 = 22,

    /// <summary>4 bits, 2 of them exponent; no infinity, no NaN.</summary>
    Float4E2M1 = 23,

    /// <summary>Powers of two in 8 bits.</summary>
    Float8E8M0 = 24,
}
