using System.Globalization;
using Hwaso.Checkpoints;
using Hwaso.Graph;
using static System.FormattableString;

namespace Hwaso.Onnx;

/// <summary>Writes a recording's nodes, one after another, with the weights that they use.</summary>
sealed class OnnxExporter
{
    readonly NetworkGraph graph;
    readonly NetworkGraph? other;
    readonly Func<string, HostTensor> weights;
    readonly OnnxOptions options;
    readonly BatchNormFolding? folding;
    readonly HashSet<int> written = [];
    readonly Dictionary<int, string> names = [];
    int extra;

    public OnnxExporter(NetworkGraph graph, Func<string, HostTensor> weights, OnnxOptions options, OnnxDocument document)
    {
        (this.graph, this.weights, this.options, other, Document) = (graph, weights, options, options.OtherSize, document);
        if (other is not null && !other.Nodes.Select(n => n.Operator).SequenceEqual(graph.Nodes.Select(n => n.Operator)))
            throw new ArgumentException("the recording of another size has other operators; record the same network twice");
        if (other is not null && Enumerable.Range(2, 2).Any(d => Input(other).Shape[d] == Input(graph).Shape[d]))
        {
            var (a, b) = (Input(graph).Shape, Input(other).Shape);
            throw new ArgumentException(
                $"the recordings are of {a[2]}×{a[3]} and {b[2]}×{b[3]}: height and width must both differ to be free");
        }
        folding = options.FoldBatchNorm || options.HalfPrecision ? new BatchNormFolding(graph) : null;
        // A file of half precision still has inputs and outputs of single precision.
        names[graph.Inputs[0]] = options.Detector is not null ? OnnxDetector.Input
            : options.HalfPrecision ? $"{options.InputName}_half" : options.InputName;
        if (!options.HalfPrecision && options.Labels is null)
            for (var k = 0; k < (options.Detector is null ? graph.Outputs.Count : 1); k++)
                names[graph.Outputs[k]] = Output(k);
    }

    public OnnxDocument Document { get; }

    public bool HasDeformConv => options.DeformConv;

    public NetworkGraph Graph => graph;

    public void Export()
    {
        if (options.Detector is { } detector)
            OnnxDetector.Begin(this, options.InputName, detector);
        else
            Document.Input(options.InputName, OnnxDataType.Float32, Port(graph.Inputs[0], "height", "width"));
        if (options.HalfPrecision)
            Plain("Cast", [options.InputName], names[graph.Inputs[0]], OnnxValue.Of("to", (long)OnnxDataType.Float16));
        foreach (var node in graph.Nodes)
            if (node.Results.Count == 0 || !node.Results.All(graph.Constants.ContainsKey))
                if (folding is null || !folding.IsGone(node))
                    OnnxOperators.Write(node, this);
        for (var k = 0; k < graph.Outputs.Count; k++)
            if (options.Labels is { } labels)
                WriteLabels(labels);
            else if (options.Detector is { } found && k == 1)
                OnnxDetector.Masks(this, Output(0), Name(graph.Outputs[1]), Shape(graph.Outputs[1]), found.Form, Output(1));
            else
            {
                if (options.HalfPrecision)
                    Plain("Cast", [Name(graph.Outputs[k])], Output(k), OnnxValue.Of("to", (long)OnnxDataType.Float32));
                Document.Output(Output(k), OnnxDataType.Float32, Port(graph.Outputs[k], $"{Output(k)}_height", $"{Output(k)}_width"));
            }
    }

    /// <summary>The convolution's weight, bias and result; with a folded batch norm, those that the two have together.</summary>
    public (string Weight, string Bias, string Result) Folded(GraphNode node)
    {
        if (folding?.Of(node) is not { } norm)
            return (Argument(node, 1), Argument(node, 2), Result(node));
        HostTensor? Number(GraphNode of, int argument) =>
            of.Arguments[argument].Values is [var value and >= 0, ..] ? weights(graph.Values[value].Name!) : null;
        var channels = (int)Tensor(node, 1).Shape[0];
        var (factors, shifts) = BatchNormFolding.Numbers(norm, channels, k => Number(norm, k), Number(node, 2)?.ToFloats());
        var weight = Weight(node, 1, ".folded", tensor =>
        {
            var values = tensor.ToFloats();
            var each = values.Length / channels;
            for (var k = 0; k < values.Length; k++)
                values[k] = (float)(values[k] * factors[k / each]);
            return ([.. tensor.Shape], values);
        });
        var bias = weight + ".shift";
        Document.Weight(bias, [channels], shifts);
        Made(norm);
        return (weight, bias, Result(norm));
    }

