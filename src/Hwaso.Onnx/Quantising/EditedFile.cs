using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hwaso.Common;

namespace Hwaso.Onnx.Quantising;

/// <summary>An ONNX file that is read, changed and written again; what nobody looks at is copied byte by byte.</summary>
sealed class EditedFile
{
    // onnx.proto's fields that are numbers; all others of these messages are lengths with bytes.
    const int IrVersion = 1, ModelVersion = 5, Graph = 7, Opsets = 8, GraphNode = 1, GraphWeight = 5, GraphInput = 11, GraphOutput = 12;

    readonly List<(int Field, long Number, ReadOnlyMemory<byte>? Bytes)> model = [], graph = [];

    EditedFile(string place) => Place = place;

    public string Place { get; }

    public List<EditedNode> Nodes { get; private init; } = [];

    /// <summary>The initializers by name, in the file's order.</summary>
    public Dictionary<string, EditedWeight> Weights { get; private init; } = new(StringComparer.Ordinal);

    public List<string> Inputs { get; private init; } = [];

    public List<string> Outputs { get; private init; } = [];

    /// <summary>The version of ONNX's own operator set.</summary>
    public long Opset { get; private set; }

    /// <exception cref="InvalidDataException">The bytes are not an ONNX file that can be changed.</exception>
    public static EditedFile Read(ReadOnlyMemory<byte> file, string place)
    {
        var read = new EditedFile(place);
        try
        {
            var reader = new WireReader(file);
            while (reader.Next(out var field))
                if (field is IrVersion or ModelVersion)
                    read.model.Add((field, reader.Int(), null));
                else if (field == Graph)
                    read.ReadGraph(reader.Bytes());
                else
                {
                    read.model.Add((field, 0, reader.Bytes()));
                    if (field == Opsets)
                        read.ReadOpset(read.model[^1].Bytes!.Value);
                }
        }
        catch (WireFormatException error)
        {
            throw new InvalidDataException($"{place}: is not an ONNX file, or is damaged: {error.Message}", error);
        }
        return read;
    }

    /// <summary>The same content, to be changed apart from this one.</summary>
    public EditedFile Copy()
    {
        var copy = new EditedFile(Place)
        {
            Nodes = Nodes.ConvertAll(n => n with { Inputs = [.. n.Inputs], Outputs = [.. n.Outputs] }),
            Weights = new(Weights, StringComparer.Ordinal),
            Inputs = [.. Inputs],
            Outputs = [.. Outputs],
            Opset = Opset,
        };
        copy.model.AddRange(model);
        copy.graph.AddRange(graph);
        return copy;
    }

    /// <summary>Adds an output of single precision.</summary>
    public void AddOutput(string name)
    {
        using var port = new WireWriter();
        port.Text(1, name);
        port.Message(2, type => type.Message(1, tensor => tensor.Int(1, (int)OnnxDataType.Float32)));
        graph.Add((GraphOutput, 0, port.ToArray()));
        Outputs.Add(name);
    }

    public void Add(string name, OnnxDataType type, int[] shape, ReadOnlySpan<byte> data) =>
        Weights[name] = EditedWeight.Of(name, (int)type, shape, data);

    public byte[] ToArray()
    {
        using var content = new WireWriter();
        foreach (var node in Nodes)
            content.Message(GraphNode, node.Write);
        var used = Nodes.SelectMany(n => n.Inputs).Concat(Outputs).ToHashSet(StringComparer.Ordinal);
        // A graph in a node's attribute may use any weight.
        var all = Nodes.Any(n => n.HasGraph);
        foreach (var (name, weight) in Weights)
            if (all || used.Contains(name))
                content.Bytes(GraphWeight, weight.Message.Span);
        foreach (var (field, _, bytes) in graph)
            content.Bytes(field, bytes!.Value.Span);
        using var whole = new WireWriter();
        foreach (var (field, number, bytes) in model)
            if (bytes is { } some)
                whole.Bytes(field, some.Span);
            else
                whole.Int(field, number);
        whole.Bytes(Graph, content.ToArray());
        return whole.ToArray();
    }

    void ReadGraph(ReadOnlyMemory<byte> message)
    {
        var reader = new WireReader(message);
        while (reader.Next(out var field))
        {
            var bytes = reader.Bytes();
            switch (field)
            {
                case GraphNode:
                    Nodes.Add(EditedNode.Read(bytes));
                    break;
                case GraphWeight:
                    var weight = EditedWeight.Read(bytes, Place);
                    Weights[weight.Name] = weight;
                    break;
                default:
                    graph.Add((field, 0, bytes));
                    if (field is GraphInput or GraphOutput)
                        (field == GraphInput ? Inputs : Outputs).Add(Name(bytes));
                    break;
            }
        }
    }

    void ReadOpset(ReadOnlyMemory<byte> message)
    {
        var (domain, version) = ("", 0L);
        var reader = new WireReader(message);
        while (reader.Next(out var field))
            if (field == 1)
                domain = reader.Text();
            else if (field == 2)
                version = reader.Int();
            else
                reader.Skip();
        if (domain is "" or "ai.onnx")
            Opset = version;
    }

    static string Name(ReadOnlyMemory<byte> port)
    {
        var reader = new WireReader(port);
        while (reader.Next(out var field))
            if (field == 1)
                return reader.Text();
            else
                reader.Skip();
        return "";
    }
}

