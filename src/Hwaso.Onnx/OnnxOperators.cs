using System.Globalization;
using Hwaso.Graph;
using Hwaso.Torch;

namespace Hwaso.Onnx;

/// <summary>What each of libtorch's operators is in ONNX.</summary>
static class OnnxOperators
{
    public static void Write(GraphNode node, OnnxExporter to)
    {
        switch (node.Operator)
        {
            case "aten::conv2d":
                var (weight, bias, convolved) = to.Folded(node);
                to.Emit(node, "Conv", Given(to.Argument(node, 0), weight, bias), convolved,
                    OnnxValue.Of("strides", Pair(node, 3)), OnnxValue.Of("pads", Twice(Pair(node, 4))), OnnxValue.Of("dilations", Pair(node, 5)),
                    OnnxValue.Of("group", Int(node, 6)), OnnxValue.Of("kernel_shape", [.. to.Tensor(node, 1).Shape.Skip(2)]));
                break;
            case "aten::conv_transpose2d.input":
                to.Emit(node, "ConvTranspose", Given(to.Argument(node, 0), to.Argument(node, 1), to.Argument(node, 2)), to.Result(node),
                    OnnxValue.Of("strides", Pair(node, 3)), OnnxValue.Of("pads", Twice(Pair(node, 4))), OnnxValue.Of("output_padding", Pair(node, 5)),
                    OnnxValue.Of("group", Int(node, 6)), OnnxValue.Of("dilations", Pair(node, 7)));
                break;
            case "aten::batch_norm":
                to.Emit(node, "BatchNormalization", Enumerable.Range(0, 5).Select(k => to.Argument(node, k)).ToArray(), to.Result(node), OnnxValue.Of("epsilon", Number(node, 7)));
                break;
            case "hwaso::deform_conv2d":
                OnnxDeformConv.Write(node, to);
                break;
            case "aten::linear":
                WriteLinear(node, to);
                break;
            case "aten::matmul" or "aten::bmm":
                to.Emit(node, "MatMul", [to.Argument(node, 0), to.Argument(node, 1)], to.Result(node));
                break;
            case "aten::layer_norm":
                to.Emit(node, "LayerNormalization", Given(to.Argument(node, 0), to.Argument(node, 2), to.Argument(node, 3)), to.Result(node),
                    OnnxValue.Of("axis", -(long)node.Arguments[1].Constant.AsInts().Length), OnnxValue.Of("epsilon", Number(node, 4)));
                break;

            case "aten::relu" or "aten::sigmoid" or "aten::tanh" or "aten::exp" or "aten::log" or "aten::sqrt" or "aten::abs" or "aten::neg":
                to.Emit(node, $"{char.ToUpperInvariant(node.Operator[6])}{node.Operator[7..]}", [to.Argument(node, 0)], to.Result(node));
                break;
            case "aten::hardswish":
                to.Emit(node, "HardSwish", [to.Argument(node, 0)], to.Result(node));
                break;
            case "aten::silu":
                var sigmoid = to.Between(node);
                to.Emit(node, "Sigmoid", [to.Argument(node, 0)], sigmoid);
                to.Emit(node, "Mul", [to.Argument(node, 0), sigmoid], to.Result(node));
                break;
            case "aten::gelu":
                WriteGelu(node, to);
                break;
            case "aten::softmax.int" or "aten::log_softmax.int":
                to.Emit(node, node.Operator == "aten::softmax.int" ? "Softmax" : "LogSoftmax", [to.Argument(node, 0)], to.Result(node), OnnxValue.Of("axis", Int(node, 1)));
                break;

            case "aten::add.Tensor" or "aten::sub.Tensor" when Number(node, 2) == 1:
                to.Emit(node, node.Operator == "aten::add.Tensor" ? "Add" : "Sub", [to.Argument(node, 0), to.Argument(node, 1)], to.Result(node));
                break;
            case "aten::mul.Tensor":
                to.Emit(node, "Mul", [to.Argument(node, 0), to.Argument(node, 1)], to.Result(node));
                break;
            case "aten::div.Tensor":
                to.Emit(node, "Div", [to.Argument(node, 0), to.Argument(node, 1)], to.Result(node));
                break;
            case "aten::add.Scalar" or "aten::sub.Scalar" when Number(node, 2) == 1:
                to.Emit(node, node.Operator == "aten::add.Scalar" ? "Add" : "Sub", [to.Argument(node, 0), to.Constant(Number(node, 1))], to.Result(node));
                break;
            case "aten::mul.Scalar" or "aten::div.Scalar":
                to.Emit(node, node.Operator == "aten::mul.Scalar" ? "Mul" : "Div", [to.Argument(node, 0), to.Constant(Number(node, 1))], to.Result(node));
                break;
            case "aten::rsub.Scalar" when Number(node, 2) == 1:
                to.Emit(node, "Sub", [to.Constant(Number(node, 1)), to.Argument(node, 0)], to.Result(node));
                break;

            case "aten::max_pool2d":
                to.Emit(node, "MaxPool", [to.Argument(node, 0)], to.Result(node),
                    OnnxValue.Of("kernel_shape", Pair(node, 1)), OnnxValue.Of("strides", Pair(node, Ints(node, 2) is [] ? 1 : 2)),
                    OnnxValue.Of("pads", Twice(Pair(node, 3))), OnnxValue.Of("dilations", Pair(node, 4)), OnnxValue.Of("ceil_mode", Flag(node, 5) ? 1L : 0));
                break;
            case "aten::avg_pool2d" when node.Arguments[6].Kind == ValueKind.None:
                to.Emit(node, "AveragePool", [to.Argument(node, 0)], to.Result(node),
                    OnnxValue.Of("kernel_shape", Pair(node, 1)), OnnxValue.Of("strides", Pair(node, Ints(node, 2) is [] ? 1 : 2)),
                    OnnxValue.Of("pads", Twice(Pair(node, 3))), OnnxValue.Of("ceil_mode", Flag(node, 4) ? 1L : 0), OnnxValue.Of("count_include_pad", Flag(node, 5) ? 1L : 0));
                break;
            case "aten::adaptive_avg_pool2d" when Ints(node, 1).All(s => s == 1):
                to.Emit(node, "GlobalAveragePool", [to.Argument(node, 0)], to.Result(node));
                break;
            case "aten::mean.dim" or "aten::amax":
                var (reduce, keep) = (node.Operator == "aten::amax" ? "ReduceMax" : "ReduceMean", OnnxValue.Of("keepdims", Flag(node, 2) ? 1L : 0));
                // The axes became an input with operator set 18.
                if (to.Document.Opset >= 18)
                    to.Emit(node, reduce, [to.Argument(node, 0), to.Constant(Ints(node, 1))], to.Result(node), keep);
                else
                    to.Emit(node, reduce, [to.Argument(node, 0)], to.Result(node), OnnxValue.Of("axes", Ints(node, 1)), keep);
                break;
            case "aten::sum.dim_IntList":
                to.Emit(node, "ReduceSum", [to.Argument(node, 0), to.Constant(Ints(node, 1))], to.Result(node), OnnxValue.Of("keepdims", Flag(node, 2) ? 1L : 0));
                break;
            case "aten::clamp" or "aten::clamp_min" or "aten::clamp_max":
                string Bound(int argument) => argument < node.Arguments.Count && node.Arguments[argument].Kind is not (ValueKind.None or ValueKind.Default) ? to.Constant(Number(node, argument)) : "";
                to.Emit(node, "Clip", node.Operator == "aten::clamp_max" ? [to.Argument(node, 0), "", Bound(1)] : Given(to.Argument(node, 0), Bound(1), Bound(2)), to.Result(node));
                break;
            case "aten::upsample_bilinear2d":
                to.Emit(node, "Resize", [to.Argument(node, 0), "", "", to.Sizes(node, oneMayBeLeftOut: false)], to.Result(node),
                    OnnxValue.Of("mode", "linear"), OnnxValue.Of("coordinate_transformation_mode", Flag(node, 2) ? "align_corners" : "half_pixel"));
                break;
            case "aten::upsample_nearest2d":
                to.Emit(node, "Resize", [to.Argument(node, 0), "", "", to.Sizes(node, oneMayBeLeftOut: false)], to.Result(node),
                    OnnxValue.Of("mode", "nearest"), OnnxValue.Of("coordinate_transformation_mode", "asymmetric"), OnnxValue.Of("nearest_mode", "floor"));
                break;

            case "aten::cat":
                to.Emit(node, "Concat", to.Arguments(node, 0), to.Result(node), OnnxValue.Of("axis", Int(node, 1)));
                break;
            case "aten::reshape" or "aten::view" or "aten::flatten.using_ints" or "aten::unsqueeze" or "aten::squeeze.dim":
                to.Emit(node, "Reshape", [to.Argument(node, 0), to.Sizes(node, oneMayBeLeftOut: true)], to.Result(node));
                break;
            case "aten::expand":
                to.Emit(node, "Expand", [to.Argument(node, 0), to.Sizes(node, oneMayBeLeftOut: false)], to.Result(node));
                break;
            case "aten::permute":
                to.Emit(node, "Transpose", [to.Argument(node, 0)], to.Result(node), OnnxValue.Of("perm", Ints(node, 1).Select(d => Axis(d, to.Tensor(node, 0))).ToArray()));
                break;
            case "aten::transpose.int":
                WriteTranspose(node, to);
                break;
            case "aten::select.int":
                // Gather takes the axis away when the index is a single number, as select does.
                var picked = to.Between(node);
                to.Emit(node, "Gather", [to.Argument(node, 0), to.Constant(Int(node, 2))], picked, OnnxValue.Of("axis", Int(node, 1)));
                to.Emit(node, "Squeeze", [picked, to.Constant(Axis(Int(node, 1), to.Tensor(node, 0)))], to.Result(node));
                break;
            case "aten::narrow":
                WriteNarrow(node, to);
                break;
            case "aten::constant_pad_nd":
                WritePad(node, to);
                break;
            case "aten::dropout" or "aten::contiguous" or "aten::clone" or "aten::detach":
                to.Emit(node, "Identity", [to.Argument(node, 0)], to.Result(node));
                break;
            case "aten::argmax" when node.Arguments[1].Kind == ValueKind.Int:
                to.Emit(node, "ArgMax", [to.Argument(node, 0)], to.Result(node), OnnxValue.Of("axis", Int(node, 1)), OnnxValue.Of("keepdims", Flag(node, 2) ? 1L : 0));
                break;
            default:
                throw OnnxExporter.Refuse(node, "with these arguments");
        }
        to.Made(node);
    }

