using Hwaso.Common;

namespace Hwaso.Runtime.Format;

/// <summary>Reads an ONNX file (onnx.proto's ModelProto); the field numbers are those of onnx.proto.</summary>
static class OnnxReader
{
    /// <summary>The oldest and newest operator sets that can be read.</summary>
    public const int OldestOpset = 9, NewestOpset = 24;

    // The largest networks have some thousands; planning takes time quadratic in their number.
    const int MostNodes = 20_000, MostSize = 1 << 24;

    /// <param name="bytes">The file; the numbers of its weights are views of it.</param>
    /// <param name="place">Its name, for messages.</param>
    /// <exception cref="ModelFormatException">The bytes are not an ONNX file, are damaged, or have an unsupported operator set.</exception>
    public static OnnxFile Read(ReadOnlyMemory<byte> bytes, string place)
    {
        try
        {
            return Model(bytes, place);
        }
        catch (WireFormatException error)
        {
            throw new ModelFormatException(place, $"{error.Message}; this is not an ONNX file, or a damaged one");
        }
    }

    static OnnxFile Model(ReadOnlyMemory<byte> bytes, string place)
    {
        var reader = new WireReader(bytes);
        ReadOnlyMemory<byte>? graph = null;
        int? opset = null;
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Next(out var field))
            switch (field)
            {
                case 7:
                    graph = reader.Bytes();
                    break;
                case 8:
                    if (Opset(reader.Bytes(), place) is ("" or "ai.onnx", var version))
                        opset = version is >= OldestOpset and <= NewestOpset
                            ? (int)version
                            : throw new ModelFormatException(place,
                                $"operator set {version} is not supported; {OldestOpset} to {NewestOpset} are");
                    break;
                case 14:
                    var (key, value) = Pair(reader.Bytes(), place);
                    metadata[key] = value;
                    break;
                default:
                    reader.Skip();
                    break;
            }
        if (graph is not { } found)
            throw new ModelFormatException(place, "holds no graph; this is not an ONNX file, or a damaged one");
        return Graph(found, place, opset ?? throw new ModelFormatException(place, "does not say which operator set it uses"), metadata);
    }

    static OnnxFile Graph(ReadOnlyMemory<byte> message, string place, int opset, Dictionary<string, string> metadata)
    {
        var reader = new WireReader(message);
        var nodes = new List<OnnxNode>();
        var weights = new Dictionary<string, OnnxTensor>(StringComparer.Ordinal);
        var (inputs, outputs) = (new List<OnnxPort>(), new List<OnnxPort>());
        while (reader.Next(out var field))
            switch (field)
            {
                case 1:
                    if (nodes.Count == MostNodes)
                        throw new ModelFormatException(place, $"has more than the {MostNodes} nodes supported");
                    nodes.Add(Node(reader.Bytes(), place));
                    break;
                case 5:
                    var tensor = OnnxTensorReader.Read(reader.Bytes(), place);
                    if (!weights.TryAdd(tensor.Name, tensor))
                        throw new ModelFormatException($"{place}: tensor '{tensor.Name}'", "occurs twice");
                    break;
                case 11:
                    inputs.Add(Port(reader.Bytes(), place));
                    break;
                case 12:
                    outputs.Add(Port(reader.Bytes(), place));
                    break;
                case 15:
                    throw new ModelFormatException(place, "holds sparse weights, which are not supported");
                default:
                    reader.Skip();
                    break;
            }
        inputs.RemoveAll(i => weights.ContainsKey(i.Name));
        if (outputs.Count == 0)
            throw new ModelFormatException(place, "declares no output");
        return new OnnxFile(place, opset, nodes, weights, inputs, outputs, metadata);
    }

    static OnnxNode Node(ReadOnlyMemory<byte> message, string place)
    {
        var reader = new WireReader(message);
        var (inputs, outputs) = (new List<string>(), new List<string>());
        var (name, type, domain) = ("", "", "");
        var attributes = new Dictionary<string, OnnxAttribute>(StringComparer.Ordinal);
        while (reader.Next(out var field))
            switch (field)
            {
                case 1: inputs.Add(reader.Text()); break;
                case 2: outputs.Add(reader.Text()); break;
                case 3: name = reader.Text(); break;
                case 4: type = reader.Text(); break;
                case 5:
                    var attribute = Attribute(reader.Bytes(), place);
                    attributes[attribute.Name] = attribute;
                    break;
                case 7: domain = reader.Text(); break;
                default: reader.Skip(); break;
            }
        return new OnnxNode(name, domain == "ai.onnx" ? "" : domain, type, inputs, outputs, attributes);
    }

    static OnnxAttribute Attribute(ReadOnlyMemory<byte> message, string place)
    {
        var reader = new WireReader(message);
        var (ints, floats) = (new List<long>(), new List<float>());
        long? number = null;
        float? real = null;
        string? text = null;
        OnnxTensor? tensor = null;
        var (name, graph) = ("", false);
        while (reader.Next(out var field))
            switch (field)
            {
                case 1: name = reader.Text(); break;
                case 2: real = reader.Float(); break;
                case 3: number = reader.Int(); break;
                case 4: text = reader.Text(); break;
                case 5: tensor = OnnxTensorReader.Read(reader.Bytes(), place); break;
                case 6 or 11: (graph, _) = (true, reader.Bytes()); break;
                case 7: reader.Floats(floats); break;
                case 8: reader.Ints(ints); break;
                default: reader.Skip(); break;
            }
        return new OnnxAttribute(name, number, real, text, [.. ints], [.. floats], tensor, graph);
    }

    static OnnxPort Port(ReadOnlyMemory<byte> message, string place)
    {
        var reader = new WireReader(message);
        var name = "";
        OnnxType? type = null;
        int[]? shape = null;
        while (reader.Next(out var field))
            if (field == 1)
                name = reader.Text();
            else if (field == 2 && Inner(reader.Bytes(), 1, place) is { } tensor)
            {
                var inner = new WireReader(tensor);
                while (inner.Next(out var part))
                    if (part == 1)
                        type = (OnnxType)inner.Int();
                    else if (part == 2)
                        shape = Dimensions(inner.Bytes(), $"{place}: '{name}'");
                    else
                        inner.Skip();
            }
            else if (field != 2)
                reader.Skip();
        return new OnnxPort(name, type, shape);
    }

    static int[] Dimensions(ReadOnlyMemory<byte> message, string place)
    {
        var reader = new WireReader(message);
        var sizes = new List<int>();
        while (reader.Next(out var field))
        {
            if (field != 1)
            {
                reader.Skip();
                continue;
            }
            var dimension = new WireReader(reader.Bytes());
            long size = -1;
            while (dimension.Next(out var part))
                if (part == 1)
                    size = dimension.Int();
                else
                    dimension.Skip();
            // Some exporters write 0 or a negative number for a free size.
            sizes.Add(size switch
            {
                <= 0 => -1,
                <= MostSize => (int)size,
                _ => throw new ModelFormatException(place, $"a size of {size} is more than the {MostSize} supported"),
            });
        }
        return [.. sizes];
    }

    static (string Domain, long Version) Opset(ReadOnlyMemory<byte> message, string place)
    {
        var reader = new WireReader(message);
        var (domain, version) = ("", 0L);
        while (reader.Next(out var field))
            if (field == 1)
                domain = reader.Text();
            else if (field == 2)
                version = reader.Int();
            else
                reader.Skip();
        return (domain, version);
    }

    static (string Key, string Value) Pair(ReadOnlyMemory<byte> message, string place)
    {
        var reader = new WireReader(message);
        var (key, value) = ("", "");
        while (reader.Next(out var field))
            if (field == 1)
                key = reader.Text();
            else if (field == 2)
                value = reader.Text();
            else
                reader.Skip();
        return (key, value);
    }

    static ReadOnlyMemory<byte>? Inner(ReadOnlyMemory<byte> message, int wanted, string place)
    {
        var reader = new WireReader(message);
        ReadOnlyMemory<byte>? found = null;
        while (reader.Next(out var field))
            if (field == wanted)
                found = reader.Bytes();
            else
                reader.Skip();
        return found;
    }
}
