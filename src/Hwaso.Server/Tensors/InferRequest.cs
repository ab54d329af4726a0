using System.Globalization;
using System.Text;
using System.Text.Json;
using Hwaso.Server.Http;

namespace Hwaso.Server.Tensors;

/// <summary>
/// A request of the Open Inference Protocol v2: its JSON is read in one pass, and numbers stay where they are until a network takes them.
/// </summary>
sealed class InferRequest
{
    const int MostRank = 32, MostTensors = 256;

    /// <summary>Repeated in the answer; null if none was given.</summary>
    public string? Id { get; private set; }

    /// <summary>Whether outputs come in binary unless they say otherwise.</summary>
    public bool BinaryOutput { get; private set; }

    public List<InferInput> Inputs { get; } = [];

    /// <summary>The wanted outputs; null for all.</summary>
    public List<InferOutput>? Outputs { get; private set; }

    /// <summary>Reads a body.</summary>
    /// <param name="body">JSON, and binary data behind it.</param>
    /// <param name="header">The value of Inference-Header-Content-Length; null where the body is JSON alone.</param>
    /// <exception cref="RequestFailure">The body is not such a request (400).</exception>
    public static InferRequest Read(ReadOnlyMemory<byte> body, string? header)
    {
        var length = JsonLength(body.Length, header);
        var request = new InferRequest();
        try
        {
            var reader = new Utf8JsonReader(body.Span[..length]);
            request.ReadBody(ref reader, body[..length]);
            if (reader.Read())
                throw Wrong("the JSON goes on after its object");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or OverflowException
            or DecoderFallbackException)
        {
            throw Wrong($"the JSON is wrong: {error.Message}");
        }
        request.TakeBinary(body[length..]);
        return request;
    }

    static int JsonLength(int body, string? header)
    {
        if (header is null)
            return body;
        return int.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            && length > 0 && length <= body
            ? length
            : throw Wrong($"Inference-Header-Content-Length: {header}; the bytes of the JSON were wanted, from 1 to the body's {body}");
    }

