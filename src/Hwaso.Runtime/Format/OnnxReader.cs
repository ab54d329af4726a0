namespace Hwaso.Runtime.Format;

/// <summary>Reads an ONNX file (onnx.proto's ModelProto); the field numbers are those of onnx.proto.</summary>
static class OnnxReader
{
    /// <summary>The oldest and newest operator sets that can be read.</summary>
    public const int OldestOpset = 7, NewestOpset = 25;

    // The largest networks have some thousands; planning takes time quadratic in their number.
    const int MostNodes = 20_000, MostSize = 1 << 24, MostDepth = 16;

    // Operators that were defined before the oldest operator set as they are in it; a file of these alone may name an older one.
    static readonly HashSet<string> unchanged =
    [
        "Abs", "ArgMax", "ArgMin", "AveragePool", "Ceil", "Clip", "Constant", "Conv", "ConvTranspose", "DepthToSpace", "Elu", "Exp",
        "Flatten", "Floor", "Gather",
        "GlobalAveragePool", "GlobalMaxPool", "Identity", "LeakyRelu", "Log", "LogSoftmax", "LRN", "MatMul", "MaxPool", "Neg", "Not",
        "Reciprocal", "ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "Relu", "Shape", "Sigmoid",
        "Size", "Slice", "Softmax", "Softplus", "Softsign", "SpaceToDepth", "Sqrt", "Squeeze", "Tanh", "Transpose", "Unsqueeze",
    ];

    /// <param name="bytes">The file; the numbers of its weights are views of it.</param>
    /// <param name="place">Its name, for messages.</param>
    /// <param name="folder">The folder whose files may hold weights; null for none.</param>
    /// <exception cref="ModelFormatException">The bytes are not an ONNX file, are damaged, or have an unsupported operator set.</exception>
    public static OnnxFile Read(ReadOnlyMemory<byte> bytes, string place, string? folder = null)
    {
        try
        {
            using var weights = folder is null ? null : new ExternalWeights(folder);
            return Model(bytes, new Source(place, weights));
        }
        catch (WireFormatException error)
        {
            throw new ModelFormatException(place, $"{error.Message}; this is not an ONNX file, or a damaged one");
        }
    }

