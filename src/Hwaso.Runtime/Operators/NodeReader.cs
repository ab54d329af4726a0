using System.Runtime.InteropServices;
using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>Translates each ONNX node into one or more operators with one output each.</summary>
static class NodeReader
{
    public static void Read(OnnxNode node, int opset, GraphBuilder graph)
    {
        var place = $"{graph.Place}: {node.Place}";
        if (node.Domain.Length > 0)
            throw new ModelFormatException(place, $"operators of '{node.Domain}' are not supported");
        if (node.Attributes.Values.FirstOrDefault(a => a.Graphs.Length > 0) is { } nested)
            throw new ModelFormatException(place, $"attribute {nested.Name} holds a graph, which is not supported");
        if (node.Outputs.Count == 0 || node.Outputs[0].Length == 0)
            throw new ModelFormatException(place, "has no output");
        var attributes = new NodeAttributes(node, opset, place);
        var inputs = node.Inputs.Select(graph.Value).ToArray();
        switch (node.Type)
        {
            case "Constant":
                graph.Constants[graph.Value(node.Outputs[0])] = ReadConstant(attributes);
                break;
            case "BatchNormalization":
                ReadBatchNorm(attributes, inputs, graph);
                break;
            case "Gemm":
                ReadGemm(attributes, inputs, graph);
                break;
            case "Split":
                ReadSplit(attributes, inputs, graph);
                break;
            case "Dropout" when inputs.Length > 2 && (IsZero(inputs[1], graph) || IsZero(inputs[2], graph)):
                // PyTorch writes training mode with the ratio 0 where a network forgot to turn dropout off.
                attributes.Ignore("ratio", "seed");
                graph.Add(place, new ViewOperator(ViewKind.Identity, null, false), graph.Value(node.Outputs[0]), inputs[0]);
                break;
            case "QuantizeLinear" or "DequantizeLinear":
                OneOutput(node, place);
                graph.Add(place, ByteNodes.Read(attributes, inputs, graph), graph.Value(node.Outputs[0]), inputs[0]);
                break;
            default:
                OneOutput(node, place);
                if (!ComposedOperators.Read(attributes, inputs, graph))
                    graph.Add(place, Single(attributes), graph.Value(node.Outputs[0]), inputs);
                break;
        }
        attributes.Finish();
    }

    /// <summary>The operator of a node with one output; null if there is none, or none with the node's attributes.</summary>
    public static Operator? Planned(OnnxNode node, int opset, string place)
    {
        var attributes = new NodeAttributes(node, opset, place);
        try
        {
            var operation = Single(attributes);
            attributes.Finish();
            return operation;
        }
        catch (ModelFormatException)
        {
            return null;
        }
    }

