using System.Collections.Frozen;
using Hwaso.Graph;

namespace Hwaso.Onnx;

/// <summary>Writes libtorch's operators as ONNX nodes: a table from the name of each to the method that writes it.</summary>
static class OnnxOperators
{
    static readonly FrozenDictionary<string, Action<GraphNode, OnnxExporter>> writers =
        new Dictionary<string, Action<GraphNode, OnnxExporter>>(StringComparer.Ordinal)
        {
            ["aten::conv2d"] = OnnxLayers.Conv,
            ["aten::conv_transpose2d.input"] = OnnxLayers.ConvTranspose,
            ["hwaso::deform_conv2d"] = OnnxDeformConv.Write,
            ["hwaso::box_proposals"] = OnnxDetector.Proposals,
            ["hwaso::roi_align_pyramid"] = OnnxDetector.Pool,
            ["hwaso::box_detections"] = OnnxDetector.Detections,
            ["hwaso::box_rois"] = OnnxDetector.Rois,
            ["aten::batch_norm"] = OnnxLayers.BatchNorm,
            ["aten::layer_norm"] = OnnxLayers.LayerNorm,
            ["aten::group_norm"] = OnnxLayers.GroupNorm,
            ["aten::linear"] = OnnxLayers.Linear,
            ["aten::matmul"] = OnnxLayers.MatMul,
            ["aten::bmm"] = OnnxLayers.MatMul,

            ["aten::relu"] = (node, to) => OnnxElementwise.Unary(node, to, "Relu"),
            ["aten::sigmoid"] = (node, to) => OnnxElementwise.Unary(node, to, "Sigmoid"),
            ["aten::tanh"] = (node, to) => OnnxElementwise.Unary(node, to, "Tanh"),
            ["aten::exp"] = (node, to) => OnnxElementwise.Unary(node, to, "Exp"),
            ["aten::log"] = (node, to) => OnnxElementwise.Unary(node, to, "Log"),
            ["aten::sqrt"] = (node, to) => OnnxElementwise.Unary(node, to, "Sqrt"),
            ["aten::abs"] = (node, to) => OnnxElementwise.Unary(node, to, "Abs"),
            ["aten::neg"] = (node, to) => OnnxElementwise.Unary(node, to, "Neg"),
            ["aten::hardswish"] = (node, to) => OnnxElementwise.Unary(node, to, "HardSwish"),
            ["aten::silu"] = OnnxElementwise.Silu,
            ["aten::gelu"] = OnnxElementwise.Gelu,
            ["aten::softmax.int"] = (node, to) => OnnxElementwise.Softmax(node, to, "Softmax"),
            ["aten::log_softmax.int"] = (node, to) => OnnxElementwise.Softmax(node, to, "LogSoftmax"),
            ["aten::clamp"] = OnnxElementwise.Clamp,
            ["aten::clamp_min"] = OnnxElementwise.Clamp,
            ["aten::clamp_max"] = OnnxElementwise.Clamp,
            ["aten::add.Tensor"] = (node, to) => OnnxElementwise.Sum(node, to, "Add"),
            ["aten::sub.Tensor"] = (node, to) => OnnxElementwise.Sum(node, to, "Sub"),
            ["aten::mul.Tensor"] = (node, to) => OnnxElementwise.Binary(node, to, "Mul"),
            ["aten::div.Tensor"] = (node, to) => OnnxElementwise.Binary(node, to, "Div"),
            ["aten::add.Scalar"] = (node, to) => OnnxElementwise.SumWithNumber(node, to, "Add"),
            ["aten::sub.Scalar"] = (node, to) => OnnxElementwise.SumWithNumber(node, to, "Sub"),
            ["aten::rsub.Scalar"] = OnnxElementwise.NumberMinus,
            ["aten::mul.Scalar"] = (node, to) => OnnxElementwise.WithNumber(node, to, "Mul"),
            ["aten::div.Scalar"] = (node, to) => OnnxElementwise.WithNumber(node, to, "Div"),

            ["aten::max_pool2d"] = OnnxPooling.MaxPool,
            ["aten::avg_pool2d"] = OnnxPooling.AveragePool,
            ["aten::adaptive_avg_pool2d"] = OnnxPooling.AdaptiveAveragePool,
            ["aten::mean.dim"] = (node, to) => OnnxPooling.Reduce(node, to, "ReduceMean"),
            ["aten::amax"] = (node, to) => OnnxPooling.Reduce(node, to, "ReduceMax"),
            ["aten::sum.dim_IntList"] = OnnxPooling.ReduceSum,
            ["aten::argmax"] = OnnxPooling.ArgMax,
            ["aten::upsample_bilinear2d"] = OnnxPooling.ResizeBilinear,
            ["aten::upsample_nearest2d"] = OnnxPooling.ResizeNearest,

            ["aten::grid_sampler"] = OnnxPooling.GridSample,

            ["aten::cat"] = OnnxShapes.Concat,
            ["aten::reshape"] = OnnxShapes.Reshape,
            ["aten::view"] = OnnxShapes.Reshape,
            ["aten::flatten.using_ints"] = OnnxShapes.Reshape,
            ["aten::unsqueeze"] = OnnxShapes.Reshape,
            ["aten::squeeze.dim"] = OnnxShapes.Reshape,
            ["aten::expand"] = OnnxShapes.Expand,
            ["aten::permute"] = OnnxShapes.Permute,
            ["aten::transpose.int"] = OnnxShapes.Transpose,
            ["aten::select.int"] = OnnxShapes.Select,
            ["aten::index_select"] = OnnxShapes.IndexSelect,
            ["aten::narrow"] = OnnxShapes.Narrow,
            ["aten::constant_pad_nd"] = (node, to) => OnnxShapes.Pad(node, to, valueAt: 2),
            ["aten::pad"] = OnnxShapes.PadByMode,
            ["aten::dropout"] = OnnxShapes.Identity,
            ["aten::contiguous"] = OnnxShapes.Identity,
            ["aten::clone"] = OnnxShapes.Identity,
            ["aten::detach"] = OnnxShapes.Identity,
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Writes a node of the recording.</summary>
    /// <exception cref="NotSupportedException">The operator, or its arguments, have no form in ONNX here; the message names it and its
    /// place.</exception>
    public static void Write(GraphNode node, OnnxExporter to)
    {
        if (!writers.TryGetValue(node.Operator, out var write))
            throw OnnxExporter.RefuseArguments(node);
        write(node, to);
        to.Made(node);
    }
}
