using System.Globalization;

namespace Hwaso.Torch;

/// <summary>One argument or result of an operator, of any kind that an ATen schema knows.</summary>
public readonly struct Value
{
    readonly long bits;

    Value(ValueKind kind, long bits, object? reference = null)
    {
        Kind = kind;
        this.bits = bits;
        Reference = reference;
    }

    /// <summary>The kind of its content.</summary>
    public ValueKind Kind { get; }

    internal object? Reference { get; }

    internal long Bits => bits;

    /// <summary>Stands for the parameter's default.</summary>
    public static Value Default => new(ValueKind.Default, 0);

    /// <summary>Stands for an optional argument left out.</summary>
    public static Value None => default;

    /// <summary>A tensor; null is <see cref="None"/>.</summary>
    public static implicit operator Value(Tensor? tensor) => tensor is null ? default : new(ValueKind.Tensor, 0, tensor);

    /// <summary>An integer.</summary>
    public static implicit operator Value(long number) => new(ValueKind.Int, number);

    /// <summary>An integer; null is <see cref="None"/>.</summary>
    public static implicit operator Value(long? number) => number is { } n ? n : default(Value);

    /// <summary>A floating-point number.</summary>
    public static implicit operator Value(double number) => new(ValueKind.Double, BitConverter.DoubleToInt64Bits(number));

    /// <summary>A floating-point number; null is <see cref="None"/>.</summary>
    public static implicit operator Value(double? number) => number is { } n ? n : default(Value);

    /// <summary>A truth value.</summary>
    public static implicit operator Value(bool truth) => new(ValueKind.Bool, truth ? 1 : 0);

    /// <summary>A truth value; null is <see cref="None"/>.</summary>
    public static implicit operator Value(bool? truth) => truth is { } t ? t : default(Value);

    /// <summary>A list of integers; null is <see cref="None"/>.</summary>
    public static implicit operator Value(long[]? list) => list is null ? default : new(ValueKind.IntList, 0, list);

    /// <summary>A list of floating-point numbers; null is <see cref="None"/>.</summary>
    public static implicit operator Value(double[]? list) => list is null ? default : new(ValueKind.DoubleList, 0, list);

    /// <summary>A list of truth values; null is <see cref="None"/>.</summary>
    public static implicit operator Value(bool[]? list) => list is null ? default : new(ValueKind.BoolList, 0, list);

    /// <summary>A list of tensors; null is <see cref="None"/>.</summary>
    public static implicit operator Value(Tensor?[]? list) => list is null ? default : new(ValueKind.TensorList, 0, list);

    /// <summary>A string; null is <see cref="None"/>.</summary>
    public static implicit operator Value(string? text) => text is null ? default : new(ValueKind.String, 0, text);

    /// <summary>An element type, which schemas call an int.</summary>
    public static implicit operator Value(ScalarType type) => new(ValueKind.Int, (long)type);

    /// <summary>An element type; null is <see cref="None"/>.</summary>
    public static implicit operator Value(ScalarType? type) => type is { } t ? t : default(Value);

    /// <summary>A memory format, which schemas call an int.</summary>
    public static implicit operator Value(MemoryFormat format) => new(ValueKind.Int, (long)format);

    /// <summary>A memory format; null is <see cref="None"/>.</summary>
    public static implicit operator Value(MemoryFormat? format) => format is { } f ? f : default(Value);

    /// <summary>A device.</summary>
    public static implicit operator Value(Device device) => new(ValueKind.Device, ((long)device.Type << 8) | (byte)device.Index);

    /// <summary>A device; null is <see cref="None"/>.</summary>
    public static implicit operator Value(Device? device) => device is { } d ? d : default(Value);

    /// <summary>A number that may be an integer or a floating-point one.</summary>
    public static implicit operator Value(Scalar scalar) => scalar.ToValue();

    /// <summary>A scalar; null is <see cref="None"/>.</summary>
    public static implicit operator Value(Scalar? scalar) => scalar is { } s ? s.ToValue() : default;

    /// <summary>The tensor.</summary>
    /// <exception cref="InvalidCastException">It is of another kind.</exception>
    public Tensor AsTensor() => Reference as Tensor ?? throw Wrong("a tensor");

    /// <summary>The list of tensors.</summary>
    /// <exception cref="InvalidCastException">It is of another kind.</exception>
    public Tensor[] AsTensors() => Reference as Tensor[] ?? throw Wrong("a list of tensors");

    /// <summary>The list of integers.</summary>
    /// <exception cref="InvalidCastException">It is of another kind.</exception>
    public long[] AsInts() => Reference as long[] ?? throw Wrong("a list of ints");

    /// <summary>The integer.</summary>
    /// <exception cref="InvalidCastException">It is of another kind.</exception>
    public long AsInt() => Kind == ValueKind.Int ? bits : throw Wrong("an int");

    /// <summary>The floating-point number; an integer is converted.</summary>
    /// <exception cref="InvalidCastException">It is of another kind.</exception>
    public double AsDouble() => Kind switch
    {
        ValueKind.Double => BitConverter.Int64BitsToDouble(bits),
        ValueKind.Int => bits,
        _ => throw Wrong("a number"),
    };

    /// <summary>The truth value.</summary>
    /// <exception cref="InvalidCastException">It is of another kind.</exception>
    public bool AsBool() => Kind == ValueKind.Bool ? bits != 0 : throw Wrong("a truth value");

    /// <summary>A short description: shapes of tensors, the numbers themselves.</summary>
    public override string ToString() => Kind switch
    {
        ValueKind.None => "none",
        ValueKind.Tensor => Reference!.ToString()!,
        ValueKind.Int => bits.ToString(CultureInfo.InvariantCulture),
        ValueKind.Double => AsDouble().ToString("G6", CultureInfo.InvariantCulture),
        ValueKind.Bool => bits != 0 ? "true" : "false",
        ValueKind.IntList => $"[{string.Join(", ", (long[])Reference!)}]",
        ValueKind.DoubleList =>
            $"[{string.Join(", ", ((double[])Reference!).Select(number => number.ToString(CultureInfo.InvariantCulture)))}]",
        ValueKind.BoolList => $"[{string.Join(", ", (bool[])Reference!)}]",
        ValueKind.TensorList => $"[{string.Join(", ", ((Tensor?[])Reference!).Select(t => t?.ToString() ?? "none"))}]",
        ValueKind.String => $"\"{Reference}\"",
        ValueKind.Device => new Device((DeviceType)(bits >> 8), (sbyte)(bits & 0xff)).ToString(),
        _ => "default",
    };

    InvalidCastException Wrong(string wanted) => new($"{this} ({Kind}) is not {wanted}");
}

/// <summary>The kind of a <see cref="Value"/>; the numbers are those of <c>enum class Tag</c> in native/src.</summary>
public enum ValueKind
{
    /// <summary>An optional argument left out, or nothing returned.</summary>
    None = 0,

    /// <summary>A tensor.</summary>
    Tensor = 1,

    /// <summary>An integer; element types and memory formats are integers too.</summary>
    Int = 2,

    /// <summary>A floating-point number.</summary>
    Double = 3,

    /// <summary>A truth value.</summary>
    Bool = 4,

    /// <summary>A list of integers, such as a size.</summary>
    IntList = 5,

    /// <summary>A list of tensors; a null among them stands for none.</summary>
    TensorList = 6,

    /// <summary>A list of floating-point numbers.</summary>
    DoubleList = 7,

    /// <summary>A string.</summary>
    String = 8,

    /// <summary>A list of truth values.</summary>
    BoolList = 9,

    /// <summary>A device.</summary>
    Device = 10,

    /// <summary>The parameter's default.</summary>
    Default = 11,
}