    static void WriteLinear(GraphNode node, OnnxExporter to)
    {
        // ONNX's product takes the matrix the other way round.
        var weight = to.Weight(node, 1, ".T", tensor =>
        {
            var (rows, columns, from) = ((int)tensor.Shape[0], (int)tensor.Shape[1], tensor.ToFloats());
            var turned = new float[from.Length];
            for (var r = 0; r < rows; r++)
                for (var c = 0; c < columns; c++)
                    turned[(c * rows) + r] = from[(r * columns) + c];
            return ([columns, rows], turned);
        });
        var bias = node.Arguments.Count > 2 ? to.Argument(node, 2) : "";
        var product = bias.Length == 0 ? to.Result(node) : to.Between(node);
        to.Emit(node, "MatMul", [to.Argument(node, 0), weight], product);
        if (bias.Length > 0)
            to.Emit(node, "Add", [product, bias], to.Result(node));
    }

    // x · ½ · (1 + erf(x / √2)): operator set 17 has no Gelu.
    static void WriteGelu(GraphNode node, OnnxExporter to)
    {
        if (node.Arguments.Count > 1 && node.Arguments[1].Constant.ToString() == "\"tanh\"")
            throw OnnxExporter.Refuse(node, "in its tanh approximation");
        var (scaled, erf, shifted, half) = (to.Between(node), to.Between(node), to.Between(node), to.Between(node));
        to.Emit(node, "Mul", [to.Argument(node, 0), to.Constant(1 / Math.Sqrt(2))], scaled);
        to.Emit(node, "Erf", [scaled], erf);
        to.Emit(node, "Add", [erf, to.Constant(1.0)], shifted);
        to.Emit(node, "Mul", [to.Argument(node, 0), to.Constant(0.5)], half);
        to.Emit(node, "Mul", [half, shifted], to.Result(node));
    }

