using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Operators;

/// <summary>What is known of a node's inputs when it is planned.</summary>
/// <param name="place">The node, for messages.</param>
/// <param name="types">The inputs' types; null where one is left out.</param>
/// <param name="constants">Their numbers where they are known already.</param>
sealed class Operands(string place, TensorType?[] types, Constant?[] constants)
{
    /// <summary>The operands of a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="types">The type of every value that is known.</param>
    /// <param name="constants">The values that are known without running the model.</param>
    public static Operands Of(Node node, TensorType?[] types, IReadOnlyDictionary<int, Constant> constants) => new(
        node.Place,
        Array.ConvertAll(node.Inputs, v => v < 0 ? null : types[v]),
        Array.ConvertAll(node.Inputs, v => v < 0 ? null : constants.GetValueOrDefault(v)));

    public string Place => place;

    public int Count => types.Length;

    public bool Has(int input) => input < types.Length && types[input] is not null;

    public TensorType Type(int input) => Has(input) ? types[input]! : throw Refuse($"input {input} is missing");

    /// <summary>The input, which must be of floating-point numbers.</summary>
    public TensorType Float(int input) => Type(input) is { IsFloat: true } type ? type : throw Refuse($"input {input} is of integers; floating-point numbers are supported there");

    public Constant? Known(int input) => input < constants.Length ? constants[input] : null;

    /// <summary>The numbers of an input that must be known without running the model.</summary>
    public Constant Constant(int input, string what) =>
        Type(input) is var type && Known(input) is { } constant ? constant : throw Refuse($"its {what} {type} depend on the image; they must be constant");

    /// <summary>Some of the inputs, as another operator's.</summary>
    public Operands Slice(int first, int count) => new(place, [.. types.Skip(first).Take(count)], [.. constants.Skip(first).Take(count)]);

    /// <summary>The integers of an input that must be known.</summary>
    public long[] Ints(int input, string what) => Constant(input, what).ToInts();

    public TensorType Floats(params int[] shape) => new(true, shape, place);

    public TensorType Of(bool isFloat, int[] shape) => new(isFloat, shape, place);

    /// <summary>An axis as ONNX counts them, from the end where negative.</summary>
    public int Axis(long axis, int rank) => axis >= -rank && axis < rank ? (int)(axis < 0 ? axis + rank : axis) : throw Refuse($"axis {axis} of a tensor of {rank} dimensions");

    /// <summary>A size that came out of numbers in the file.</summary>
    public int Size(long size) => size is >= 0 and <= int.MaxValue ? (int)size : throw Refuse($"a size of {size} is absurd");

    public ModelFormatException Refuse(string problem) => new(place, problem);
}