    // Resizes the scores to the image's size and takes the best class of each pixel.
    void WriteLabels(LabelOptions labels)
    {
        const string Scores = "scores_at_size";
        var (from, to) = (graph.Values[graph.Outputs[0]].Shape, graph.Values[graph.Inputs[0]].Shape);
        if (from.Count != 4)
            throw new NotSupportedException($"labels of an output [{string.Join(", ", from)}]; scores [1, K, h, w] were wanted");
        var sizes = Constant(to[0], from[1], to[2], to[3]);
        if (other is not null)
        {
            Plain("Shape", [options.InputName], "image_sizes");
            Plain("Slice", ["image_sizes", Constant(2), Constant(4)], "image_side_sizes");
            Plain("Concat", [Constant(to[0], from[1]), "image_side_sizes"], sizes = "label_sizes", OnnxValue.Of("axis", 0L));
        }
        Plain("Resize", [Name(graph.Outputs[0]), "", "", sizes], Scores, OnnxValue.Of("mode", "linear"),
            OnnxValue.Of("coordinate_transformation_mode", labels.AlignCorners ? "align_corners" : "half_pixel"));
        var classes = from[1] == 1 ? BothClasses(Scores, labels.Threshold) : Scores;
        Plain("ArgMax", [classes], options.OutputName, OnnxValue.Of("axis", 1L), OnnxValue.Of("keepdims", 0L));
        var image = Port(graph.Inputs[0], "height", "width");
        Document.Output(options.OutputName, OnnxDataType.Int64, image[0], image[2], image[3]);
    }

    // Of one channel, class 0 has the score 0 and class 1 what its logit exceeds the threshold's by.
    string BothClasses(string logit, double threshold)
    {
        const string Shifted = "above_threshold", Both = "scores_of_both";
        Document.Weight("threshold_logit", [1], [(float)Math.Log(threshold / (1 - threshold))]);
        Plain("Sub", [logit, "threshold_logit"], Shifted);
        Plain("Pad", [Shifted, Constant(0, 1, 0, 0, 0, 0, 0, 0)], Both);
        return Both;
    }

    void Plain(string type, string[] inputs, string output, params OnnxValue[] attributes) =>
        Document.Node(type, $"{type}_{output}", inputs, [output], attributes);

    // Several outputs are numbered from 0; a detector gives detections and masks.
    string Output(int k) => k < options.OutputNames.Count ? options.OutputNames[k]
        : options.Detector is not null && k == 1 ? "masks"
        : graph.Outputs.Count == 1 || options.Detector is not null ? options.OutputName : $"{options.OutputName}_{k}";

    /// <summary>The tensor of an argument.</summary>
    public GraphValue Tensor(GraphNode node, int argument) => graph.Values[node.Arguments[argument].Values[0]];

    /// <summary>The name of an argument's tensor in the file; a weight is written at its first use.</summary>
    public string Argument(GraphNode node, int argument) => node.Arguments[argument].Values is [var value, ..] ? Value(value, node) : "";

    public string[] Arguments(GraphNode node, int argument) => node.Arguments[argument].Values.Select(v => Value(v, node)).ToArray();

    public string Result(GraphNode node, int result = 0) => Name(node.Results[result]);

    /// <summary>A new name for an intermediate result of a node.</summary>
    public string Between(GraphNode node) => $"{Result(node)}_{++extra}";

    /// <summary>Writes a weight that is made from a recorded one, under a name of its own.</summary>
    public string Weight(GraphNode node, int argument, string suffix, Func<HostTensor, (long[] Shape, float[] Values)> change)
    {
        var value = Tensor(node, argument);
        var name = value.Name ?? $"constant_{value.Id}";
        // A part of a weight follows from weights alone, as every constant does.
        var host = value.Name is not null ? weights(name)
            : graph.Constants.TryGetValue(value.Id, out var constant) ? constant : throw Unknown(node, argument);
        var (shape, values) = change(host);
        Document.Weight(name + suffix, shape, values);
        return name + suffix;
    }

    public string Constant(params long[] values)
    {
        var name = $"ints_{string.Join('_', values)}";
        Document.Weight(name, [values.Length], values);
        return name;
    }

    /// <summary>A single integer without dimensions.</summary>
    public string Scalar(long value)
    {
        var name = $"int_{value}";
        Document.Weight(name, [], [value]);
        return name;
    }

    public string Constant(long[] shape, float[] values)
    {
        var texts = values.Select(v => v.ToString("R", CultureInfo.InvariantCulture));
        var name = $"numbers_{string.Join('_', shape)}_{string.Join('_', texts)}";
        Document.Weight(name, shape, values);
        return name;
    }

    /// <summary>Integers as numbers of the file's precision.</summary>
    public string Floats(string integers, Func<string, string[], OnnxValue[], string> step) =>
        step("Cast", [integers], [OnnxValue.Of("to", (long)(options.HalfPrecision ? OnnxDataType.Float16 : OnnxDataType.Float32))]);

