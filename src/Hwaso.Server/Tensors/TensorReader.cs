using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hwaso.Runtime;
using Hwaso.Server.Http;

namespace Hwaso.Server.Tensors;

/// <summary>Checks the tensors of a request against a network's inputs, and writes their numbers into a session.</summary>
static class TensorReader
{
    /// <summary>The request's input for each input of the network, in the network's order.</summary>
    /// <exception cref="RequestFailure">One is missing, unknown, or of another type, shape or count (400).</exception>
    public static InferInput[] Match(InferRequest request, string model, IReadOnlyList<ModelPort> ports)
    {
        var given = new Dictionary<string, InferInput>(StringComparer.Ordinal);
        foreach (var input in request.Inputs)
            if (!given.TryAdd(input.Name, input))
                throw RequestFailure.BadRequest($"{input.Place}: input '{input.Name}' is given twice");
        if (request.Inputs.FirstOrDefault(i => ports.All(p => p.Name != i.Name)) is { } unknown)
            throw RequestFailure.BadRequest(
                $"{unknown.Place}: model '{model}' has no input '{unknown.Name}'; it has "
                + string.Join(", ", ports.Select(p => $"'{p.Name}'")));
        return
        [
            .. ports.Select(port =>
            {
                if (!given.TryGetValue(port.Name, out var input))
                    throw RequestFailure.BadRequest($"input '{port.Name}' of model '{model}' is missing");
                Check(input, port, model);
                return input;
            }),
        ];
    }

    /// <summary>Writes a request's numbers into a session's input.</summary>
    /// <exception cref="RequestFailure">There are not as many as the shape says, or one does not fit the type (400).</exception>
    public static void Fill(InferInput input, ModelPort port, Session session, int index)
    {
        var type = Datatype.Of(port.Type);
        if (!type.IsReal)
            Integers(input, type, session.InputInts(index));
        else if (type.Name == "FP64" && Doubles(session, index, out var doubles))
            Reals(input, type, doubles);
        else
            Reals(input, type, session.Input(index));
    }

    static void Check(InferInput input, ModelPort port, string model)
    {
        var type = Datatype.Of(port.Type);
        if (input.Datatype != type.Name)
            throw RequestFailure.BadRequest(
                $"{input.Place}: datatype {input.Datatype}; input '{port.Name}' of model '{model}' is {type.Name}");
        if (input.Json is not null && !type.HasJson)
            throw RequestFailure.BadRequest($"{input.Place}: {type.Name} has no form in JSON; send it as binary data");
        var elements = 1L;
        foreach (var size in input.Shape)
            if ((elements *= size) > int.MaxValue)
                throw RequestFailure.BadRequest($"{input.Place}: a shape of more than {int.MaxValue} elements");
        var wanted = port.Shape is null ? "" : $"[{string.Join(", ", port.Shape)}]";
        if (elements == 0 || (port.Shape is { } shape && (shape.Count != input.Shape.Length
            || shape.Zip(input.Shape).Any(p => p.First >= 0 && p.First != p.Second))))
            throw RequestFailure.BadRequest($"{input.Place}: shape [{string.Join(", ", input.Shape)}]; input '{port.Name}' of model "
                + $"'{model}' is {wanted}, where -1 is any size from 1 on");
        if (input.BinarySize is { } bytes && bytes != elements * type.Bytes)
            throw RequestFailure.BadRequest($"{input.Place}: {bytes} bytes of binary data; shape [{string.Join(", ", input.Shape)}] of "
                + $"{type.Name} takes {elements * type.Bytes}");
        // Two bytes of text are the least for a number, save the last.
        if (input.Json is { } json && json.Length < 2 * elements)
            throw RequestFailure.BadRequest($"{input.Place}: data has fewer than the {elements} elements of its shape");
    }

    static bool Doubles(Session session, int index, out Span<double> doubles)
    {
        try
        {
            doubles = session.InputDoubles(index);
            return true;
        }
        // A planned network computes in single precision.
        catch (InvalidOperationException)
        {
            doubles = [];
            return false;
        }
    }

