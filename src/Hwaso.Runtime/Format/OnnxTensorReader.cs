using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hwaso.Common;

namespace Hwaso.Runtime.Format;

/// <summary>
/// Reads a tensor (onnx.proto's TensorProto). Allocations follow from the bytes in the file, never from the sizes that it declares.
/// </summary>
static class OnnxTensorReader
{
    public static OnnxTensor Read(ReadOnlyMemory<byte> message, string file)
    {
        var reader = new WireReader(message);
        var dimensions = new List<long>();
        var floats = new List<float>();
        var ints = new List<long>();
        var doubles = new List<double>();
        ReadOnlyMemory<byte>? raw = null;
        var (name, type, external) = ("", 0L, false);
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
                case 13: (external, _) = (true, reader.Bytes()); break;
                default: reader.Skip(); break;
            }
        var place = $"{file}: tensor '{name}'";
        if (external)
            throw new ModelFormatException(place, "its numbers are in another file, which is not supported; export the model as one file");
        if (!Enum.IsDefined((OnnxType)type))
            throw new ModelFormatException(place, $"element type {type} is not supported");
        var shape = Shape(dimensions, place, out var elements);
        if (raw is { } bytes)
            return FromRaw(name, shape, elements, (OnnxType)type, bytes, place);
        switch ((OnnxType)type)
        {
            case OnnxType.Float32:
                return new(name, shape, Bytes(Checked(floats, elements, place)), null);
            case OnnxType.Float64:
                return new(name, shape, Bytes(Checked(doubles.ConvertAll(v => (float)v), elements, place)), null);
            case OnnxType.Float16:
                return new(name, shape,
                    Bytes(Checked(ints.ConvertAll(v => (float)BitConverter.UInt16BitsToHalf((ushort)v)), elements, place)), null);
            default:
                return new(name, shape, null, Checked(ints, elements, place));
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

    static OnnxTensor FromRaw(string name, int[] shape, long elements, OnnxType type, ReadOnlyMemory<byte> memory, string place)
    {
        var size = type switch
        {
            OnnxType.Int64 or OnnxType.Float64 => 8,
            OnnxType.Float32 or OnnxType.Int32 or OnnxType.UInt32 => 4,
            OnnxType.Float16 or OnnxType.Int16 or OnnxType.UInt16 => 2,
            _ => 1,
        };
        if (memory.Length != elements * size)
            throw new ModelFormatException(place, $"has {memory.Length} bytes where its sizes need {elements} × {size}");
        if (type == OnnxType.Float32)
            return new(name, shape, memory, null);
        var raw = FileBytes.Get(memory);
        if (type is OnnxType.Float16 or OnnxType.Float64)
        {
            var floats = new float[elements];
            for (var k = 0; k < floats.Length; k++)
                floats[k] = type == OnnxType.Float16
                    ? (float)BinaryPrimitives.ReadHalfLittleEndian(raw[(2 * k)..])
                    : (float)BinaryPrimitives.ReadDoubleLittleEndian(raw[(8 * k)..]);
            return new(name, shape, Bytes(floats), null);
        }
        var ints = new long[elements];
        for (var k = 0; k < ints.Length; k++)
        {
            var bytes = raw.Slice(k * size, size);
            ints[k] = type switch
            {
                OnnxType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
                OnnxType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
                OnnxType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
                OnnxType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
                OnnxType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
                OnnxType.Int8 => (sbyte)bytes[0],
                _ => bytes[0],
            };
        }
        return new(name, shape, null, ints);
    }
}