    static Operator Single(NodeAttributes attributes)
    {
        static UnaryOperator One(UnaryKind kind, float a = 0, float b = 0) => new(new Unary(kind, a, b));
        static BinaryOperator Two(BinaryKind kind) => new(kind, default);
        ViewOperator View(ViewKind kind, bool allowZero = false) => new(kind, attributes.Ints("axes"), allowZero);

        switch (attributes.Node.Type)
        {
            case "Conv": return ConvOperator.Read(attributes);
            case "ConvTranspose": return ConvTransposeOperator.Read(attributes);
            case "DeformConv": return DeformConvOperator.Read(attributes);
            case "MaxPool": return PoolOperator.Read(attributes, maximum: true);
            case "AveragePool": return PoolOperator.Read(attributes, maximum: false);
            case "GlobalAveragePool": return ReduceOperator.Global(ReduceKind.Mean);
            case "GlobalMaxPool": return ReduceOperator.Global(ReduceKind.Max);
            case "ReduceMean": return ReduceOperator.Read(attributes, ReduceKind.Mean);
            case "ReduceSum": return ReduceOperator.Read(attributes, ReduceKind.Sum);
            case "ReduceMax": return ReduceOperator.Read(attributes, ReduceKind.Max);
            case "ReduceMin": return ReduceOperator.Read(attributes, ReduceKind.Min);
            case "ArgMax":
                return new ArgMaxOperator(
                    attributes.Int("axis", 0), attributes.Flag("keepdims", true), attributes.Flag("select_last_index"));
            case "Softmax" or "LogSoftmax":
                var before13 = attributes.Opset < 13;
                return new SoftmaxOperator(attributes.Int("axis", before13 ? 1 : -1), attributes.Node.Type == "LogSoftmax", before13);
            case "LayerNormalization":
                attributes.Ignore("stash_type");
                return new LayerNormOperator(attributes.Int("axis", -1), attributes.Float("epsilon", 1e-5f));
            case "MatMul": return new MatMulOperator(false, false, 1);

            case "Relu": return One(UnaryKind.Relu);
            case "LeakyRelu": return One(UnaryKind.LeakyRelu, attributes.Float("alpha", 0.01f));
            case "Clip": return ClipOperator.Read(attributes);
            case "Sigmoid": return One(UnaryKind.Sigmoid);
            case "HardSigmoid": return One(UnaryKind.HardSigmoid, attributes.Float("alpha", 0.2f), attributes.Float("beta", 0.5f));
            case "HardSwish": return One(UnaryKind.HardSwish);
            case "Tanh": return One(UnaryKind.Tanh);
            case "Gelu":
                return One(attributes.Text("approximate", "none") switch
                {
                    "none" => UnaryKind.Gelu,
                    "tanh" => UnaryKind.GeluTanh,
                    var other => throw attributes.Refuse($"approximate {other} is not supported"),
                });
            case "Elu": return One(UnaryKind.Elu, attributes.Float("alpha", 1));
            case "Mish": return One(UnaryKind.Mish);
            case "Softplus": return One(UnaryKind.Softplus);
            case "Erf": return One(UnaryKind.Erf);
            case "Exp": return One(UnaryKind.Exp);
            case "Log": return One(UnaryKind.Log);
            case "Sqrt": return One(UnaryKind.Sqrt);
            case "Abs": return One(UnaryKind.Abs);
            case "Neg": return One(UnaryKind.Neg);
            case "Floor": return One(UnaryKind.Floor);
            case "Ceil": return One(UnaryKind.Ceil);
            case "Reciprocal": return One(UnaryKind.Reciprocal);

            case "Add": return Two(BinaryKind.Add);
            case "Sub": return Two(BinaryKind.Sub);
            case "Mul": return Two(BinaryKind.Mul);
            case "Div": return Two(BinaryKind.Div);
            case "Pow": return Two(BinaryKind.Pow);

            case "Resize": return ResizeOperator.Read(attributes, isUpsample: false);
            case "Upsample": return ResizeOperator.Read(attributes, isUpsample: true);
            case "GridSample": return GridSampleOperator.Read(attributes);
            case "Concat": return new ConcatOperator(attributes.Int("axis", 1));
            case "Transpose": return new TransposeOperator(attributes.Ints("perm"));
            case "Slice": return SliceOperator.Read(attributes);
            case "DepthToSpace": return DepthToSpaceOperator.Read(attributes, toSpace: true);
            case "SpaceToDepth": return DepthToSpaceOperator.Read(attributes, toSpace: false);
            case "Expand": return new ExpandOperator();
            case "Pad": return PadOperator.Read(attributes);
            case "Gather": return new GatherOperator(attributes.Int("axis", 0));

            case "Identity": return View(ViewKind.Identity);
            case "Dropout":
                attributes.Ignore("ratio", "seed");
                // Whether it is in training mode is input 2, which may depend on the image.
                return attributes.Node.Inputs.Count < 3 || attributes.Node.Inputs[2].Length == 0
                    ? View(ViewKind.Identity)
                    : throw attributes.Refuse("input training_mode is not supported");
            case "Reshape": return View(ViewKind.Reshape, attributes.Flag("allowzero"));
            case "Flatten": return new ViewOperator(ViewKind.Flatten, [attributes.Int("axis", 1)], false);
            case "Squeeze": return View(ViewKind.Squeeze);
            case "Unsqueeze": return View(ViewKind.Unsqueeze);
            case "Cast": return CastOperator.Read(attributes);

            case "Shape": return new ShapeOperator(attributes.Int("start", 0), attributes.Int("end", int.MaxValue));
            case "ConstantOfShape": return ReadConstantOfShape(attributes);
            case "Range": return new RangeOperator();
            case "Equal": return new ChoiceOperator(ChoiceKind.Equal);
            case "Less": return new ChoiceOperator(ChoiceKind.Less);
            case "LessOrEqual": return new ChoiceOperator(ChoiceKind.LessOrEqual);
            case "Greater": return new ChoiceOperator(ChoiceKind.Greater);
            case "GreaterOrEqual": return new ChoiceOperator(ChoiceKind.GreaterOrEqual);
            case "And": return new ChoiceOperator(ChoiceKind.And);
            case "Or": return new ChoiceOperator(ChoiceKind.Or);
            case "Xor": return new ChoiceOperator(ChoiceKind.Xor);
            case "Mod": return new ChoiceOperator(attributes.Flag("fmod") ? ChoiceKind.Remainder : ChoiceKind.Mod);
            case "Not": return new NotOperator();
            case "Where": return new WhereOperator();
            case "Sin": return new SineOperator(IsCosine: false);
            case "Cos": return new SineOperator(IsCosine: true);
            case "CumSum": return new CumSumOperator(attributes.Flag("exclusive"), attributes.Flag("reverse"));
            case "Einsum": return EinsumOperator.Read(attributes);
            case "ScatterND":
                return attributes.Text("reduction", "none") == "none" ? new ScatterOperator()
                    : throw attributes.Refuse("a reduction is not supported");
            default: throw attributes.Refuse($"operator {attributes.Node.Type} is not supported");
        }
    }

