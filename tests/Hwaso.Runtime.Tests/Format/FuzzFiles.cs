using Hwaso.Onnx;

namespace Hwaso.Runtime.Tests.Format;

/// <summary>Small files that together have every kind of node, to be damaged.</summary>
static class FuzzFiles
{
    public static IReadOnlyList<byte[]> All { get; } =
    [
        File(Street), File(Sizes), File(Shapes), File(Tokens), File(Resized), File(Coded), File(Folded), File(Attended),
        StreetModel.File(metadata: new() { [SegmentationMetadata.MeanKey] = "[0.1, 0.2, 0.3]" }), StreetModel.File(labels: true),
        .. EvaluatedFuzzFiles.All,
    ];

    static byte[] File(Action<OnnxDocument> write)
    {
        using var document = new OnnxDocument();
        document.Input("x", OnnxDataType.Float32, (1, ""), (3, ""), (16, ""), (16, ""));
        write(document);
        document.Output("y", OnnxDataType.Float32);
        return document.ToArray([]);
    }

    static float[] Wave(int count) => Enumerable.Range(0, count).Select(k => MathF.Sin(k * 0.7f) * 0.3f).ToArray();

    static void Street(OnnxDocument d)
    {
        d.Weight("w", [6, 3, 3, 3], Wave(162));
        d.Weight("b", [6], Wave(6));
        d.Weight("deep", [6, 1, 3, 3], Wave(54));
        d.Weight("up", [6, 4, 2, 2], Wave(96));
        foreach (var name in new[] { "scale", "shift", "mean" })
            d.Weight(name, [6], Wave(6));
        d.Weight("variance", [6], [1f, 2, 3, 4, 5, 6]);
        d.Node("Conv", "c", ["x", "w", "b"], ["a"], OnnxValue.Of("pads", 1, 1, 1, 1), OnnxValue.Of("strides", 1, 1),
            OnnxValue.Of("group", 1L), OnnxValue.Of("dilations", 1, 1));
        d.Node("BatchNormalization", "n", ["a", "scale", "shift", "mean", "variance"], ["e"], OnnxValue.Of("epsilon", 1e-3));
        d.Node("Relu", "r", ["e"], ["f"]);
        d.Node("Conv", "dw", ["f", "deep"], ["g"], OnnxValue.Of("pads", 1, 1, 1, 1), OnnxValue.Of("strides", 2, 2),
            OnnxValue.Of("group", 6L));
        d.Node("HardSwish", "h", ["g"], ["i"]);
        d.Node("ConvTranspose", "t", ["i", "up"], ["j"], OnnxValue.Of("strides", 2, 2), OnnxValue.Of("kernel_shape", 2, 2));
        d.Node("MaxPool", "p", ["j"], ["k"], OnnxValue.Of("kernel_shape", 3, 3), OnnxValue.Of("strides", 2, 2),
            OnnxValue.Of("pads", 1, 1, 1, 1), OnnxValue.Of("ceil_mode", 0L));
        d.Node("AveragePool", "q", ["k"], ["l"], OnnxValue.Of("kernel_shape", 2, 2), OnnxValue.Of("count_include_pad", 1L));
        d.Node("GlobalAveragePool", "ga", ["l"], ["m"]);
        d.Node("Sigmoid", "s", ["m"], ["o"]);
        d.Node("Mul", "mul", ["l", "o"], ["y"]);
    }

    // In 8 bits: two convolutions, one with a code for each channel, and a sum.
    static void Coded(OnnxDocument d)
    {
        foreach (var name in new[] { "in", "mid" })
        {
            d.Weight($"{name}.s", [], [0.02f]);
            d.Weight($"{name}.z", OnnxDataType.UInt8, [], [100]);
        }
        d.Weight("w", OnnxDataType.Int8, [3, 3, 3, 3], [.. Enumerable.Range(0, 81).Select(k => (byte)(k * 37))]);
        d.Weight("w.s", [3], [0.01f, 0.02f, 0.03f]);
        d.Weight("w.z", OnnxDataType.Int8, [3], new byte[3]);
        d.Weight("b", OnnxDataType.Int32, [3], new byte[12]);
        d.Weight("b.z", OnnxDataType.Int32, [3], new byte[12]);
        d.Node("QuantizeLinear", "q", ["x", "in.s", "in.z"], ["xq"]);
        d.Node("DequantizeLinear", "r", ["xq", "in.s", "in.z"], ["xr"]);
        d.Node("DequantizeLinear", "rw", ["w", "w.s", "w.z"], ["wr"], OnnxValue.Of("axis", 0L));
        d.Node("DequantizeLinear", "rb", ["b", "w.s", "b.z"], ["br"], OnnxValue.Of("axis", 0L));
        d.Node("Conv", "c", ["xr", "wr", "br"], ["a"], OnnxValue.Of("pads", 1, 1, 1, 1), OnnxValue.Of("strides", 1, 1),
            OnnxValue.Of("group", 1L), OnnxValue.Of("dilations", 1, 1));
        d.Node("Relu", "relu", ["a"], ["e"]);
        d.Node("QuantizeLinear", "q2", ["e", "mid.s", "mid.z"], ["eq"]);
        d.Node("DequantizeLinear", "r2", ["eq", "mid.s", "mid.z"], ["er"]);
        d.Node("Add", "sum", ["er", "xr"], ["f"]);
        d.Node("QuantizeLinear", "q3", ["f", "mid.s", "mid.z"], ["fq"]);
        d.Node("DequantizeLinear", "r3", ["fq", "mid.s", "mid.z"], ["y"]);
    }

