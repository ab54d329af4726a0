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

    /// <summary>Writes a group norm as an instance norm of the groups, whose scale is 1, and the channels' own scale and shift.</summary>
    public static void GroupNorm(GraphNode node, OnnxExporter to)
    {
        var (input, groups) = (to.Argument(node, 0), node.Int(1));
        var channels = to.Tensor(node, 0).Shape[1];
        var (joined, normed, back, shape) = (to.Between(node), to.Between(node), to.Between(node), to.Between(node));
        var scaled = to.Between(node);
        to.Emit(node, "Reshape", [input, to.Constant(0, groups, -1)], joined);
        to.Emit(node, "InstanceNormalization",
            [joined, to.Constant([groups], [.. Enumerable.Repeat(1f, (int)groups)]), to.Constant([groups], new float[groups])], normed,
            OnnxValue.Of("epsilon", node.Number(4)));
        to.Emit(node, "Shape", [input], shape);
        to.Emit(node, "Reshape", [normed, shape], back);
        // A number a channel, over the pixels.
        to.Emit(node, "Mul", [back, to.Weight(node, 2, ".pixels", Column)], scaled);
        to.Emit(node, "Add", [scaled, to.Weight(node, 3, ".pixels", Column)], to.Result(node));

        (long[] Shape, float[] Values) Column(Checkpoints.HostTensor tensor) => ([channels, 1, 1], tensor.ToFloats());
    }

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
