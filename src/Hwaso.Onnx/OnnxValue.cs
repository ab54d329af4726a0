namespace Hwaso.Onnx;

/// <summary>An attribute's value: one number, several, or a text.</summary>
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