    // What the planner computes as one step: a convolution with hard swish, a factor and a summand; products with their ends.
    static void Folded(OnnxDocument d)
    {
        d.Weight("w", [4, 3, 3, 3], Wave(108));
        d.Weight("up", [4, 3, 2, 2], Wave(48));
        foreach (var (name, number) in new[] { ("3", 3f), ("0", 0f), ("6", 6f), ("1", 1f), ("half", 0.5f), ("root", MathF.Sqrt(2)) })
            d.Weight(name, [], [number]);
        d.Weight("m", [32, 10], Wave(320));
        d.Weight("b", [10], Wave(10));
        d.Node("Conv", "c", ["x", "w"], ["a"], OnnxValue.Of("pads", 6, 6, 6, 6), OnnxValue.Of("dilations", 6, 6));
        d.Node("Add", "a3", ["a", "3"], ["e"]);
        d.Node("Clip", "clip", ["e", "0", "6"], ["f"]);
        d.Node("Mul", "hs", ["a", "f"], ["g"]);
        d.Node("Div", "d6", ["g", "6"], ["h"]);
        d.Node("Mul", "s", ["h", "half"], ["i"]);
        d.Node("Add", "t", ["i", "1"], ["k"]);
        d.Node("ConvTranspose", "u", ["k", "up"], ["l"], OnnxValue.Of("strides", 2, 2));
        d.Node("MatMul", "mm", ["l", "m"], ["n"]);
        d.Node("Add", "bias", ["n", "b"], ["o"]);
        d.Node("Mul", "scale", ["o", "b"], ["p"]);
        d.Node("Div", "r2", ["p", "root"], ["q"]);
        d.Node("Erf", "erf", ["q"], ["r"]);
        d.Node("Add", "one", ["r", "1"], ["v"]);
        d.Node("Mul", "g1", ["p", "v"], ["z"]);
        d.Node("Mul", "g2", ["z", "half"], ["y"]);
    }

    static void Attended(OnnxDocument d)
    {
        d.Weight("scale", [], [0.25f]);
        d.Node("Transpose", "kt", ["x"], ["k"], OnnxValue.Of("perm", 0, 1, 3, 2));
        d.Node("MatMul", "qk", ["x", "k"], ["a"]);
        d.Node("Mul", "scaled", ["a", "scale"], ["b"]);
        d.Node("Softmax", "sm", ["b"], ["c"], OnnxValue.Of("axis", -1L));
        d.Node("MatMul", "pv", ["c", "x"], ["e"]);
        d.Node("Sigmoid", "sig", ["e"], ["f"]);
        d.Node("Mul", "silu", ["e", "f"], ["y"]);
    }

    static void Sizes(OnnxDocument d)
    {
        d.Weight("zero", [1], [0L]);
        d.Weight("one", [1], [1L]);
        d.Weight("two", [1], [2L]);
        d.Weight("three", [1], [3L]);
        d.Weight("start", [], [0L]);
        d.Weight("end", [], [6L]);
        d.Weight("step", [], [2L]);
        d.Node("Shape", "shape", ["x"], ["sizes"]);
        d.Node("Gather", "h", ["sizes", "two"], ["h1"], OnnxValue.Of("axis", 0L));
        d.Node("Concat", "both", ["one", "three", "h1", "h1"], ["target"], OnnxValue.Of("axis", 0L));
        d.Node("ConstantOfShape", "zeros", ["target"], ["zeros1"]);
        d.Node("Range", "range", ["start", "end", "step"], ["range1"]);
        d.Node("Equal", "equal", ["target", "target"], ["same"]);
        d.Node("Where", "where", ["same", "target", "sizes"], ["chosen"]);
        d.Node("Reshape", "v", ["x", "chosen"], ["a"]);
        d.Node("Expand", "grow", ["a", "target"], ["b"]);
        d.Node("Add", "sum", ["b", "zeros1"], ["c"]);
        d.Node("Slice", "cut", ["c", "zero", "two", "three", "one"], ["e"]);
        d.Node("Cast", "cast", ["range1"], ["numbers"], OnnxValue.Of("to", 1L));
        d.Node("ReduceSum", "all", ["numbers", "zero"], ["total"], OnnxValue.Of("keepdims", 1L));
        d.Node("Mul", "scaled", ["e", "total"], ["y"]);
    }