    static OnnxFile Model(ReadOnlyMemory<byte> bytes, Source source)
    {
        var place = source.Place;
        var reader = new WireReader(bytes);
        ReadOnlyMemory<byte>? graph = null;
        int? opset = null;
        var hasOthers = false;
        var functions = new List<OnnxFunction>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Next(out var field))
            switch (field)
            {
                case 7:
                    graph = reader.Bytes();
                    break;
                case 8:
                    var (domain, version) = Opset(reader.Bytes(), place);
                    hasOthers |= domain is not ("" or "ai.onnx");
                    if (domain is "" or "ai.onnx")
                        opset = version is >= 1 and <= NewestOpset ? (int)version : throw Unsupported(version, place);
                    break;
                case 14:
                    var (key, value) = Pair(reader.Bytes());
                    metadata[key] = value;
                    break;
                case 25:
                    functions.Add(Function(reader.Bytes(), source));
                    break;
                default:
                    reader.Skip();
                    break;
            }
        if (graph is not { } found)
            throw new ModelFormatException(place, "holds no graph; this is not an ONNX file, or a damaged one");
        // Operators of other sets are refused by their names.
        var used = opset ?? (hasOthers ? NewestOpset : null as int?)
            ?? throw new ModelFormatException(place, "does not say which operator set it uses");
        var read = Graph(found, source, 0);
        if (used < OldestOpset && (functions.Count > 0 || !read.Nodes.All(n => n.Domain.Length == 0 && unchanged.Contains(n.Type))))
            throw Unsupported(used, place);
        if (read.Outputs.Count == 0)
            throw new ModelFormatException(place, "declares no output");
        return new OnnxFile(place, used, read, functions, metadata);
    }

    static OnnxGraph Graph(ReadOnlyMemory<byte> message, Source source, int depth)
    {
        var place = source.Place;
        if (depth > MostDepth)
            throw new ModelFormatException(place, $"has graphs within graphs, more than the {MostDepth} supported");
        var reader = new WireReader(message);
        var nodes = new List<OnnxNode>();
        var weights = new Dictionary<string, OnnxTensor>(StringComparer.Ordinal);
        var (inputs, outputs) = (new List<OnnxPort>(), new List<OnnxPort>());
        while (reader.Next(out var field))
            switch (field)
            {
                case 1:
                    source.Count();
                    nodes.Add(Node(reader.Bytes(), source, depth));
                    break;
                case 5:
                    var tensor = OnnxTensorReader.Read(reader.Bytes(), place, source.Weights);
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
        return new OnnxGraph(nodes, weights, inputs, outputs);
    }

    static OnnxFunction Function(ReadOnlyMemory<byte> message, Source source)
    {
        var reader = new WireReader(message);
        var (inputs, outputs, names) = (new List<string>(), new List<string>(), new List<string>());
        var nodes = new List<OnnxNode>();
        var defaults = new Dictionary<string, OnnxAttribute>(StringComparer.Ordinal);
        var (name, domain) = ("", "");
        while (reader.Next(out var field))
            switch (field)
            {
                case 1: name = reader.Text(); break;
                case 4: inputs.Add(reader.Text()); break;
                case 5: outputs.Add(reader.Text()); break;
                case 6: names.Add(reader.Text()); break;
                case 7:
                    source.Count();
                    nodes.Add(Node(reader.Bytes(), source, 1));
                    break;
                case 10: domain = reader.Text(); break;
                case 11:
                    var attribute = Attribute(reader.Bytes(), source, 1);
                    defaults[attribute.Name] = attribute;
                    break;
                default: reader.Skip(); break;
            }
        return new OnnxFunction(domain == "ai.onnx" ? "" : domain, name, inputs, outputs, names, defaults, nodes);
    }

    static OnnxNode Node(ReadOnlyMemory<byte> message, Source source, int depth)
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
                    var attribute = Attribute(reader.Bytes(), source, depth);
                    attributes[attribute.Name] = attribute;
                    break;
                case 7: domain = reader.Text(); break;
                default: reader.Skip(); break;
            }
        return new OnnxNode(name, domain == "ai.onnx" ? "" : domain, type, inputs, outputs, attributes);
    }

    static OnnxAttribute Attribute(ReadOnlyMemory<byte> message, Source source, int depth)
    {
        var reader = new WireReader(message);
        var (ints, floats) = (new List<long>(), new List<float>());
        long? number = null;
        float? real = null;
        string? text = null;
        OnnxTensor? tensor = null;
        var (name, reference) = ("", "");
        var graphs = new List<OnnxGraph>();
        while (reader.Next(out var field))
            switch (field)
            {
                case 1: name = reader.Text(); break;
                case 2: real = reader.Float(); break;
                case 3: number = reader.Int(); break;
                case 4: text = reader.Text(); break;
                case 5: tensor = OnnxTensorReader.Read(reader.Bytes(), source.Place, source.Weights); break;
                case 6 or 11: graphs.Add(Graph(reader.Bytes(), source, depth + 1)); break;
                case 7: reader.Floats(floats); break;
                case 8: reader.Ints(ints); break;
                case 21: reference = reader.Text(); break;
                default: reader.Skip(); break;
            }
        return new OnnxAttribute(name, number, real, text, [.. ints], [.. floats], tensor, [.. graphs], reference);
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
            else if (field == 2 && Tensor(reader.Bytes(), $"{place}: '{name}'") is { } tensor)
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

    static ModelFormatException Unsupported(long version, string place) =>
        new(place, $"operator set {version} is not supported; {OldestOpset} to {NewestOpset} are");

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

    /// <summary>A StringStringEntryProto: a key and its value.</summary>
    internal static (string Key, string Value) Pair(ReadOnlyMemory<byte> message)
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

    // The tensor type of a TypeProto; null if the file does not say it.
    static ReadOnlyMemory<byte>? Tensor(ReadOnlyMemory<byte> message, string place)
    {
        var reader = new WireReader(message);
        ReadOnlyMemory<byte>? found = null;
        while (reader.Next(out var field))
            if (field == 1)
                found = reader.Bytes();
            else if (field is 4 or 5 or 8 or 9)
                throw new ModelFormatException(place, $"is a {Named(field)}, which is not supported; tensors are");
            else
                reader.Skip();
        return found;
    }

    static string Named(int field) => field switch { 4 => "sequence", 5 => "map", 8 => "sparse tensor", _ => "optional value" };

    /// <summary>The file that is read: its name, the files beside it, and how many nodes it has so far.</summary>
    sealed class Source(string place, ExternalWeights? weights)
    {
        int nodes;

        public string Place => place;

        public ExternalWeights? Weights => weights;

        public void Count()
        {
            if (nodes++ == MostNodes)
                throw new ModelFormatException(place, $"has more than the {MostNodes} nodes supported");
        }
    }
}
