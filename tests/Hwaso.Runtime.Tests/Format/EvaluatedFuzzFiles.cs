using Hwaso.Common;
using Hwaso.Onnx;

namespace Hwaso.Runtime.Tests.Format;

/// <summary>Small files that the planner does not take, to be damaged: control flow, own operators, integers, sizes by numbers.</summary>
static class EvaluatedFuzzFiles
{
    // onnx.proto's numbers: ModelProto.functions, AttributeProto.g, ref_attr_name and its types FLOAT 1 and GRAPH 5.
    const int Functions = 25, Graph = 6, Reference = 21, FloatType = 1, GraphType = 5;

    public static IReadOnlyList<byte[]> All { get; } = [File(Controlled), [.. File(Called), .. Twice()], File(Integers), File(Chosen)];

    /// <summary>A file whose weights lie in the file <paramref name="data"/>.</summary>
    public static byte[] External(string data)
    {
        using var model = new WireWriter();
        var bytes = File(d =>
        {
            d.Node("Conv", "c", ["x", "w", "b"], ["a"]);
            d.Node("Relu", "r", ["a"], ["y"]);
        });
        // Fields of a message that occurs twice are joined.
        model.Message(7, graph =>
        {
            foreach (var (name, sizes, offset) in new (string, long[], int)[] { ("w", [2, 3, 1, 1], 0), ("b", [2], 24) })
                graph.Message(5, tensor =>
                {
                    foreach (var size in sizes)
                        tensor.Int(1, size);
                    tensor.Int(2, (int)OnnxDataType.Float32);
                    tensor.Text(8, name);
                    foreach (var (key, value) in new[] { ("location", data), ("offset", $"{offset}"),
                        ("length", $"{4 * sizes.Aggregate(1L, (a, b) => a * b)}") })
                        tensor.Message(13, pair =>
                        {
                            pair.Text(1, key);
                            pair.Text(2, value);
                        });
                    tensor.Int(14, 1);
                });
        });
        return FileField.Joined([.. bytes, .. model.ToArray()]);
    }

    static byte[] File(Action<OnnxDocument> write)
    {
        using var document = new OnnxDocument { Opset = 18 };
        document.Input("x", OnnxDataType.Float32, (1, ""), (3, ""), (8, ""), (8, ""));
        write(document);
        document.Output("y", OnnxDataType.Float32);
        return document.ToArray([]);
    }

    // An If that adds or subtracts, a Loop that ends by itself, a Scan over rows.
    static void Controlled(OnnxDocument d)
    {
        d.Weight("most", [], [4L]);
        d.Weight("half", [], [0.5f]);
        d.Weight("zeros", [3, 8], new float[24]);
        d.Weight("rows", [3], [3L, 8, 8]);
        d.Node("ReduceMax", "m", ["x"], ["largest"], OnnxValue.Of("keepdims", 0L));
        d.Node("Greater", "g", ["largest", "half"], ["is"]);
        d.Node("If", "if", ["is"], ["a"], Body("then_branch", [("Add", ["x", "x"], ["t"])], [], ["t"]),
            Body("else_branch", [("Sub", ["x", "half"], ["e"])], [], ["e"]));
        d.Node("Loop", "loop", ["most", "is", "a"], ["b", "all"], Body("body",
            [
                ("Mul", ["v", "half"], ["w"]), ("ReduceMax", ["w"], ["top"]), ("Squeeze", ["top"], ["s"]), ("Less", ["s", "most1"], ["on"]),
                ("Cast", ["turn"], ["count"]),
            ],
            ["turn", "was", "v"], ["on", "w", "s"], "most1"));
        d.Node("Reshape", "rs", ["b", "rows"], ["c"]);
        d.Node("Scan", "scan", ["zeros", "c"], ["last", "sums"],
            Body("body", [("Add", ["state", "row"], ["next"]), ("Relu", ["next"], ["out"])], ["state", "row"], ["next", "out"]),
            OnnxValue.Of("num_scan_inputs", 1L), OnnxValue.Of("scan_input_axes", [1L]), OnnxValue.Of("scan_output_axes", [1L]));
        d.Node("ReduceSum", "total", ["all"], ["n"], OnnxValue.Of("keepdims", 0L));
        d.Node("Add", "y", ["sums", "n"], ["y"]);
    }

    static OnnxValue Body(string name, (string Type, string[] Inputs, string[] Outputs)[] nodes, string[] inputs, string[] outputs,
        string? constant = null) => new(name, a =>
        {
            a.Message(Graph, g =>
            {
                foreach (var (type, ins, outs) in nodes)
                    g.Message(1, n =>
                    {
                        foreach (var input in ins)
                            n.Text(1, input);
                        foreach (var output in outs)
                            n.Text(2, output);
                        n.Text(4, type);
                        if (type == "Cast")
                            n.Message(5, to =>
                            {
                                to.Text(1, "to");
                                OnnxValue.Of("to", 1L).Write(to);
                            });
                    });
                if (constant is not null)
                    g.Message(5, t =>
                    {
                        t.Int(2, (int)OnnxDataType.Float32);
                        t.Text(8, constant);
                        t.Bytes(9, BitConverter.GetBytes(100f));
                    });
                foreach (var input in inputs)
                    g.Message(11, p => p.Text(1, input));
                foreach (var output in outputs)
                    g.Message(12, p => p.Text(1, output));
            });
            a.Int(20, GraphType);
        });

    static void Called(OnnxDocument d)
    {
        d.Node("twice", "one", ["x"], ["a"], OnnxValue.Of("k", 0.25));
        d.Node("twice", "two", ["a"], ["b"], OnnxValue.Of("k", 0.5));
        d.Node("NonZero", "nz", ["b"], ["at"]);
        d.Node("Cast", "f", ["at"], ["y"], OnnxValue.Of("to", 1L));
    }

