namespace Hwaso.Torch;

/// <summary>A number that keeps whether it was an integer, a floating-point number or a truth value, as ATen's Scalar does.</summary>
public readonly struct Scalar
{
    readonly Value value;

    Scalar(Value value) => this.value = value;

    /// <summary>An integer.</summary>
    public static implicit operator Scalar(long number) => new(number);

    /// <summary>A floating-point number.</summary>
    public static implicit operator Scalar(double number) => new(number);

    /// <summary>A truth value.</summary>
    public static implicit operator Scalar(bool truth) => new(truth);

    /// <summary>The number as an argument; 0 for a default scalar.</summary>
    public Value ToValue() => value.Kind == ValueKind.None ? 0L : value;

    /// <summary>The number as text.</summary>
    public override string ToString() => ToValue().ToString();
}
