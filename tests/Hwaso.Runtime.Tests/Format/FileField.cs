using Hwaso.Common;

namespace Hwaso.Runtime.Tests.Format;

/// <summary>
/// A field of an ONNX file as a tree: a message has fields of its own, so that a changed file keeps its lengths right.
/// </summary>
sealed class FileField
{
    // onnx.proto: the fields that are messages, by message.
    static readonly Dictionary<string, Dictionary<int, string>> messages = new()
    {
        ["model"] = new() { [7] = "graph", [8] = "opset", [14] = "pair", [25] = "function" },
        ["graph"] = new() { [1] = "node", [5] = "tensor", [11] = "port", [12] = "port" },
        ["node"] = new() { [5] = "attribute" },
        ["attribute"] = new() { [5] = "tensor", [6] = "graph" },
        ["function"] = new() { [7] = "node" },
        ["port"] = new() { [2] = "type" },
        ["type"] = new() { [1] = "sizes" },
        ["sizes"] = new() { [2] = "shape" },
        ["shape"] = new() { [1] = "size" },
        ["opset"] = [],
        ["pair"] = [],
        ["tensor"] = new() { [13] = "pair" },
        ["size"] = [],
    };

    /// <summary>The field's number; 0 for the file itself.</summary>
    public int Number { get; set; }

    /// <summary>How the content is encoded; messages are bytes.</summary>
    public WireType Type { get; set; } = WireType.Bytes;

    public ulong Value { get; set; }

    public byte[] Bytes { get; set; } = [];

    /// <summary>The fields of a message; null for other fields.</summary>
    public List<FileField>? Fields { get; set; }

    public static FileField Read(ReadOnlySpan<byte> file) => new() { Fields = Parse(file, "model") };

    /// <summary>A file with the fields of all its graphs in the first one.</summary>
    public static byte[] Joined(ReadOnlySpan<byte> file)
    {
        var tree = Read(file);
        var graphs = tree.Fields!.Where(f => f.Number == 7).ToArray();
        foreach (var other in graphs[1..])
        {
            graphs[0].Fields!.AddRange(other.Fields!);
            tree.Fields!.Remove(other);
        }
        return tree.ToArray();
    }

    public FileField Copy() =>
        new() { Number = Number, Type = Type, Value = Value, Bytes = [.. Bytes], Fields = Fields?.ConvertAll(f => f.Copy()) };

    /// <summary>This field and all fields within it.</summary>
    public IEnumerable<FileField> All() => (Fields ?? []).SelectMany(f => f.All()).Prepend(this);

    public byte[] ToArray()
    {
        using var stream = new MemoryStream();
        foreach (var field in Fields!)
            field.Write(stream);
        return stream.ToArray();
    }

    void Write(MemoryStream to)
    {
        Wire.WriteVarint(to, Wire.Tag(Number, Type));
        if (Type == WireType.Varint)
            Wire.WriteVarint(to, Value);
        else if (Type == WireType.Bytes)
        {
            var content = Fields is null ? Bytes : ToArray();
            Wire.WriteVarint(to, (ulong)content.Length);
            to.Write(content);
        }
        else
            to.Write(Bytes);
    }

    static List<FileField> Parse(ReadOnlySpan<byte> message, string kind)
    {
        var fields = new List<FileField>();
        for (var at = 0; at < message.Length;)
        {
            var (number, type) = Wire.Split(Varint(message, ref at));
            var field = new FileField { Number = number, Type = type };
            if (type == WireType.Varint)
                field.Value = Varint(message, ref at);
            else
            {
                var length = type == WireType.Bytes ? (int)Varint(message, ref at) : type == WireType.Fixed32 ? 4 : 8;
                field.Bytes = message.Slice(at, length).ToArray();
                at += length;
                if (type == WireType.Bytes && messages[kind].TryGetValue(number, out var inner))
                    field.Fields = Parse(field.Bytes, inner);
            }
            fields.Add(field);
        }
        return fields;
    }

    static ulong Varint(ReadOnlySpan<byte> from, ref int at) =>
        Wire.TryReadVarint(from, ref at, out var value) ? value : throw new InvalidDataException("a test file ends within a number");
}
