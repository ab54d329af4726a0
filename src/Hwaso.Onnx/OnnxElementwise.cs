using Hwaso.Graph;
using Hwaso.Torch;
using static Hwaso.Onnx.OnnxArguments;

namespace Hwaso.Onnx;

/// <summary>Writes arithmetic and activations, which work on each element, and softmax.</summary>
static class OnnxElementwise
{
    public static void Unary(GraphNode node, OnnxExporter to, string type) => to.Emit(node, type, [to.Argument(node, 0)], to.Result(node));

    public static void Binary(GraphNode node, OnnxExporter to, string type) =>
        to.Emit(node, type, [to.Argument(node, 0), to.Argument(node, 1)], to.Result(node));

    public static void WithNumber(GraphNode node, OnnxExporter to, string type) =>
        to.Emit(node, type, [to.Argument(node, 0), to.Constant(node.Number(1))], to.Result(node));

    /// <summary>Writes a sum or difference of two tensors whose second one is taken once.</summary>
    public static void Sum(GraphNode node, OnnxExporter to, string type)
    {
        WantOnce(node);
        Binary(node, to, type);
    }

    /// <summary>Writes a sum or difference of a tensor and a number that is taken once.</summary>
    public static void SumWithNumber(GraphNode node, OnnxExporter to, string type)
    {
        WantOnce(node);
        WithNumber(node, to, type);
    }

    /// <summary>Writes number − x.</summary>
    public static void NumberMinus(GraphNode node, OnnxExporter to)
    {
        WantOnce(node);
        to.Emit(node, "Sub", [to.Constant(node.Number(1)), to.Argument(node, 0)], to.Result(node));
    }

    public static void Softmax(GraphNode node, OnnxExporter to, string type) =>
        to.Emit(node, type, [to.Argument(node, 0)], to.Result(node), OnnxValue.Of("axis", node.Int(1)));

    public static void Silu(GraphNode node, OnnxExporter to)
    {
        var sigmoid = to.Between(node);
        to.Emit(node, "Sigmoid", [to.Argument(node, 0)], sigmoid);
        to.Emit(node, "Mul", [to.Argument(node, 0), sigmoid], to.Result(node));
    }

    /// <summary>Writes x · ½ · (1 + erf(x / √2)), because operator set 17 has no Gelu.</summary>
    public static void Gelu(GraphNode node, OnnxExporter to)
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

    public static void Clamp(GraphNode node, OnnxExporter to)
    {
        var inputs = node.Operator == "aten::clamp_max"
            ? [to.Argument(node, 0), "", Bound(1)]
            : Given(to.Argument(node, 0), Bound(1), Bound(2));
        to.Emit(node, "Clip", inputs, to.Result(node));

        string Bound(int argument) =>
            argument < node.Arguments.Count && node.Arguments[argument].Kind is not (ValueKind.None or ValueKind.Default)
                ? to.Constant(node.Number(argument))
                : "";
    }

    // The third argument, alpha, multiplies the second one.
    static void WantOnce(GraphNode node)
    {
        if (node.Number(2) != 1)
            throw OnnxExporter.RefuseArguments(node);
    }
}