/// <summary>A node of an edited file.</summary>
/// <param name="Type">The operator.</param>
/// <param name="Inputs">The names of its inputs; empty for an omitted one.</param>
/// <param name="Outputs">The names of its outputs.</param>
/// <param name="Name">Its name; may be empty.</param>
/// <param name="Attributes">Its attributes, as they are in the file.</param>
sealed record EditedNode(string Type, List<string> Inputs, List<string> Outputs, string Name, List<ReadOnlyMemory<byte>> Attributes)
{
    const int Attribute = 5;

    List<(int Field, ReadOnlyMemory<byte> Bytes)> Others { get; init; } = [];

    /// <summary>Its operator set; empty for ONNX's own.</summary>
    public string Domain { get; private init; } = "";

    public bool HasGraph => Attributes.Exists(a => Field(a, 6) || Field(a, 11));

    public static EditedNode Read(ReadOnlyMemory<byte> message)
    {
        var (type, name, domain) = ("", "", "");
        var (inputs, outputs) = (new List<string>(), new List<string>());
        var (attributes, others) = (new List<ReadOnlyMemory<byte>>(), new List<(int, ReadOnlyMemory<byte>)>());
        var reader = new WireReader(message);
        while (reader.Next(out var field))
            switch (field)
            {
                case 1: inputs.Add(reader.Text()); break;
                case 2: outputs.Add(reader.Text()); break;
                case 3: name = reader.Text(); break;
                case 4: type = reader.Text(); break;
                case Attribute: attributes.Add(reader.Bytes()); break;
                default:
                    others.Add((field, reader.Bytes()));
                    if (field == 7)
                        domain = System.Text.Encoding.UTF8.GetString(others[^1].Item2.Span);
                    break;
            }
        return new(type, inputs, outputs, name, attributes) { Others = others, Domain = domain is "ai.onnx" ? "" : domain };
    }

    public void Write(WireWriter to)
    {
        foreach (var input in Inputs)
            to.Text(1, input);
        foreach (var output in Outputs)
            to.Text(2, output);
        to.Text(3, Name);
        to.Text(4, Type);
        foreach (var attribute in Attributes)
            to.Bytes(Attribute, attribute.Span);
        foreach (var (field, bytes) in Others)
            to.Bytes(field, bytes.Span);
    }

    /// <summary>An attribute's number; the default where the node does not have it.</summary>
    public double Number(string name, double otherwise)
    {
        foreach (var attribute in Attributes)
        {
            var (found, number) = (false, otherwise);
            var reader = new WireReader(attribute);
            while (reader.Next(out var field))
                if (field == 1)
                    found = reader.Text() == name;
                else if (field == 2)
                    number = reader.Float();
                else if (field == 3)
                    number = reader.Int();
                else
                    reader.Skip();
            if (found)
                return number;
        }
        return otherwise;
    }

    static bool Field(ReadOnlyMemory<byte> message, int wanted)
    {
        var reader = new WireReader(message);
        while (reader.Next(out var field))
            if (field == wanted)
                return true;
            else
                reader.Skip();
        return false;
    }
}

/// <summary>An initializer of an edited file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type, by ONNX's number.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Message">It, as it is in the file.</param>
sealed record EditedWeight(string Name, int Type, int[] Shape, ReadOnlyMemory<byte> Message)
{
    const int RawData = 9;

    public static EditedWeight Of(string name, int type, int[] shape, ReadOnlySpan<byte> data)
    {
        using var tensor = new WireWriter();
        foreach (var size in shape)
            tensor.Int(1, size);
        tensor.Int(2, type);
        tensor.Text(8, name);
        tensor.Bytes(RawData, data);
        return new(name, type, shape, tensor.ToArray());
    }

    public static EditedWeight Read(ReadOnlyMemory<byte> message, string place)
    {
        var (name, type) = ("", 0L);
        var sizes = new List<long>();
        var reader = new WireReader(message);
        while (reader.Next(out var field))
            switch (field)
            {
                case 1: reader.Ints(sizes); break;
                case 2: type = reader.Int(); break;
                case 8: name = reader.Text(); break;
                case 13: throw new InvalidDataException($"{place}: weights are in another file; export the network as one file");
                default: reader.Skip(); break;
            }
        return new(name, (int)type, [.. sizes.Select(s => (int)s)], message);
    }

    /// <summary>The numbers of a tensor of single precision; null if it is of another type.</summary>
    public float[]? Floats()
    {
        if (Type != (int)OnnxDataType.Float32)
            return null;
        var list = new List<float>();
        var reader = new WireReader(Message);
        while (reader.Next(out var field))
            if (field == RawData)
            {
                var raw = reader.Bytes().Span;
                var numbers = new float[raw.Length / sizeof(float)];
                if (BitConverter.IsLittleEndian)
                    MemoryMarshal.Cast<byte, float>(raw[..(numbers.Length * sizeof(float))]).CopyTo(numbers);
                else
                    for (var k = 0; k < numbers.Length; k++)
                        numbers[k] = BinaryPrimitives.ReadSingleLittleEndian(raw[(k * sizeof(float))..]);
                return numbers;
            }
            else if (field == 4)
                reader.Floats(list);
            else
                reader.Skip();
        return [.. list];
    }
}