    static void Reals<T>(InferInput input, Datatype type, Span<T> to) where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (input.Json is { } json)
        {
            var next = 0;
            var reader = new Utf8JsonReader(json.Span);
            while (Next(ref reader, input, ref next, to.Length) is { } at)
            {
                if (reader.TokenType != JsonTokenType.Number)
                    throw Wrong(input, at, "a number was wanted");
                // A number beyond the type reads as infinity.
                var value = type.Name == "FP32" ? reader.GetSingle() : reader.GetDouble();
                if (!double.IsFinite(value))
                    throw Wrong(input, at, $"a number that {type.Name} holds was wanted");
                to[at] = T.CreateSaturating(value);
            }
            return;
        }
        var bytes = input.Binary.Span;
        if (type.Bytes == System.Runtime.CompilerServices.Unsafe.SizeOf<T>() && BitConverter.IsLittleEndian && type.Bytes > 2)
            bytes.CopyTo(MemoryMarshal.AsBytes(to));
        else
            for (var k = 0; k < to.Length; k++)
            {
                var at = bytes.Slice(k * type.Bytes, type.Bytes);
                to[k] = type.Name switch
                {
                    "FP16" => T.CreateSaturating(BinaryPrimitives.ReadHalfLittleEndian(at)),
                    "BF16" => T.CreateSaturating(BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(at) << 16)),
                    "FP32" => T.CreateSaturating(BinaryPrimitives.ReadSingleLittleEndian(at)),
                    _ => T.CreateSaturating(BinaryPrimitives.ReadDoubleLittleEndian(at)),
                };
            }
    }

    static void Integers(InferInput input, Datatype type, Span<long> to)
    {
        if (input.Json is { } json)
        {
            var next = 0;
            var reader = new Utf8JsonReader(json.Span);
            while (Next(ref reader, input, ref next, to.Length) is { } at)
                to[at] = type.Name == "BOOL"
                    ? reader.TokenType is JsonTokenType.True or JsonTokenType.False ? reader.GetBoolean() ? 1 : 0
                        : throw Wrong(input, at, "true or false was wanted")
                    : reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value)
                        && value >= type.Least && value <= type.Most
                        ? value
                        : throw Wrong(input, at, $"a whole number from {type.Least} to {type.Most} was wanted");
            return;
        }
        var bytes = input.Binary.Span;
        for (var k = 0; k < to.Length; k++)
        {
            var at = bytes.Slice(k * type.Bytes, type.Bytes);
            to[k] = type.Name switch
            {
                "BOOL" => at[0] <= 1 ? at[0] : throw Wrong(input, k, "a byte of 0 or 1 was wanted"),
                "UINT8" => at[0],
                "INT8" => (sbyte)at[0],
                "UINT16" => BinaryPrimitives.ReadUInt16LittleEndian(at),
                "INT16" => BinaryPrimitives.ReadInt16LittleEndian(at),
                "UINT32" => BinaryPrimitives.ReadUInt32LittleEndian(at),
                "INT32" => BinaryPrimitives.ReadInt32LittleEndian(at),
                _ => BinaryPrimitives.ReadInt64LittleEndian(at),
            };
        }
    }

    /// <summary>Moves to the next element, flat or nested; null at the end.</summary>
    static int? Next(ref Utf8JsonReader reader, InferInput input, ref int next, int count)
    {
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.EndArray)
                continue;
            if (next == count)
                throw RequestFailure.BadRequest($"{input.Place}: data has more than the {count} elements of its shape");
            return next++;
        }
        return next == count ? null : throw RequestFailure.BadRequest($"{input.Place}: data has {next} elements; its shape has {count}");
    }

    static RequestFailure Wrong(InferInput input, int at, string wanted) =>
        RequestFailure.BadRequest($"{input.Place}: data[{at}]: {wanted}");
}