    /// <summary>The shape of a tensor at the recorded size.</summary>
    public IReadOnlyList<long> Shape(int value) => graph.Values[value].Shape;

    /// <summary>The shape of a tensor at the other recorded size, or at this one where sizes are fixed.</summary>
    public IReadOnlyList<long> OtherShape(int value) => (other ?? graph).Values[value].Shape;

    public string Constant(double value)
    {
        var name = Invariant($"number_{value:R}");
        Document.Weight(name, [], [(float)value]);
        return name;
    }

    /// <summary>Writes an ONNX node of a recorded one.</summary>
    public void Emit(GraphNode node, string type, string[] inputs, string output, params OnnxValue[] attributes)
    {
        var place = node.Place.Length > 0 ? node.Place + "/" : "";
        var number = output == Result(node) ? "" : $"_{++extra}";
        Document.Node(type, $"{place}{type}_{node.Index}{number}", inputs, [output], attributes);
    }

    /// <summary>The sizes of a node's result as a tensor: constant, or computed from the image's size.</summary>
    public string Sizes(GraphNode node, bool oneMayBeLeftOut)
    {
        var id = node.Results[0];
        var (here, there) = (graph.Values[id].Shape, other?.Values[id].Shape ?? graph.Values[id].Shape);
        var free = Enumerable.Range(0, here.Count).Where(d => here[d] != there[d]).ToArray();
        if (free.Length == 0)
            return Constant([.. here]);
        if (oneMayBeLeftOut && free.Length == 1)
            return Constant(here.Select((s, d) => d == free[0] ? -1 : s).ToArray());
        var parts = here.Select((s, d) => here[d] == there[d] ? Constant(s) : Size(node, here[d], there[d])).ToArray();
        var sizes = Between(node);
        Emit(node, "Concat", parts, sizes, OnnxValue.Of("axis", 0L));
        return sizes;
    }

    /// <summary>The error for an operator that no writer knows, or not with these arguments.</summary>
    public static NotSupportedException RefuseArguments(GraphNode node) => Refuse(node, "with these arguments");

    /// <summary>The error for a node that cannot be written.</summary>
    public static NotSupportedException Refuse(GraphNode node, string problem) =>
        new($"{(node.Place.Length > 0 ? node.Place : "the network")}: {node.Operator} {problem}, which ONNX export does not know");

    /// <summary>A size that differs between the recordings, read from an earlier tensor that has the same two sizes.</summary>
    string Size(GraphNode node, long here, long there)
    {
        var first = node.Results[0];
        for (var id = 0; id < first; id++)
            for (var d = 0; d < graph.Values[id].Shape.Count; d++)
                if (graph.Values[id].Shape[d] == here && other!.Values[id].Shape[d] == there
                    && (written.Contains(id) || id == graph.Inputs[0]))
                {
                    var (shape, size) = (Between(node), Between(node));
                    Emit(node, "Shape", [Name(id)], shape);
                    Emit(node, "Gather", [shape, Constant(d)], size, OnnxValue.Of("axis", 0L));
                    return size;
                }
        throw Refuse(node, $"makes a size of {here}, and of {there} at the other size of image");
    }

    public void Made(GraphNode node)
    {
        // A folded convolution makes its batch norm's result.
        if (folding?.Of(node) is not null)
            return;
        foreach (var result in node.Results)
            written.Add(result);
    }

    string Value(int value, GraphNode node)
    {
        if (value < 0)
            return "";
        if (graph.Values[value].Name is { } name && value != graph.Inputs[0])
        {
            var tensor = weights(name);
            Document.Weight(name, tensor.Shape, tensor.ToFloats());
            return name;
        }
        if (graph.Constants.TryGetValue(value, out var constant))
        {
            if (!Shape(value).SequenceEqual(OtherShape(value)))
                throw Refuse(node, "uses numbers that follow from the image's size; give the export a fixed size");
            Document.Weight($"constant_{value}", constant.Shape, constant.ToFloats());
            return $"constant_{value}";
        }
        return written.Contains(value) || value == graph.Inputs[0]
            ? Name(value)
            : throw Refuse(node, "uses a tensor that is neither a weight nor made by the network");
    }

    NotSupportedException Unknown(GraphNode node, int argument) =>
        Refuse(node, $"uses {Tensor(node, argument).Shape.Count}-dimensional numbers that are no weight");

    string Name(int value) => names.TryGetValue(value, out var name) ? name : $"value_{value}";

    (long?, string)[] Port(int value, string height, string width) => graph.Values[value].Shape
        .Select((size, d) => (other is not null && other.Values[value].Shape[d] != size ? (long?)null : size, d == 2 ? height : width))
            .ToArray();

    static GraphValue Input(NetworkGraph graph) => graph.Values[graph.Inputs[0]];
}