    // The operator twice: leaky(x + x).
    static byte[] Twice()
    {
        using var model = new WireWriter();
        model.Message(Functions, f =>
        {
            f.Text(1, "twice");
            f.Text(4, "x");
            f.Text(5, "y");
            f.Text(6, "k");
            f.Message(7, n =>
            {
                n.Text(1, "x");
                n.Text(1, "x");
                n.Text(2, "t");
                n.Text(4, "Add");
            });
            f.Message(7, n =>
            {
                n.Text(1, "t");
                n.Text(2, "y");
                n.Text(4, "LeakyRelu");
                n.Message(5, a =>
                {
                    a.Text(1, "alpha");
                    a.Text(Reference, "k");
                    a.Int(20, FloatType);
                });
            });
        });
        return model.ToArray();
    }

    static void Integers(OnnxDocument d)
    {
        byte[] codes = [.. Enumerable.Range(0, 64).Select(k => (byte)(k * 37))];
        d.Weight("s", [], [0.02f]);
        d.Weight("z", OnnxDataType.UInt8, [], [100]);
        d.Weight("w", OnnxDataType.UInt8, [4, 3, 2, 2], codes.AsSpan(0, 48));
        d.Weight("m", OnnxDataType.UInt8, [7, 5], codes.AsSpan(0, 35));
        d.Weight("b", OnnxDataType.Int32, [4], new byte[16]);
        d.Node("DynamicQuantizeLinear", "dq", ["x"], ["q", "qs", "qz"]);
        d.Node("QLinearConv", "qc", ["q", "qs", "qz", "w", "s", "z", "s", "z", "b"], ["c"], OnnxValue.Of("strides", 1, 1));
        d.Node("QLinearMatMul", "qm", ["c", "s", "z", "m", "s", "z", "s", "z"], ["e"]);
        d.Node("MatMulInteger", "mi", ["c", "m", "z", "z"], ["f"]);
        d.Node("ConvInteger", "ci", ["q", "w", "qz", "z"], ["g"], OnnxValue.Of("pads", 0, 0, 0, 0));
        d.Node("ReduceMax", "r", ["g"], ["h"], OnnxValue.Of("keepdims", 0L));
        d.Node("Add", "a", ["f", "h"], ["i"]);
        d.Node("Cast", "c1", ["i"], ["k"], OnnxValue.Of("to", 1L));
        d.Node("DequantizeLinear", "de", ["e", "s", "z"], ["l"]);
        d.Node("Sub", "y", ["k", "l"], ["y"]);
    }

    // What only numbers decide, and sampling of regions.
    static void Chosen(OnnxDocument d)
    {
        d.Weight("boxes", [1, 64], [.. Enumerable.Range(0, 64).Select(k => k % 7 * 1f)]);
        d.Weight("four", [3], [1L, 16, 4]);
        d.Weight("one16", [3], [1L, 1, 16]);
        d.Weight("two", [1], [2L]);
        d.Weight("iou", [], [0.5f]);
        d.Weight("many", [], [5L]);
        d.Weight("zero", [1], [0L]);
        d.Weight("regions", [2, 4], [0f, 1, 5, 6, 2, 2, 7, 7]);
        d.Weight("images", [2], [0L, 0]);
        d.Weight("pads", [8], [0L, 0, 1, -1, 0, 0, 2, 1]);
        d.Weight("order", [1, 3, 8, 2], [.. Enumerable.Range(0, 48).Select(k => (long)(k % 8))]);
        d.Node("Reshape", "rb", ["boxes", "four"], ["bx"]);
        d.Node("Flatten", "fl", ["x"], ["flat"]);
        d.Node("Slice", "cut", ["flat", "zero", "sixteen", "ones"], ["first"]);
        d.Weight("sixteen", [1], [16L]);
        d.Weight("ones", [1], [1L]);
        d.Node("Reshape", "rscore", ["first", "one16"], ["scores"]);
        d.Node("NonMaxSuppression", "nms", ["bx", "scores", "many", "iou"], ["kept"]);
        d.Node("TopK", "top", ["x", "two"], ["best", "where"], OnnxValue.Of("axis", 3L));
        d.Node("GatherElements", "ge", ["x", "order"], ["some"], OnnxValue.Of("axis", 3L));
        d.Node("ScatterElements", "se", ["x", "where", "some"], ["put"], OnnxValue.Of("axis", 3L));
        d.Node("Pad", "pad", ["put", "pads"], ["wide"], OnnxValue.Of("mode", "reflect"));
        d.Node("RoiAlign", "roi", ["wide", "regions", "images"], ["part"], OnnxValue.Of("output_height", 2L),
            OnnxValue.Of("output_width", 3L), OnnxValue.Of("sampling_ratio", 0L));
        d.Node("Resize", "rz", ["part", "", "scales"], ["large"], OnnxValue.Of("mode", "cubic"));
        d.Weight("scales", [4], [1f, 1, 1.5f, 2]);
        d.Weight("axis", [], [2L]);
        d.Node("CumSum", "cs", ["large", "axis"], ["sum"]);
        d.Node("Unique", "un", ["kept"], ["u", "", "", "times"]);
        d.Node("ReduceSum", "rs", ["times"], ["t"], OnnxValue.Of("keepdims", 0L));
        d.Node("Cast", "c", ["t"], ["tf"], OnnxValue.Of("to", 1L));
        d.Node("Einsum", "es", ["sum", "tf"], ["y"], OnnxValue.Of("equation", "abcd,->abd"));
    }
}