    static void Shapes(OnnxDocument d)
    {
        d.Weight("flat", [2], [3L, -1]);
        d.Weight("first", [1], [0L]);
        d.Weight("pads", [4], [0L, 1, 0, 2]);
        d.Weight("index", [3], [2L, 0, 1]);
        d.Node("Transpose", "t", ["x"], ["a"], OnnxValue.Of("perm", 0, 2, 3, 1));
        d.Node("Transpose", "u", ["a"], ["b"], OnnxValue.Of("perm", 0, 3, 1, 2));
        d.Node("Split", "s", ["b"], ["c", "e", "f"], OnnxValue.Of("axis", 1L));
        d.Node("Concat", "j", ["c", "f", "e"], ["g"], OnnxValue.Of("axis", 1L));
        d.Node("Squeeze", "q", ["g", "first"], ["h"]);
        d.Node("Gather", "ga", ["h", "index"], ["i"], OnnxValue.Of("axis", 0L));
        d.Node("Unsqueeze", "un", ["i", "first"], ["k"]);
        d.Node("Flatten", "fl", ["k"], ["l"], OnnxValue.Of("axis", 2L));
        d.Node("Reshape", "v", ["l", "flat"], ["m"]);
        d.Node("Pad", "pad", ["m", "pads"], ["n"], OnnxValue.Of("mode", "constant"));
        d.Node("Clip", "clip", ["n"], ["o"]);
        d.Node("ReduceMean", "mean", ["o"], ["p"], OnnxValue.Of("axes", [1L]), OnnxValue.Of("keepdims", 1L));
        d.Node("Sub", "sub", ["o", "p"], ["r"]);
        d.Node("Abs", "abs", ["r"], ["y"]);
    }

    static void Tokens(OnnxDocument d)
    {
        d.Weight("flat", [3], [1L, 16, 48]);
        d.Weight("m", [48, 10], Wave(480));
        d.Weight("w", [10, 5], Wave(50));
        d.Weight("b", [5], Wave(5));
        d.Weight("scale", [10], Wave(10));
        d.Weight("rows", [2], [16L, 10]);
        d.Weight("half", [], [0.5f]);
        d.Node("Reshape", "v", ["x", "flat"], ["a"]);
        d.Node("MatMul", "mm", ["a", "m"], ["c"]);
        d.Node("LayerNormalization", "ln", ["c", "scale", "scale"], ["e"], OnnxValue.Of("axis", -1L), OnnxValue.Of("epsilon", 1e-5));
        d.Node("Erf", "erf", ["e"], ["f"]);
        d.Node("Pow", "pow", ["f", "half"], ["g"]);
        d.Node("Reshape", "r", ["e", "rows"], ["h"]);
        d.Node("Gemm", "gemm", ["h", "w", "b"], ["i"], OnnxValue.Of("alpha", 0.5), OnnxValue.Of("beta", 2.0));
        d.Node("LeakyRelu", "lr", ["i"], ["k"], OnnxValue.Of("alpha", 0.1));
        d.Node("Softmax", "sm", ["k"], ["l"], OnnxValue.Of("axis", -1L));
        d.Node("Tanh", "tanh", ["l"], ["y"]);
    }

    static void Resized(OnnxDocument d)
    {
        d.Weight("sizes", [4], [1L, 3, 20, 24]);
        d.Weight("scales", [4], [1f, 1, 0.5f, 2]);
        d.Weight("grid", [1, 4, 5, 2], Wave(40));
        d.Node("Resize", "linear", ["x", "", "", "sizes"], ["a"], OnnxValue.Of("mode", "linear"),
            OnnxValue.Of("coordinate_transformation_mode", "align_corners"));
        d.Node("Resize", "near", ["a", "", "scales"], ["b"], OnnxValue.Of("mode", "nearest"),
            OnnxValue.Of("coordinate_transformation_mode", "asymmetric"), OnnxValue.Of("nearest_mode", "floor"));
        d.Node("GridSample", "grid", ["b", "grid"], ["c"], OnnxValue.Of("mode", "bilinear"), OnnxValue.Of("padding_mode", "zeros"),
            OnnxValue.Of("align_corners", 0L));
        d.Node("ReduceMax", "max", ["c"], ["e"], OnnxValue.Of("axes", [1L]), OnnxValue.Of("keepdims", 0L));
        d.Node("Exp", "exp", ["e"], ["y"]);
    }
}
