using Hwaso.Graph;

namespace Hwaso.Onnx;

/// <summary>
/// Writes deformable convolution: DeformConv where the file may use it, else operators that every runtime has: GridSample at the position
/// of every kernel point, then a 1×1 convolution over channels and points. Positions are computed from the tensors' sizes, so that height
/// and width may be free.
/// </summary>
static class OnnxDeformConv
{
    /// <summary>Writes <c>hwaso::deform_conv2d(input, offset, weight, bias, stride, padding, dilation, mask)</c> of one image.</summary>
    /// <exception cref="NotSupportedException">A batch of several images.</exception>
    public static void Write(GraphNode node, OnnxExporter to)
    {
        var (input, offset, weight) = (to.Tensor(node, 0), to.Tensor(node, 1), to.Tensor(node, 2));
        if (input.Shape[0] != 1)
            throw OnnxExporter.Refuse(node, $"of {input.Shape[0]} images at once");
        var (channels, kernelHeight, kernelWidth) = (input.Shape[1], weight.Shape[2], weight.Shape[3]);
        var points = kernelHeight * kernelWidth;
        var groups = offset.Shape[1] / (2 * points);
        if (to.HasDeformConv)
        {
            One(node, to, kernelHeight, kernelWidth, channels / weight.Shape[1], groups);
            return;
        }
        long[] stride = node.Pair(4), padding = node.Pair(5), dilation = node.Pair(6);

        // [1, 2·G·K, h, w] to two maps [G, K, h, w]: the offsets down and to the right.
        var (outSizes, inSizes) = (Step("Shape", [to.Argument(node, 1)]), Step("Shape", [to.Argument(node, 0)]));
        var (height, width) = (Pick(outSizes, 2), Pick(outSizes, 3));
        var moves = Step("Reshape", [to.Argument(node, 1), Join(to.Constant(groups, points, 2), height, width)]);
        var y = Places(0, height, Enumerable.Range(0, (int)points).Select(k => (float)(k / kernelWidth * dilation[0] - padding[0])),
            stride[0], [1, 1, -1, 1], Pick(inSizes, 2));
        var x = Places(1, width, Enumerable.Range(0, (int)points).Select(k => (float)(k % kernelWidth * dilation[1] - padding[1])),
            stride[1], [1, 1, 1, -1], Pick(inSizes, 3));
        var last = to.Constant(4);
        var pairs = Step("Concat", [Step("Unsqueeze", [x, last]), Step("Unsqueeze", [y, last])], OnnxValue.Of("axis", 4L));
        var grid = Step("Reshape", [pairs, Join(to.Constant(groups, -1), width, to.Constant(2))]);

        // Each offset group samples as an image of its own: [G, C/G, K·h, w].
        var image = Step("Reshape",
            [to.Argument(node, 0), Join(to.Constant(groups, channels / groups), Pick(inSizes, 2), Pick(inSizes, 3))]);
        var samples =
            Step("GridSample", [image, grid], OnnxValue.Of("mode", "bilinear"), OnnxValue.Of("padding_mode", "zeros"),
            OnnxValue.Of("align_corners", 0L));
        if (to.Argument(node, 7) is { Length: > 0 } mask)
            samples = Step("Mul", [samples, Step("Reshape", [mask, Join(to.Constant(groups, 1, -1), width)])]);
        // Channel by channel, point by point, in the order of the weights: [1, C·K, h, w].
        var columns = Step("Reshape", [samples, Join(to.Constant(1, channels * points), height, width)]);
        var flat = to.Weight(node, 2, ".points", w => ([weight.Shape[0], weight.Shape[1] * points, 1, 1], w.ToFloats()));
        string[] inputs = to.Argument(node, 3) is { Length: > 0 } bias ? [columns, flat, bias] : [columns, flat];
        to.Emit(node, "Conv", inputs, to.Result(node), OnnxValue.Of("kernel_shape", 1L, 1),
            OnnxValue.Of("group", channels / weight.Shape[1]));

        string Step(string type, string[] given, params OnnxValue[] attributes)
        {
            var result = to.Between(node);
            to.Emit(node, type, given, result, attributes);
            return result;
        }

        // One size of a shape, as a list.
        string Pick(string sizes, long which) => Step("Gather", [sizes, to.Constant(which)], OnnxValue.Of("axis", 0L));

        string Join(params string[] lists) => Step("Concat", lists, OnnxValue.Of("axis", 0L));

        string Number(double value) => to.Constant(value);

        // Pixels (o · stride + point + offset) to -1 … 1 over the input's outer edges: (2 · pixel + 1) / size − 1.
        string Places(long which, string count, IEnumerable<float> starts, long step, long[] shape, string size)
        {
            var whole = to.Floats(Step("Range",
                [Step("Squeeze", [to.Constant(0)]), Step("Squeeze", [count]), Step("Squeeze", [to.Constant(1)])]), Step);
            var even = Step("Reshape", [Step("Mul", [whole, Number(step)]), to.Constant(shape)]);
            var from = Step("Add", [even, to.Constant([1, points, 1, 1], starts.ToArray())]);
            var move = Step("Gather", [moves, to.Scalar(which)], OnnxValue.Of("axis", 2L));
            var pixel = Step("Add", [move, from]);
            var edges = Step("Add", [Step("Mul", [pixel, Number(2)]), Number(1)]);
            return Step("Sub", [Step("Div", [edges, to.Floats(size, Step)]), Number(1)]);
        }
    }

    static void One(GraphNode node, OnnxExporter to, long kernelHeight, long kernelWidth, long groups, long offsetGroups)
    {
        var (bias, mask) = (to.Argument(node, 3), to.Argument(node, 7));
        List<string> inputs = [to.Argument(node, 0), to.Argument(node, 2), to.Argument(node, 1)];
        if (bias.Length > 0 || mask.Length > 0)
            inputs.Add(bias);
        if (mask.Length > 0)
            inputs.Add(mask);
        long[] padding = node.Pair(5);
        to.Emit(node, "DeformConv", [.. inputs], to.Result(node),
            OnnxValue.Of("kernel_shape", kernelHeight, kernelWidth), OnnxValue.Of("strides", node.Pair(4)),
            OnnxValue.Of("pads", [.. padding, .. padding]),
            OnnxValue.Of("dilations", node.Pair(6)), OnnxValue.Of("group", groups), OnnxValue.Of("offset_group", offsetGroups));
    }
}
