using Hwaso.Graph;
using Hwaso.Torch;
using static Hwaso.Onnx.OnnxArguments;

namespace Hwaso.Onnx;

/// <summary>Writes operators that change a map's size or reduce dimensions: pooling, resizing, means, sums and maxima.</summary>
static class OnnxPooling
{
    public static void MaxPool(GraphNode node, OnnxExporter to) => to.Emit(
        node, "MaxPool", [to.Argument(node, 0)], to.Result(node),
        OnnxValue.Of("kernel_shape", node.Pair(1)),
        OnnxValue.Of("strides", Strides(node)),
        OnnxValue.Of("pads", Twice(node.Pair(3))),
        OnnxValue.Of("dilations", node.Pair(4)),
        OnnxValue.Of("ceil_mode", node.Flag(5) ? 1L : 0));

    public static void AveragePool(GraphNode node, OnnxExporter to)
    {
        const int DivisorOverride = 6;
        if (node.Arguments[DivisorOverride].Kind != ValueKind.None)
            throw OnnxExporter.RefuseArguments(node);
        to.Emit(
            node, "AveragePool", [to.Argument(node, 0)], to.Result(node),
            OnnxValue.Of("kernel_shape", node.Pair(1)),
            OnnxValue.Of("strides", Strides(node)),
            OnnxValue.Of("pads", Twice(node.Pair(3))),
            OnnxValue.Of("ceil_mode", node.Flag(4) ? 1L : 0),
            // Without padding both values mean the same, but ONNX Runtime up to 1.24 counts wrongly with 1 and ceil_mode.
            OnnxValue.Of("count_include_pad", node.Flag(5) && node.Pair(3).Any(p => p != 0) ? 1L : 0));
    }

    /// <summary>Writes bilinear sampling at points, zeros outside.</summary>
    public static void GridSample(GraphNode node, OnnxExporter to)
    {
        if (node.Int(2) != 0 || node.Int(3) != 0)
            throw OnnxExporter.RefuseArguments(node);
        to.Emit(node, "GridSample", [to.Argument(node, 0), to.Argument(node, 1)], to.Result(node), OnnxValue.Of("mode", "bilinear"),
            OnnxValue.Of("padding_mode", "zeros"), OnnxValue.Of("align_corners", node.Flag(4) ? 1L : 0));
    }

    /// <summary>
    /// Writes adaptive pooling: to one pixel as the average of all, to more as products with the shares that each pixel has in each part,
    /// as parts may overlap. The image's size cannot be free then.
    /// </summary>
    public static void AdaptiveAveragePool(GraphNode node, OnnxExporter to)
    {
        var parts = node.Ints(1);
        if (parts.All(side => side == 1))
        {
            to.Emit(node, "GlobalAveragePool", [to.Argument(node, 0)], to.Result(node));
            return;
        }
        var from = to.Tensor(node, 0).Shape;
        if (!from.SequenceEqual(to.OtherShape(node.Arguments[0].Values[0])))
            throw OnnxExporter.Refuse(node, "into parts of an image of free size (a fixed one works)");
        var (height, width, across) = (from[2], from[3], to.Between(node));
        to.Emit(node, "MatMul", [to.Argument(node, 0), to.Constant([width, parts[1]], Shares(width, parts[1], byPixel: true))], across);
        to.Emit(node, "MatMul", [to.Constant([parts[0], height], Shares(height, parts[0], byPixel: false)), across], to.Result(node));
    }

    /// <summary>The share of each pixel in each part: a part begins at ⌊k·size/parts⌋ and ends at ⌈(k + 1)·size/parts⌉.</summary>
    static float[] Shares(long size, long parts, bool byPixel)
    {
        var shares = new float[size * parts];
        for (var part = 0L; part < parts; part++)
        {
            var (first, end) = (part * size / parts, ((part + 1) * size + parts - 1) / parts);
            for (var pixel = first; pixel < end; pixel++)
                shares[byPixel ? pixel * parts + part : part * size + pixel] = 1f / (end - first);
        }
        return shares;
    }

    /// <summary>Writes a mean or maximum along dimensions.</summary>
    public static void Reduce(GraphNode node, OnnxExporter to, string type)
    {
        // The axes became an input with operator set 18.
        if (to.Document.Opset >= 18)
            to.Emit(node, type, [to.Argument(node, 0), to.Constant(node.Ints(1))], to.Result(node), Keep(node));
        else
            to.Emit(node, type, [to.Argument(node, 0)], to.Result(node), OnnxValue.Of("axes", node.Ints(1)), Keep(node));
    }

    public static void ReduceSum(GraphNode node, OnnxExporter to) =>
        to.Emit(node, "ReduceSum", [to.Argument(node, 0), to.Constant(node.Ints(1))], to.Result(node), Keep(node));

    /// <summary>Writes the index of the largest element along one dimension.</summary>
    public static void ArgMax(GraphNode node, OnnxExporter to)
    {
        if (node.Arguments[1].Kind != ValueKind.Int)
            throw OnnxExporter.RefuseArguments(node);
        to.Emit(node, "ArgMax", [to.Argument(node, 0)], to.Result(node), OnnxValue.Of("axis", node.Int(1)), Keep(node));
    }

    public static void ResizeBilinear(GraphNode node, OnnxExporter to) => to.Emit(
        node, "Resize", [to.Argument(node, 0), "", "", to.Sizes(node, oneMayBeLeftOut: false)], to.Result(node),
        OnnxValue.Of("mode", "linear"),
        OnnxValue.Of("coordinate_transformation_mode", node.Flag(2) ? "align_corners" : "half_pixel"));

    public static void ResizeNearest(GraphNode node, OnnxExporter to) => to.Emit(
        node, "Resize", [to.Argument(node, 0), "", "", to.Sizes(node, oneMayBeLeftOut: false)], to.Result(node),
        OnnxValue.Of("mode", "nearest"),
        OnnxValue.Of("coordinate_transformation_mode", "asymmetric"),
        OnnxValue.Of("nearest_mode", "floor"));

    // A stride that was left out is the kernel's side.
    static long[] Strides(GraphNode node) => node.Pair(node.Ints(2) is [] ? 1 : 2);

    static OnnxValue Keep(GraphNode node) => OnnxValue.Of("keepdims", node.Flag(2) ? 1L : 0);
}
