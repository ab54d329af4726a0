using System.Runtime.InteropServices;
using Hwaso.Common;

namespace Hwaso.Onnx;

/// <summary>An ONNX file that is being written: nodes, weights, inputs, outputs (onnx.proto's ModelProto).</summary>
sealed class OnnxDocument : IDisposable
{
    // The version of the intermediate representation that introduced the operator set.
    int IrVersion => Opset < 19 ? 8 : 9;

    readonly WireWriter graph = new();
    readonly HashSet<string> weights = new(StringComparer.Ordinal);

    /// <summary>ONNX's own operator set of the nodes.</summary>
    public int Opset { get; init; } = 17;

    public Dictionary<string, int> Operators { get; } = new(StringComparer.Ordinal);

    public void Node(string type, string name, IEnumerable<string> inputs, IEnumerable<string> outputs, params OnnxValue[] attributes)
    {
        Operators[type] = Operators.GetValueOrDefault(type) + 1;
        graph.Message(1, node =>
        {
            foreach (var input in inputs)
                node.Text(1, input);
            foreach (var output in outputs)
                node.Text(2, output);
            node.Text(3, name);
            node.Text(4, type);
            foreach (var attribute in attributes)
                node.Message(5, a =>
                {
                    a.Text(1, attribute.Name);
                    attribute.Write(a);
                });
        });
    }

    /// <summary>Writes a weight; a second one of the same name is ignored.</summary>
    public void Weight(string name, OnnxDataType type, IReadOnlyList<long> shape, ReadOnlySpan<byte> data)
    {
        if (!weights.Add(name))
            return;
        var bytes = data.ToArray();
        graph.Message(5, tensor =>
        {
            foreach (var size in shape)
                tensor.Int(1, size);
            tensor.Int(2, (int)type);
            tensor.Text(8, name);
            tensor.Bytes(9, bytes);
        });
    }

    /// <summary>Whether numbers are written in half precision.</summary>
    public bool HalfPrecision { get; init; }

    public void Weight(string name, IReadOnlyList<long> shape, ReadOnlySpan<float> values)
    {
        if (!HalfPrecision)
        {
            Weight(name, OnnxDataType.Float32, shape, MemoryMarshal.AsBytes(values));
            return;
        }
        var halves = new Half[values.Length];
        for (var k = 0; k < halves.Length; k++)
            halves[k] = InRange(values[k]);
        Weight(name, OnnxDataType.Float16, shape, MemoryMarshal.AsBytes<Half>(halves));
    }

    // What is large stands for more than any other number: infinite it would make 0 times it no number.
    static Half InRange(float value) =>
        float.IsFinite(value) ? (Half)Math.Clamp(value, (float)Half.MinValue, (float)Half.MaxValue) : (Half)value;

    public void Weight(string name, IReadOnlyList<long> shape, ReadOnlySpan<long> values) =>
        Weight(name, OnnxDataType.Int64, shape, MemoryMarshal.AsBytes(values));

    /// <summary>Writes an input; a size of null is free, under the name beside it.</summary>
    public void Input(string name, OnnxDataType type, params (long? Size, string Name)[] shape) => Port(11, name, type, shape);

    public void Output(string name, OnnxDataType type, params (long? Size, string Name)[] shape) => Port(12, name, type, shape);

    /// <summary>The file's bytes.</summary>
    public byte[] ToArray(IEnumerable<KeyValuePair<string, string>> metadata)
    {
        graph.Text(2, "hwaso");
        using var model = new WireWriter();
        model.Int(1, IrVersion);
        model.Text(2, "Hwaso");
        model.Message(8, opset =>
        {
            opset.Text(1, "");
            opset.Int(2, Opset);
        });
        foreach (var (key, value) in metadata)
            model.Message(14, pair =>
            {
                pair.Text(1, key);
                pair.Text(2, value);
            });
        model.Bytes(7, graph.ToArray());
        return model.ToArray();
    }

    public void Dispose() => graph.Dispose();

    void Port(int field, string name, OnnxDataType type, (long? Size, string Name)[] shape) => graph.Message(field, port =>
    {
        port.Text(1, name);
        port.Message(2, outer => outer.Message(1, tensor =>
        {
            tensor.Int(1, (int)type);
            tensor.Message(2, sizes =>
            {
                foreach (var (size, free) in shape)
                    sizes.Message(1, dimension =>
                    {
                        if (size is { } known)
                            dimension.Int(1, known);
                        else
                            dimension.Text(2, free);
                    });
            });
        }));
    });
}

/// <summary>An attribute with its value: one number, several, or a text.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Write">Writes it as onnx.proto's AttributeProto.</param>
sealed record OnnxValue(string Name, Action<WireWriter> Write)
{
    // AttributeProto.AttributeType: FLOAT 1, INT 2, STRING 3, FLOATS 6, INTS 7.
    public static OnnxValue Of(string name, long value) => new(name, w =>
    {
        w.Int(3, value);
        w.Int(20, 2);
    });

    public static OnnxValue Of(string name, double value) => new(name, w =>
    {
        w.Float(2, (float)value);
        w.Int(20, 1);
    });

    public static OnnxValue Of(string name, string value) => new(name, w =>
    {
        w.Text(4, value);
        w.Int(20, 3);
    });

    public static OnnxValue Of(string name, params long[] values) => new(name, w =>
    {
        foreach (var value in values)
            w.Int(8, value);
        w.Int(20, 7);
    });
}

/// <summary>Element types by ONNX's numbers (TensorProto.DataType).</summary>
enum OnnxDataType
{
    Float32 = 1,
    UInt8 = 2,
    Int8 = 3,
    Int32 = 6,
    Int64 = 7,
    Float16 = 10,
}
