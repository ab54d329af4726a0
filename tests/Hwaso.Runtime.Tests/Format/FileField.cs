namespace Hwaso.Runtime.Tests.Format;

/// <summary>A field of an ONNX file as a tree: what is a message has fields of its own, so that a changed file keeps its lengths right.</summary>
sealed class FileField
{
    // onnx.proto: which fields are messages within which.
    static readonly Dictionary<string, Dictionary<int, string>> messages = new()
    {
        ["model"] = new() { [7] = "graph", [8] = "opset", [14] = "pair" },
        ["graph"] = new() { [1] = "node", [5] = "tensor", [11] = "port", [12] = "port" },
        ["node"] = new() { [5] = "attribute" },
        ["attribute"] = new() { [5] = "tensor" },
        ["port"] = new() { [2] = "type" },
        ["type"] = new() { [1] = "sizes" },
        ["sizes"] = new() { [2] = "shape" },
        ["shape"] = new() { [1] = "size" },
        ["opset"] = [],
        ["pair"] = [],
        ["tensor"] = [],
        ["size"] = [],
    };

    /// <summary>The field's number, 0 of the file itself.</summary>
    public int Number { get; set; }

    /// <summary>0 a number, 1 eight bytes, 2 bytes or a message, 5 four bytes.</summary>
    public int Wire { get; set; } = 2;

    public ulong Value { get; set; }

    public byte[] Bytes { get; set; } = [];

    /// <summary>The fields of a message; null of anything else.</summary>
    public List<FileField>? Fields { get; set; }

    public static FileField Read(ReadOnlySpan<byte> file) => new() { Fields = Parse(file, "model") };

    public FileField Copy() => new() { Number = Number, Wire = Wire, Value = Value, Bytes = [.. Bytes], Fields = Fields?.ConvertAll(f => f.Copy()) };

    /// <summary>This field and all within it.</summary>
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
        Varint(to, ((ulong)Number << 3) | (uint)Wire);
        if (Wire == 0)
            Varint(to, Value);
        else if (Wire == 2)
        {
            var content = Fields is null ? Bytes : ToArray();
            Varint(to, (ulong)content.Length);
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
            var key = Varint(message, ref at);
            var field = new FileField { Number = (int)(key >> 3), Wire = (int)(key & 7) };
            if (field.Wire == 0)
                field.Value = Varint(message, ref at);
            else
            {
                var length = field.Wire == 2 ? (int)Varint(message, ref at) : field.Wire == 5 ? 4 : 8;
                field.Bytes = message.Slice(at, length).ToArray();
                at += length;
                if (field.Wire == 2 && messages[kind].TryGetValue(field.Number, out var inner))
                    field.Fields = Parse(field.Bytes, inner);
            }
            fields.Add(field);
        }
        return fields;
    }

    static ulong Varint(ReadOnlySpan<byte> from, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = from[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
                return value;
        }
    }

    static void Varint(MemoryStream to, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            to.WriteByte((byte)(value | 0x80));
        to.WriteByte((byte)value);
    }
}
