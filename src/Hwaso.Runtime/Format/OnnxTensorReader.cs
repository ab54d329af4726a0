using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Hwaso.Runtime.Format;

/// <summary>
/// Reads a tensor (onnx.proto's TensorProto). Allocations follow from the bytes in the file, never from the sizes that it declares.
/// </summary>
static class OnnxTensorReader
{
    /// <param name="message">The tensor's message.</param>
    /// <param name="file">The file, for messages.</param>
    /// <param name="weights">The files beside it that may hold its numbers; null for none.</param>
    public static OnnxTensor Read(ReadOnlyMemory<byte> message, string file, ExternalWeights? weights = null)
    {
        var reader = new WireReader(message);
        var dimensions = new List<long>();
        var floats = new List<float>();
        var ints = new List<long>();
        var doubles = new List<double>();
        ReadOnlyMemory<byte>? raw = null;
        var external = new List<ReadOnlyMemory<byte>>();
        var (name, type, isExternal) = ("", 0L, false);
        while (reader.Next(out var field))
            switch (field)
            {
                case 1: reader.Ints(dimensions); break;
                case 2: type = reader.Int(); break;
                case 4: reader.Floats(floats); break;
                case 5 or 7 or 11: reader.Ints(ints); break;
                case 8: name = reader.Text(); break;
                case 9: raw = reader.Bytes(); break;
                case 10: reader.Doubles(doubles); break;
                case 13: external.Add(reader.Bytes()); break;
                case 14: isExternal = reader.Int() == 1; break;
                default: reader.Skip(); break;
            }
        var place = $"{file}: tensor '{name}'";
        if (!Enum.IsDefined((OnnxType)type))
            throw new ModelFormatException(place, $"element type {type} is not supported");
        var shape = Shape(dimensions, place, out var elements);
        var kind = (OnnxType)type;
        if (isExternal)
        {
            if (weights is null)
                throw new ModelFormatException(place,
                    "its numbers are in another file; load the model from its path, with that file beside it, or export it as one file");
            raw = weights.Read(external, place);
        }
        if (raw is { } bytes)
            return FromRaw(name, shape, elements, kind, bytes, place);
        switch (kind)
        {
            case OnnxType.Float32:
                return new(name, kind, shape, Bytes(Checked(floats, elements, place)), null);
            case OnnxType.Float64:
                return OfDoubles(name, shape, Checked(doubles, elements, place));
            case OnnxType.UInt4 or OnnxType.Int4 or OnnxType.Float4E2M1:
                var packed = Checked(ints, (elements + 1) / 2, place);
                return Nibbles(name, kind, shape, (int)elements, k => (int)packed[k / 2]);
            default:
                var list = Checked(ints, elements, place);
                return Numbers.IsReal(kind)
                    ? new(name, kind, shape, Bytes(Array.ConvertAll(list, v => Real((int)v, kind))), null)
                    : new(name, kind, shape, null, list);
        }
    }

    static int[] Shape(List<long> dimensions, string place, out long elements)
    {
        Int128 product = 1;
        foreach (var size in dimensions)
            if (size is < 0 or > int.MaxValue || (product *= size) > int.MaxValue)
            {
                var sizes = string.Join(", ", dimensions.Take(16));
                throw new ModelFormatException(place, $"sizes [{sizes}] are negative or give more than {int.MaxValue} numbers");
            }
        elements = (long)product;
        return dimensions.ConvertAll(d => (int)d).ToArray();
    }

    static T[] Checked<T>(List<T> values, long elements, string place) => values.Count == elements
        ? [.. values]
        : throw new ModelFormatException(place, $"has {values.Count} numbers where its sizes need {elements}");

    static ReadOnlyMemory<byte> Bytes(float[] numbers) => MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();

    static OnnxTensor OfDoubles(string name, int[] shape, double[] numbers) =>
        new(name, OnnxType.Float64, shape, Bytes(Array.ConvertAll(numbers, v => (float)v)), null, numbers);

    // Two numbers of 4 bits in each byte, the first in the lower half.
    static OnnxTensor Nibbles(string name, OnnxType type, int[] shape, int elements, Func<int, int> at)
    {
        var bits = Enumerable.Range(0, elements).Select(k => (at(k) >> (4 * (k % 2))) & 15);
        return type == OnnxType.Float4E2M1
            ? new(name, type, shape, Bytes(bits.Select(b => Real(b, type)).ToArray()), null)
            : new(name, type, shape, null, bits.Select(b => Numbers.Wrap(b, type)).ToArray());
    }

    /// <summary>The number of a bit pattern of at most 16 bits.</summary>
    static float Real(int bits, OnnxType type) => type switch
    {
        OnnxType.Float16 => (float)BitConverter.UInt16BitsToHalf((ushort)bits),
        OnnxType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)bits << 16),
        _ => TinyFloat.Of(type).Decode(bits & 255),
    };

    static OnnxTensor FromRaw(string name, int[] shape, long elements, OnnxType type, ReadOnlyMemory<byte> memory, string place)
    {
        var bits = Numbers.Bits(type);
        if (memory.Length != ((elements * bits) + 7) / 8)
            throw new ModelFormatException(place, bits < 8
                ? $"has {memory.Length} bytes where its sizes need {(elements + 1) / 2}"
                : $"has {memory.Length} bytes where its sizes need {elements} × {bits / 8}");
        if (type == OnnxType.Float32)
            return new(name, type, shape, memory, null);
        if (bits < 8)
        {
            var packed = FileBytes.Get(memory).ToArray();
            return Nibbles(name, type, shape, (int)elements, k => packed[k / 2]);
        }
        var raw = FileBytes.Get(memory);
        var size = bits / 8;
        if (type == OnnxType.Float64)
        {
            var doubles = new double[elements];
            for (var k = 0; k < doubles.Length; k++)
                doubles[k] = BinaryPrimitives.ReadDoubleLittleEndian(raw[(8 * k)..]);
            return OfDoubles(name, shape, doubles);
        }
        if (Numbers.IsReal(type))
        {
            var numbers = new byte[checked(sizeof(float) * (int)elements)];
            var floats = MemoryMarshal.Cast<byte, float>(numbers.AsSpan());
            for (var k = 0; k < floats.Length; k++)
                floats[k] = Real(size == 1 ? raw[k] : BinaryPrimitives.ReadUInt16LittleEndian(raw[(2 * k)..]), type);
            return new(name, type, shape, numbers, null);
        }
        if (type is OnnxType.Int8 or OnnxType.UInt8)
            return new(name, type, shape, null, null) { Bytes = memory };
        var ints = new long[elements];
        for (var k = 0; k < ints.Length; k++)
        {
            var bytes = raw.Slice(k * size, size);
            ints[k] = type switch
            {
                OnnxType.Int64 or OnnxType.UInt64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
                OnnxType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
                OnnxType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
                OnnxType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
                OnnxType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
                _ => bytes[0],
            };
        }
        return new(name, type, shape, null, ints);
    }
}
