using Hwaso.Graph;
using static Hwaso.Onnx.OnnxArguments;

namespace Hwaso.Onnx;

/// <summary>Writes convolutions, norms and matrix products.</summary>
static class OnnxLayers
{
    /// <summary>Writes a convolution, with the batch norm after it where that is folded into it.</summary>
    public static void Conv(GraphNode node, OnnxExporter to)
    {
        var (weight, bias, result) = to.Folded(node);
        to.Emit(
            node, "Conv", Given(to.Argument(node, 0), weight, bias), result,
            OnnxValue.Of("strides", node.Pair(3)),
            OnnxValue.Of("pads", Twice(node.Pair(4))),
            OnnxValue.Of("dilations", node.Pair(5)),
            OnnxValue.Of("group", node.Int(6)),
            OnnxValue.Of("kernel_shape", [.. to.Tensor(node, 1).Shape.Skip(2)]));
    }

    public static void ConvTranspose(GraphNode node, OnnxExporter to) => to.Emit(
        node, "ConvTranspose", Given(to.Argument(node, 0), to.Argument(node, 1), to.Argument(node, 2)), to.Result(node),
        OnnxValue.Of("strides", node.Pair(3)),
        OnnxValue.Of("pads", Twice(node.Pair(4))),
        OnnxValue.Of("output_padding", node.Pair(5)),
        OnnxValue.Of("group", node.Int(6)),
        OnnxValue.Of("dilations", node.Pair(7)));

    public static void BatchNorm(GraphNode node, OnnxExporter to) => to.Emit(
        node, "BatchNormalization", [.. Enumerable.Range(0, 5).Select(k => to.Argument(node, k))], to.Result(node),
        OnnxValue.Of("epsilon", node.Number(7)));

    public static void LayerNorm(GraphNode node, OnnxExporter to) => to.Emit(
        node, "LayerNormalization", Given(to.Argument(node, 0), to.Argument(node, 2), to.Argument(node, 3)), to.Result(node),
        OnnxValue.Of("axis", -(long)node.Arguments[1].Constant.AsInts().Length),
        OnnxValue.Of("epsilon", node.Number(4)));

    public static void MatMul(GraphNode node, OnnxExporter to) =>
        to.Emit(node, "MatMul", [to.Argument(node, 0), to.Argument(node, 1)], to.Result(node));

    public static void Linear(GraphNode node, OnnxExporter to)
    {
        var weight = to.Weight(node, 1, ".T", Transposed);
        var bias = node.Arguments.Count > 2 ? to.Argument(node, 2) : "";
        var product = bias.Length == 0 ? to.Result(node) : to.Between(node);
        to.Emit(node, "MatMul", [to.Argument(node, 0), weight], product);
        if (bias.Length > 0)
            to.Emit(node, "Add", [product, bias], to.Result(node));
    }

    // libtorch keeps [Out, In]; ONNX's product takes [In, Out].
    static (long[] Shape, float[] Values) Transposed(Checkpoints.HostTensor tensor)
    {
        var (rows, columns, from) = ((int)tensor.Shape[0], (int)tensor.Shape[1], tensor.ToFloats());
        var transposed = new float[from.Length];
        for (var r = 0; r < rows; r++)
            for (var c = 0; c < columns; c++)
                transposed[(c * rows) + r] = from[(r * columns) + c];
        return ([columns, rows], transposed);
    }
}