    static bool IsZero(int value, GraphBuilder graph) =>
        graph.Constants.GetValueOrDefault(value) is { Type.Elements: 1 } number && number.Type switch
        {
            { IsFloat: true } => number.Floats[0] == 0,
            { IsBytes: true } => false,
            _ => number.Ints[0] == 0,
        };

    static void OneOutput(OnnxNode node, string place)
    {
        // Exporters declare outputs such as Dropout's mask even if no node uses them.
        if (node.Outputs.Skip(1).Any(o => o.Length > 0) && node.Type != "Dropout")
            throw new ModelFormatException(place, "outputs after the first are not supported");
    }

    static ConstantOfShapeOperator ReadConstantOfShape(NodeAttributes attributes) => attributes.Tensor("value") switch
    {
        null => new(0, 0),
        { Floats: { } bytes } => new(bytes.Length >= sizeof(float) ? MemoryMarshal.Read<float>(FileBytes.Get(bytes)) : 0, 0),
        var tensor => new(null, tensor.Ints is [var number, ..] ? number : 0),
    };

    static Constant ReadConstant(NodeAttributes attributes)
    {
        if (attributes.Tensor("value") is { } tensor)
            return Constant.Of(tensor, attributes.Place);
        if (attributes.Node.Attributes.ContainsKey("value_float"))
            return new Constant(new TensorType(true, [], attributes.Place), [attributes.Float("value_float", 0)]);
        if (attributes.Node.Attributes.ContainsKey("value_int"))
            return new Constant(new TensorType(false, [], attributes.Place), [attributes.Int("value_int", 0)]);
        if (attributes.Floats("value_floats") is { } floats)
            return new Constant(new TensorType(true, [floats.Length], attributes.Place), floats);
        if (attributes.Ints("value_ints") is { } ints)
            return new Constant(new TensorType(false, [ints.Length], attributes.Place), ints);
        throw attributes.Refuse("holds no value");
    }