    static void WriteTranspose(GraphNode node, OnnxExporter to)
    {
        var tensor = to.Tensor(node, 0);
        var order = Enumerable.Range(0, tensor.Shape.Count).Select(d => (long)d).ToArray();
        var (a, b) = (Axis(Int(node, 1), tensor), Axis(Int(node, 2), tensor));
        (order[a], order[b]) = (order[b], order[a]);
        to.Emit(node, "Transpose", [to.Argument(node, 0)], to.Result(node), OnnxValue.Of("perm", order));
    }

    static void WriteNarrow(GraphNode node, OnnxExporter to)
    {
        var (from, start, length) = (to.Tensor(node, 0), Int(node, 2), Int(node, 3));
        var axis = Axis(Int(node, 1), from);
        start = start < 0 ? start + from.Shape[(int)axis] : start;
        var (here, there) = (from.Shape[(int)axis], to.OtherShape(node.Arguments[0].Values[0])[(int)axis]);
        var ended = start + length == here;
        // To the end, or of one length at any size of image.
        if (here != there && (!ended || to.OtherShape(node.Results[0])[(int)axis] != there - start))
            throw OnnxExporter.Refuse(node, $"of {length} from {start} on, of {here}, and otherwise at the other size of image");
        to.Emit(node, "Slice", [to.Argument(node, 0), to.Constant(start), to.Constant(ended ? long.MaxValue : start + length), to.Constant(axis)], to.Result(node));
    }

