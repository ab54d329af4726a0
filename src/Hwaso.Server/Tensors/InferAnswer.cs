using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hwaso.Runtime;
using Hwaso.Server.Http;

namespace Hwaso.Server.Tensors;

/// <summary>The answer of the Open Inference Protocol v2: JSON, and binary tensors behind it where they are wanted.</summary>
/// <param name="Body">The bytes.</param>
/// <param name="JsonLength">Bytes of the JSON; null where the body is JSON alone.</param>
sealed record InferAnswer(ReadOnlyMemory<byte> Body, int? JsonLength)
{
    /// <summary>Writes the outputs of a session that has run.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="version">The model's version.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="ports">The network's outputs.</param>
    /// <param name="session">The session.</param>
    /// <exception cref="RequestFailure">An output is unknown, or has no form in JSON (400).</exception>
    public static InferAnswer Write(
        string model, string version, InferRequest request, IReadOnlyList<ModelPort> ports, Session session)
    {
        var (buffer, tail) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
        var hasBinary = false;
        using (var json = new Utf8JsonWriter(buffer, Json.Plain))
        {
            json.WriteStartObject();
            json.WriteString("model_name", model);
            json.WriteString("model_version", version);
            if (request.Id is { } id)
                json.WriteString("id", id);
            json.WriteStartArray("outputs");
            foreach (var (index, isBinary) in Wanted(model, request, ports))
            {
                var port = ports[index];
                var type = TypeOf(port, session, index);
                hasBinary |= isBinary;
                json.WriteStartObject();
                json.WriteString("name", port.Name);
                json.WriteStartArray("shape");
                foreach (var size in session.OutputShape(index))
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteString("datatype", type.Name);
                if (isBinary)
                {
                    var before = tail.WrittenCount;
                    Bytes(session, index, type, tail);
                    json.WriteStartObject("parameters");
                    json.WriteNumber("binary_data_size", tail.WrittenCount - before);
                    json.WriteEndObject();
                }
                else
                {
                    json.WriteStartArray("data");
                    Numbers(session, index, type, port.Name, json);
                    json.WriteEndArray();
                }
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        if (!hasBinary)
            return new InferAnswer(buffer.WrittenMemory, null);
        var length = buffer.WrittenCount;
        buffer.Write(tail.WrittenSpan);
        return new InferAnswer(buffer.WrittenMemory, length);
    }

    /// <summary>The outputs that a request wants, and whether in binary; an output's own word counts before the request's.</summary>
    /// <exception cref="RequestFailure">One is unknown or named twice, or has no form in JSON (400).</exception>
    public static IReadOnlyList<(int Index, bool IsBinary)> Wanted(string model, InferRequest request, IReadOnlyList<ModelPort> ports)
    {
        var wanted = request.Outputs ?? [.. ports.Select(p => new InferOutput(p.Name, null))];
        var indices = new List<(int Index, bool IsBinary)>();
        foreach (var output in wanted)
        {
            var index = Enumerable.Range(0, ports.Count).FirstOrDefault(k => ports[k].Name == output.Name, -1);
            if (index < 0)
                throw RequestFailure.BadRequest($"model '{model}' has no output '{output.Name}'; it has "
                    + string.Join(", ", ports.Select(p => $"'{p.Name}'")));
            if (indices.Any(i => i.Index == index))
                throw RequestFailure.BadRequest($"output '{output.Name}' is wanted twice");
            var isBinary = output.Binary ?? request.BinaryOutput;
            if (!isBinary && !Datatype.Of(ports[index].Type).HasJson)
                throw RequestFailure.BadRequest($"output '{output.Name}' is {Datatype.Of(ports[index].Type).Name}, which has no form in "
                    + "JSON; ask for binary data");
            indices.Add((index, isBinary));
        }
        return indices;
    }

    // What the file declares, unless the run made numbers of the other kind.
    static Datatype TypeOf(ModelPort port, Session session, int index) =>
        Datatype.Of(port.Type) is var declared && declared.IsReal == (session.IsFloat(index) || IsDouble(session, index)) ? declared
            : Datatype.Of(session.TypeOf(index));

    static bool IsDouble(Session session, int index) => session.TypeOf(index) == Runtime.Format.OnnxType.Float64;

    static void Numbers(Session session, int index, Datatype type, string name, Utf8JsonWriter json)
    {
        if (IsDouble(session, index))
            foreach (var value in session.OutputDoubles(index))
                json.WriteNumberValue(double.IsFinite(value) ? value : throw NotFinite(name));
        else if (type.IsReal)
            foreach (var value in session.Output(index))
                json.WriteNumberValue(float.IsFinite(value) ? value : throw NotFinite(name));
        else if (type.Name == "BOOL")
            foreach (var value in session.OutputInts(index))
                json.WriteBooleanValue(value != 0);
        else
            foreach (var value in session.OutputInts(index))
                json.WriteNumberValue(value);
    }

    static RequestFailure NotFinite(string name) => RequestFailure.BadRequest(
        $"output '{name}' has a number that is not finite, which JSON cannot say; ask for binary data, or check the inputs");

    static void Bytes(Session session, int index, Datatype type, ArrayBufferWriter<byte> to)
    {
        if (IsDouble(session, index))
        {
            foreach (var value in session.OutputDoubles(index))
            {
                BinaryPrimitives.WriteDoubleLittleEndian(to.GetSpan(sizeof(double)), value);
                to.Advance(sizeof(double));
            }
        }
        else if (type.IsReal)
        {
            var values = session.Output(index);
            if (type.Name == "FP32" && BitConverter.IsLittleEndian)
                to.Write(MemoryMarshal.AsBytes(values));
            else
                foreach (var value in values)
                {
                    var at = to.GetSpan(sizeof(double));
                    if (type.Name == "FP16")
                        BinaryPrimitives.WriteHalfLittleEndian(at, (Half)value);
                    else if (type.Name == "BF16")
                        BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
                    else if (type.Name == "FP32")
                        BinaryPrimitives.WriteSingleLittleEndian(at, value);
                    else
                        BinaryPrimitives.WriteDoubleLittleEndian(at, value);
                    to.Advance(type.Bytes);
                }
        }
        else
        {
            foreach (var value in session.OutputInts(index))
            {
                // Two's complement: the low bytes are those of the narrower type.
                BinaryPrimitives.WriteInt64LittleEndian(to.GetSpan(sizeof(long)), value);
                to.Advance(type.Bytes);
            }
        }
    }
}