    void ReadBody(ref Utf8JsonReader reader, ReadOnlyMemory<byte> json)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw Wrong("the body is not a JSON object");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (Member(ref reader, seen, "the request") is { } name)
            switch (name)
            {
                case "id":
                    Id = Text(ref reader, "id");
                    break;
                case "parameters":
                    ReadParameters(ref reader, "parameters", (string key, ref Utf8JsonReader value) =>
                    {
                        if (key == "binary_data_output")
                            BinaryOutput = Flag(ref value, "parameters.binary_data_output");
                    });
                    break;
                case "inputs":
                    ReadList(ref reader, "inputs", (ref Utf8JsonReader item, int k) =>
                        Inputs.Add(ReadInput(ref item, $"inputs[{k}]", json)));
                    break;
                case "outputs":
                    Outputs = [];
                    ReadList(ref reader, "outputs", (ref Utf8JsonReader item, int k) =>
                        Outputs.Add(ReadOutput(ref item, $"outputs[{k}]")));
                    break;
                default:
                    reader.Skip();
                    break;
            }
        if (!seen.Contains("inputs"))
            throw Wrong("the request has no inputs");
        if (Outputs?.Count == 0)
            Outputs = null;
    }

    static InferInput ReadInput(ref Utf8JsonReader reader, string place, ReadOnlyMemory<byte> json)
    {
        string? name = null, type = null;
        int[]? shape = null;
        long? binary = null;
        ReadOnlyMemory<byte>? data = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (Member(ref reader, seen, place) is { } member)
            switch (member)
            {
                case "name":
                    name = Text(ref reader, $"{place}.name");
                    break;
                case "datatype":
                    type = Text(ref reader, $"{place}.datatype");
                    break;
                case "shape":
                    shape = ReadShape(ref reader, $"{place}.shape");
                    break;
                case "parameters":
                    ReadParameters(ref reader, $"{place}.parameters", (string key, ref Utf8JsonReader value) =>
                    {
                        if (key == "binary_data_size")
                            binary = value.TokenType == JsonTokenType.Number && value.TryGetInt64(out var size) && size >= 0 ? size
                                : throw Wrong($"{place}.parameters.binary_data_size: a whole number of bytes was wanted");
                        else if (key.StartsWith("shared_memory_", StringComparison.Ordinal))
                            throw Wrong($"{place}.parameters.{key}: shared memory is not served; send the data");
                    });
                    break;
                case "data":
                    if (reader.TokenType != JsonTokenType.StartArray)
                        throw Wrong($"{place}.data: a list of numbers was wanted");
                    var began = (int)reader.TokenStartIndex;
                    reader.Skip();
                    data = json[began..(int)reader.BytesConsumed];
                    break;
                default:
                    reader.Skip();
                    break;
            }
        if (name is null || type is null || shape is null)
            throw Wrong($"{place} has no {(name is null ? "name" : type is null ? "datatype" : "shape")}");
        if (data is null == binary is null)
            throw Wrong(data is null ? $"{place} has neither data nor parameters.binary_data_size"
                : $"{place} has both data and parameters.binary_data_size; one of them was wanted");
        return new InferInput(name, type, shape, place) { Json = data, BinarySize = binary };
    }

    static InferOutput ReadOutput(ref Utf8JsonReader reader, string place)
    {
        string? name = null;
        bool? binary = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (Member(ref reader, seen, place) is { } member)
            if (member == "name")
                name = Text(ref reader, $"{place}.name");
            else if (member == "parameters")
                ReadParameters(ref reader, $"{place}.parameters", (string key, ref Utf8JsonReader value) =>
                {
                    if (key == "binary_data")
                        binary = Flag(ref value, $"{place}.parameters.binary_data");
                });
            else
                reader.Skip();
        return new InferOutput(name ?? throw Wrong($"{place} has no name"), binary);
    }

    static int[] ReadShape(ref Utf8JsonReader reader, string place)
    {
        var shape = new List<int>();
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Wrong($"{place}: a list of whole numbers was wanted");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            shape.Add(reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var size) && size >= 0 && shape.Count < MostRank
                ? size : throw Wrong($"{place}: at most {MostRank} whole numbers from 0 to {int.MaxValue} were wanted"));
        return [.. shape];
    }

    void TakeBinary(ReadOnlyMemory<byte> rest)
    {
        foreach (var input in Inputs.Where(i => i.BinarySize is not null))
        {
            if (input.BinarySize > rest.Length)
                throw Wrong($"{input.Place} ('{input.Name}') takes {input.BinarySize} bytes of binary data; {rest.Length} are left");
            var size = (int)input.BinarySize!.Value;
            (input.Binary, rest) = (rest[..size], rest[size..]);
        }
        if (rest.Length > 0)
            throw Wrong($"{rest.Length} bytes of binary data belong to no input");
    }

    delegate void ReadItem(ref Utf8JsonReader reader, int index);

    delegate void ReadParameter(string key, ref Utf8JsonReader value);

    static void ReadList(ref Utf8JsonReader reader, string place, ReadItem read)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Wrong($"{place}: a list was wanted");
        for (var k = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; k++)
        {
            if (reader.TokenType != JsonTokenType.StartObject || k >= MostTensors)
                throw Wrong($"{place}[{k}]: an object was wanted, at most {MostTensors} of them");
            read(ref reader, k);
        }
    }

    static void ReadParameters(ref Utf8JsonReader reader, string place, ReadParameter read)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Wrong($"{place}: an object was wanted");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (Member(ref reader, seen, place) is { } key)
        {
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                throw Wrong($"{place}: each of them is a string, a number or a flag");
            read(key, ref reader);
        }
    }

    /// <summary>The next member's name, with the reader on its value; null at the end of the object.</summary>
    static string? Member(ref Utf8JsonReader reader, HashSet<string> seen, string place)
    {
        if (!reader.Read() || reader.TokenType == JsonTokenType.EndObject)
            return null;
        var name = reader.GetString()!;
        if (!seen.Add(name))
            throw Wrong($"{place} has two members of one name");
        reader.Read();
        return name;
    }

    static string Text(ref Utf8JsonReader reader, string place) =>
        reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw Wrong($"{place}: a string was wanted");

    static bool Flag(ref Utf8JsonReader reader, string place) =>
        reader.TokenType is JsonTokenType.True or JsonTokenType.False ? reader.GetBoolean()
            : throw Wrong($"{place}: true or false was wanted");

    static RequestFailure Wrong(string detail) => RequestFailure.BadRequest(detail);
}

/// <summary>A tensor of a request.</summary>
/// <param name="Name">The input's name.</param>
/// <param name="Datatype">The type that the request says.</param>
/// <param name="Shape">The shape that the request says.</param>
/// <param name="Place">Where it is in the request, for errors.</param>
sealed record InferInput(string Name, string Datatype, int[] Shape, string Place)
{
    /// <summary>The text of its data; null if they are binary.</summary>
    public ReadOnlyMemory<byte>? Json { get; init; }

    /// <summary>The bytes that it takes of the binary data; null if its data are JSON.</summary>
    public long? BinarySize { get; init; }

    public ReadOnlyMemory<byte> Binary { get; set; }
}

/// <summary>An output that a request wants.</summary>
/// <param name="Name">The output's name.</param>
/// <param name="Binary">Whether in binary; null for what the request says of all.</param>
sealed record InferOutput(string Name, bool? Binary);
