using Hwaso.Graph;
using Hwaso.Torch;
using static Hwaso.Onnx.OnnxArguments;

namespace Hwaso.Onnx;

/// <summary>Writes operators that move elements without computing: reshaping, transposing, slicing, padding.</summary>
static class OnnxShapes
{
    public static void Concat(GraphNode node, OnnxExporter to) =>
        to.Emit(node, "Concat", to.Arguments(node, 0), to.Result(node), OnnxValue.Of("axis", node.Int(1)));

    public static void Reshape(GraphNode node, OnnxExporter to) =>
        to.Emit(node, "Reshape", [to.Argument(node, 0), to.Sizes(node, oneMayBeLeftOut: true)], to.Result(node));

    public static void Expand(GraphNode node, OnnxExporter to) =>
        to.Emit(node, "Expand", [to.Argument(node, 0), to.Sizes(node, oneMayBeLeftOut: false)], to.Result(node));

    public static void Identity(GraphNode node, OnnxExporter to) => to.Emit(node, "Identity", [to.Argument(node, 0)], to.Result(node));

    public static void Permute(GraphNode node, OnnxExporter to) => to.Emit(
        node, "Transpose", [to.Argument(node, 0)], to.Result(node),
        OnnxValue.Of("perm", [.. node.Ints(1).Select(d => Axis(d, to.Tensor(node, 0)))]));

    public static void Transpose(GraphNode node, OnnxExporter to)
    {
        var tensor = to.Tensor(node, 0);
        var order = Enumerable.Range(0, tensor.Shape.Count).Select(d => (long)d).ToArray();
        var (a, b) = (Axis(node.Int(1), tensor), Axis(node.Int(2), tensor));
        (order[a], order[b]) = (order[b], order[a]);
        to.Emit(node, "Transpose", [to.Argument(node, 0)], to.Result(node), OnnxValue.Of("perm", order));
    }

    public static void Select(GraphNode node, OnnxExporter to)
    {
        // The index is a list of one, so Gather keeps the axis; Squeeze removes it, as select does.
        var picked = to.Between(node);
        to.Emit(node, "Gather", [to.Argument(node, 0), to.Constant(node.Int(2))], picked, OnnxValue.Of("axis", node.Int(1)));
        to.Emit(node, "Squeeze", [picked, to.Constant(Axis(node.Int(1), to.Tensor(node, 0)))], to.Result(node));
    }

    public static void IndexSelect(GraphNode node, OnnxExporter to) => to.Emit(
        node, "Gather", [to.Argument(node, 0), to.Argument(node, 2)], to.Result(node), OnnxValue.Of("axis", node.Int(1)));

    public static void Narrow(GraphNode node, OnnxExporter to)
    {
        var (from, start, length) = (to.Tensor(node, 0), node.Int(2), node.Int(3));
        var axis = Axis(node.Int(1), from);
        start = start < 0 ? start + from.Shape[(int)axis] : start;
        var (here, there) = (from.Shape[(int)axis], to.OtherShape(node.Arguments[0].Values[0])[(int)axis]);
        var reachesEnd = start + length == here;
        // Where the image's size is free, a part reaches the end at every size or has one length at every size.
        if (here != there && (!reachesEnd || to.OtherShape(node.Results[0])[(int)axis] != there - start))
            throw OnnxExporter.Refuse(node, $"of {length} from {start} on, of {here}, and otherwise at the other size of image");
        var end = reachesEnd ? long.MaxValue : start + length;
        to.Emit(node, "Slice", [to.Argument(node, 0), to.Constant(start), to.Constant(end), to.Constant(axis)], to.Result(node));
    }

    public static void PadByMode(GraphNode node, OnnxExporter to)
    {
        if (node.Arguments[2].Constant.ToString() != "\"constant\"")
            throw OnnxExporter.RefuseArguments(node);
        Pad(node, to, valueAt: 3);
    }

    public static void Pad(GraphNode node, OnnxExporter to, int valueAt)
    {
        var (input, result) = (node.Arguments[0].Values[0], node.Results[0]);
        if (!Added(to.Shape(input), to.Shape(result)).SequenceEqual(Added(to.OtherShape(input), to.OtherShape(result))))
            throw OnnxExporter.Refuse(node, "by other numbers at the other size of image");
        // libtorch counts from the last dimension, before and after in turn; ONNX lists all befores, then all afters.
        var (given, rank) = (node.Ints(1), to.Tensor(node, 0).Shape.Count);
        var pads = new long[2 * rank];
        for (var k = 0; k < given.Length; k++)
            pads[rank - 1 - (k / 2) + (k % 2 * rank)] = given[k];
        var value = to.Constant(node.Arguments[valueAt].Kind == ValueKind.None ? 0 : node.Number(valueAt));
        to.Emit(node, "Pad", [to.Argument(node, 0), to.Constant(pads), value], to.Result(node));

        static IEnumerable<long> Added(IReadOnlyList<long> before, IReadOnlyList<long> after) => after.Zip(before, (a, b) => a - b);
    }
}
