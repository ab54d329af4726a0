using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Operators;

/// <summary>What is known of a node's inputs at planning.</summary>
/// <param name="place">The node, for messages.</param>
/// <param name="types">The inputs' types; null for an omitted one.</param>
/// <param name="constants">The inputs that are known; null for the others.</param>
sealed class Operands(string place, TensorType?[] types, Constant?[] constants)
{
    /// <summary>The operands of a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="types">The types of all values, by number.</param>
    /// <param name="constants">The values that are known, by number.</param>
    public static Operands Of(Node node, TensorType?[] types, IReadOnlyDictionary<int, Constant> constants) => new(
        node.Place,
        Array.ConvertAll(node.Inputs, v => v < 0 ? null : types[v]),
        Array.ConvertAll(node.Inputs, v => v < 0 ? null : constants.GetValueOrDefault(v)));

    public string Place => place;

    public int Count => types.Length;

    public bool Has(int input) => input < types.Length && types[input] is not null;

    public TensorType Type(int input) => Has(input) ? types[input]! : throw Refuse($"input {input} is missing");

    /// <summary>The type of an input of floating-point numbers; integers are refused.</summary>
    public TensorType Float(int input) => Type(input) is { IsFloat: true } type
        ? type
        : throw Beyond($"input {input} holds integers; only floating-point numbers are supported");

    public Constant? Known(int input) => input < constants.Length ? constants[input] : null;

    /// <summary>An input that must be known at planning.</summary>
    public Constant Constant(int input, string what) =>
        Type(input) is var type && Known(input) is { } constant
            ? constant
            : throw Beyond($"its {what} {type} depend on the input; only constants are supported");

    /// <summary>A part of the inputs, as the operands of another operator.</summary>
    public Operands Slice(int first, int count) => new(place, [.. types.Skip(first).Take(count)], [.. constants.Skip(first).Take(count)]);

    /// <summary>The integers of an input that must be known at planning.</summary>
    public long[] Ints(int input, string what) => Constant(input, what).ToInts();

    public TensorType Floats(params int[] shape) => new(true, shape, place);

    public TensorType Of(bool isFloat, int[] shape) => new(isFloat, shape, place);

    /// <summary>An axis by ONNX's rule: negative ones count from the end.</summary>
    public int Axis(long axis, int rank) =>
        axis >= -rank && axis < rank ? (int)(axis < 0 ? axis + rank : axis) : throw Refuse($"axis {axis} is outside the {rank} dimensions");

    /// <summary>A size that was computed from numbers in the file.</summary>
    public int Size(long size) =>
        size is >= 0 and <= int.MaxValue ? (int)size : throw Refuse($"a size of {size} is not in 0 … {int.MaxValue}");

    public ModelFormatException Refuse(string problem) => new(place, problem);

    /// <summary>What the planner does not do, and the evaluator may.</summary>
    public ModelFormatException Beyond(string problem) => new(place, problem) { IsUnplanned = true };
}
