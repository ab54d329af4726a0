using System.Globalization;
using Hwaso.Graph;
using Hwaso.Torch;

namespace Hwaso.Onnx;

/// <summary>Reads the constant arguments of recorded nodes; an argument that was left out has the schema's default.</summary>
static class OnnxArguments
{
    extension(GraphNode node)
    {
        /// <summary>The argument as an integer; the first one of a list.</summary>
        public long Int(int argument) => node.Ints(argument)[0];

        /// <summary>The argument as a number.</summary>
        public double Number(int argument) => node.IsLeftOut(argument)
            ? double.Parse(node.Default(argument), CultureInfo.InvariantCulture)
            : node.Arguments[argument].Constant.AsDouble();

        /// <summary>The argument as a truth value.</summary>
        public bool Flag(int argument) => node.IsLeftOut(argument)
            ? node.Default(argument) == "True"
            : node.Arguments[argument].Constant.AsBool();

        /// <summary>The argument as integers; none for None.</summary>
        public long[] Ints(int argument) => node.Arguments[argument].Kind switch
        {
            ValueKind.None => [],
            ValueKind.Int => [node.Arguments[argument].Constant.AsInt()],
            // A schema prints lists as 1, [1, 1] or [].
            ValueKind.Default => node.Default(argument).Trim('[', ']')
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray(),
            _ => node.Arguments[argument].Constant.AsInts(),
        };

        /// <summary>The argument as two integers, of height and width; a single one counts for both.</summary>
        /// <exception cref="NotSupportedException">It has none, or more than two.</exception>
        public long[] Pair(int argument) => node.Ints(argument) switch
        {
            [var both] => [both, both],
            [var height, var width] => [height, width],
            _ => throw OnnxExporter.Refuse(node, $"with other than two sizes in {node.Schema.Parameters[argument].Name}"),
        };

        bool IsLeftOut(int argument) => node.Arguments[argument].Kind == ValueKind.Default;

        string Default(int argument) => node.Schema.Parameters[argument].Default ?? "";
    }

    /// <summary>A pair of paddings as ONNX lists them: before height and width, then after them.</summary>
    public static long[] Twice(long[] pair) => [.. pair, .. pair];

    /// <summary>The inputs without an empty last one, which ONNX leaves out.</summary>
    public static string[] Given(params string[] inputs) => inputs[^1].Length == 0 ? inputs[..^1] : inputs;

    /// <summary>An axis counted from the front.</summary>
    public static long Axis(long axis, GraphValue tensor) => axis < 0 ? axis + tensor.Shape.Count : axis;
}