    // libtorch counts from the last dimension, before and behind; ONNX names all befores, then all behinds.
    static void WritePad(GraphNode node, OnnxExporter to)
    {
        if (to.OtherShape(node.Results[0]) is var there && !there.Zip(to.OtherShape(node.Arguments[0].Values[0]), (a, b) => a - b)
            .SequenceEqual(to.Shape(node.Results[0]).Zip(to.Tensor(node, 0).Shape, (a, b) => a - b)))
            throw OnnxExporter.Refuse(node, "by other numbers at the other size of image");
        var (given, rank) = (Ints(node, 1), to.Tensor(node, 0).Shape.Count);
        var pads = new long[2 * rank];
        for (var k = 0; k < given.Length; k++)
            pads[rank - 1 - k / 2 + k % 2 * rank] = given[k];
        to.Emit(node, "Pad", [to.Argument(node, 0), to.Constant(pads), to.Constant(Number(node, 2))], to.Result(node));
    }

    static string[] Given(params string[] inputs) => inputs[^1].Length == 0 ? inputs[..^1] : inputs;

    static long Axis(long axis, GraphValue tensor) => axis < 0 ? axis + tensor.Shape.Count : axis;

    static long Int(GraphNode node, int argument) => Ints(node, argument)[0];

    static double Number(GraphNode node, int argument) =>
        node.Arguments[argument].Kind == ValueKind.Default ? double.Parse(Default(node, argument), CultureInfo.InvariantCulture) : node.Arguments[argument].Constant.AsDouble();

    static bool Flag(GraphNode node, int argument) => node.Arguments[argument].Kind == ValueKind.Default ? Default(node, argument) == "True" : node.Arguments[argument].Constant.AsBool();

    static long[] Ints(GraphNode node, int argument) => node.Arguments[argument].Kind switch
    {
        ValueKind.None => [],
        ValueKind.Int => [node.Arguments[argument].Constant.AsInt()],
        // What was left out is as the schema says: 1, or [1, 1], or [].
        ValueKind.Default => Default(node, argument).Trim('[', ']').Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray(),
        _ => node.Arguments[argument].Constant.AsInts(),
    };

    static string Default(GraphNode node, int argument) => node.Schema.Parameters[argument].Default ?? "";

    internal static long[] Pair(GraphNode node, int argument) => Ints(node, argument) switch
    {
        [var one] => [one, one],
        [var first, var second] => [first, second],
        _ => throw new NotSupportedException($"{node.Place}: {node.Operator} with other than two sizes in {node.Schema.Parameters[argument].Name}"),
    };

    static long[] Twice(long[] pair) => [.. pair, .. pair];
}