    // y = x · s / √(v + ε) + (b − m · s / √(v + ε)): a factor and a shift per channel, which are folded into convolutions later.
    static void ReadBatchNorm(NodeAttributes attributes, int[] inputs, GraphBuilder graph)
    {
        OneOutput(attributes.Node, attributes.Place);
        attributes.Ignore("momentum", "spatial");
        if (attributes.Int("training_mode", 0) != 0)
            throw attributes.Refuse("training_mode 1 is not supported");
        var epsilon = attributes.Float("epsilon", 1e-5f);
        if (inputs.Length != 5)
            throw attributes.Refuse($"{inputs.Length} inputs; 5 were wanted");
        var parts = inputs.Skip(1)
            .Select((value, k) => graph.Constants.GetValueOrDefault(value) ?? throw attributes.Refuse($"input {k + 1} is not a constant"))
            .ToArray();
        if (parts.Any(p => !p.Type.IsFloat || p.Type.Rank != 1 || p.Type.Elements != parts[0].Type.Elements))
        {
            var types = string.Join(", ", parts.Select(p => p.Type));
            throw attributes.Refuse($"scale, shift, mean and variance {types} do not fit each other");
        }
        var type = new TensorType(true, [parts[0].Type.Elements, 1, 1], attributes.Place);
        var (factor, shift) = (new Constant(type), new Constant(type));
        for (var c = 0; c < type.Elements; c++)
        {
            var scale = parts[0].Floats[c] / Math.Sqrt(parts[3].Floats[c] + (double)epsilon);
            factor.Floats[c] = (float)scale;
            shift.Floats[c] = (float)(parts[1].Floats[c] - (parts[2].Floats[c] * scale));
        }
        var between = graph.Fresh(attributes.Node.Outputs[0] + " before its shift");
        graph.Add(attributes.Place, new BinaryOperator(BinaryKind.Mul, default, ByChannel: true), between, inputs[0],
            graph.Constant(factor));
        graph.Add(attributes.Place, new BinaryOperator(BinaryKind.Add, default, ByChannel: true), graph.Value(attributes.Node.Outputs[0]),
            between, graph.Constant(shift));
    }

    static void ReadGemm(NodeAttributes attributes, int[] inputs, GraphBuilder graph)
    {
        OneOutput(attributes.Node, attributes.Place);
        var product = new MatMulOperator(attributes.Flag("transA"), attributes.Flag("transB"), attributes.Float("alpha", 1));
        var beta = attributes.Float("beta", 1);
        var output = graph.Value(attributes.Node.Outputs[0]);
        if (inputs.Length < 2)
            throw attributes.Refuse($"{inputs.Length} inputs; 2 or 3 were wanted");
        if (inputs.Length < 3 || inputs[2] < 0 || beta == 0)
        {
            graph.Add(attributes.Place, product, output, inputs[0], inputs[1]);
            return;
        }
        var between = graph.Fresh(attributes.Node.Outputs[0] + " before its shift");
        graph.Add(attributes.Place, product, between, inputs[0], inputs[1]);
        var shift = inputs[2];
        if (beta != 1)
        {
            shift = graph.Fresh(attributes.Node.Outputs[0] + "'s shift");
            graph.Add(attributes.Place, new BinaryOperator(BinaryKind.Mul, default), shift, inputs[2],
                graph.Constant(new Constant(new TensorType(true, [], attributes.Place), [beta])));
        }
        graph.Add(attributes.Place, new BinaryOperator(BinaryKind.Add, default), output, between, shift);
    }

    static void ReadSplit(NodeAttributes attributes, int[] inputs, GraphBuilder graph)
    {
        attributes.Ignore("num_outputs");
        var (axis, sizes) = (attributes.Int("axis", 0), attributes.Ints("split"));
        for (var k = 0; k < attributes.Node.Outputs.Count; k++)
            if (attributes.Node.Outputs[k].Length > 0)
                graph.Add(attributes.Place, new SplitOperator(axis, k, attributes.Node.Outputs.Count, sizes),
                    graph.Value(attributes.Node.Outputs[k]), inputs);
    }
}
