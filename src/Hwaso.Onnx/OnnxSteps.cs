using Hwaso.Graph;

namespace Hwaso.Onnx;

/// <summary>Writes the ONNX nodes that one recorded operator becomes, each with a new name.</summary>
/// <param name="node">The recorded operator.</param>
/// <param name="to">The file.</param>
sealed class OnnxSteps(GraphNode node, OnnxExporter to)
{
    /// <summary>Writes a node and gives its result.</summary>
    public string Step(string type, string[] inputs, params OnnxValue[] attributes)
    {
        var result = to.Between(node);
        to.Emit(node, type, inputs, result, attributes);
        return result;
    }

    /// <summary>Columns of the last of some dimensions, from one up to another.</summary>
    public string Columns(string from, int dimensions, long first, long end) =>
        Step("Slice", [from, to.Constant(first), to.Constant(end), to.Constant(dimensions - 1)]);

    /// <summary>Rows of a tensor.</summary>
    public string Rows(string from, string places) => Step("Gather", [from, places], OnnxValue.Of("axis", 0L));

    /// <summary>Tensors one after another.</summary>
    public string Join(long axis, params string[] parts) => Step("Concat", parts, OnnxValue.Of("axis", axis));

    /// <summary>A tensor in other dimensions.</summary>
    public string Shaped(string from, params long[] shape) => Step("Reshape", [from, to.Constant(shape)]);

    /// <summary>A few numbers along the last dimension.</summary>
    public string Numbers(params float[] values) => to.Constant([values.Length], values);

    /// <summary>The places of the largest numbers, or of the smallest.</summary>
    public string Best(string from, string count, bool largest = true)
    {
        var (values, places) = (to.Between(node), to.Between(node));
        to.Document.Node("TopK", $"TopK_{places}", [from, count], [values, places], OnnxValue.Of("axis", 0L),
            OnnxValue.Of("largest", largest ? 1L : 0L), OnnxValue.Of("sorted", 1L));
        return places;
    }

    /// <summary>Rows that are all alike.</summary>
    public string Repeated(string name, long rows, params float[] row)
    {
        long[] shape = row.Length == 1 ? [rows] : [rows, row.Length];
        to.Document.Weight(name, shape, Enumerable.Repeat(row, (int)rows).SelectMany(r => r).ToArray());
        return name;
    }
}
