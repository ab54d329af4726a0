namespace Hwaso.Graph;

/// <summary>The cost of one image in a recorded network.</summary>
/// <param name="Macs">Multiply-adds of convolution and linear layers alone, as the field counts them.</param>
/// <param name="MacsAll">Those and every other matrix product, attention's included.</param>
/// <param name="Parameters">Learnable parameters that its operators read.</param>
public sealed record Cost(long Macs, long MacsAll, long Parameters)
{
    /// <summary>The cost of a whole graph.</summary>
    /// <exception cref="NotSupportedException">An operator whose cost is not known; the message names it and its place.</exception>
    public static Cost Of(NetworkGraph graph) => Of(graph, graph.Nodes);

    /// <summary>The cost of some nodes of a graph.</summary>
    /// <exception cref="NotSupportedException">An operator whose cost is not known; the message names it and its place.</exception>
    public static Cost Of(NetworkGraph graph, IEnumerable<GraphNode> nodes)
    {
        long layers = 0, products = 0;
        var parameters = new HashSet<int>();
        foreach (var node in nodes)
        {
            var (kind, macs) = OperatorCost.Of(graph, node);
            if (kind == OperatorKind.Layer)
                layers += macs;
            else
                products += macs;
            parameters.UnionWith(graph.ParametersOf(node));
        }
        return new Cost(layers, layers + products, parameters.Sum(p => graph.Values[p].Elements));
    }
}

/// <summary>
/// Multiply-adds of each operator that networks use; bias, normalisation, activation, pooling and resizing count as 0, as is usual in
/// papers.
/// </summary>
static class OperatorCost
{
    static readonly HashSet<string> Free =
    [
        "aten::add.Tensor", "aten::add.Scalar", "aten::sub.Tensor", "aten::sub.Scalar", "aten::rsub.Scalar", "aten::mul.Tensor",
        "aten::mul.Scalar", "aten::div.Tensor", "aten::div.Scalar", "aten::neg", "aten::abs", "aten::exp", "aten::log",
        "aten::sin", "aten::cos", "aten::sqrt", "aten::rsqrt",
        "aten::pow.Tensor_Scalar", "aten::relu", "aten::sigmoid", "aten::tanh", "aten::gelu",
        "aten::silu", "aten::hardswish", "aten::leaky_relu", "aten::clamp", "aten::softmax.int", "aten::log_softmax.int",
        "aten::batch_norm", "aten::layer_norm", "aten::group_norm", "aten::dropout", "aten::max_pool2d", "aten::avg_pool2d",
        "aten::adaptive_avg_pool2d", "aten::upsample_bilinear2d", "aten::upsample_nearest2d", "aten::upsample_bicubic2d",
        "aten::_upsample_bicubic2d_aa", "aten::mean", "aten::mean.dim", "aten::sum", "aten::sum.dim_IntList", "aten::amax",
        "aten::argmax", "aten::max", "aten::min", "aten::var.dim", "aten::cat", "aten::stack", "aten::split.Tensor", "aten::chunk",
        "aten::reshape", "aten::view", "aten::flatten.using_ints", "aten::permute", "aten::transpose.int", "aten::unsqueeze",
        "aten::squeeze.dim", "aten::expand", "aten::select.int", "aten::index_select", "aten::narrow", "aten::slice.Tensor", "aten::pad",
        "aten::flip", "aten::grid_sampler",
        "aten::clone", "aten::contiguous", "aten::detach", "aten::to.dtype_layout", "aten::where.self", "aten::empty.memory_format",
        "aten::zeros", "aten::ones", "aten::full", "aten::arange.start_step", "aten::linspace", "aten::zeros_like",
        "aten::ones_like", "hwaso::roi_align", "hwaso::roi_align_pyramid", "hwaso::box_proposals", "hwaso::box_detections",
        "hwaso::box_rois",
    ];

    public static (OperatorKind Kind, long Macs) Of(NetworkGraph graph, GraphNode node)
    {
        GraphValue Argument(int k) => graph.Values[node.Arguments[k].Values[0]];
        GraphValue Result() => graph.Values[node.Results[0]];
        // Costs are those of one image, whatever the recorded batch.
        long Images() => Math.Max(graph.Values[graph.Inputs[0]].Shape[0], 1);

        switch (node.Operator)
        {
            case "aten::conv2d" or "aten::convolution":
                {
                    // [Cout, Cin/groups, K, K]: each output element sums over the last three.
                    var weight = Argument(1).Shape;
                    return (OperatorKind.Layer, Result().Elements / Images() * weight[1] * weight[2] * weight[3]);
                }
            case "hwaso::deform_conv2d":
                {
                    // Counted as a convolution; sampling between pixels counts as 0, as resizing does.
                    var weight = Argument(2).Shape;
                    return (OperatorKind.Layer, Result().Elements / Images() * weight[1] * weight[2] * weight[3]);
                }
            case "aten::conv_transpose2d.input":
                {
                    // [Cin, Cout/groups, K, K]: each input element contributes to the last three.
                    var weight = Argument(1).Shape;
                    return (OperatorKind.Layer, Argument(0).Elements / Images() * weight[1] * weight[2] * weight[3]);
                }
            case "aten::linear":
                return (OperatorKind.Layer, Result().Elements / Images() * Argument(1).Shape[1]);
            case "aten::matmul" or "aten::bmm":
                return (OperatorKind.Product, Result().Elements / Images() * Argument(0).Shape[^1]);
            case var name when Free.Contains(name):
                return (OperatorKind.Free, 0);
            default:
                var place = node.Place.Length > 0 ? node.Place : "the network";
                throw new NotSupportedException($"{place}: the cost of {node.Operator} is not known; add it to {nameof(OperatorCost)}");
        }
    }
}

/// <summary>How an operator enters the cost.</summary>
public enum OperatorKind
{
    /// <summary>A convolution or linear layer: papers report its multiply-adds.</summary>
    Layer,

    /// <summary>A product of two computed matrices, such as attention's.</summary>
    Product,

    /// <summary>Element-wise work, normalisation, pooling, resizing, moving: not counted.</summary>
    Free,
}
