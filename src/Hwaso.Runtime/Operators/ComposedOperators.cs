using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX operators that are composed of other operators.</summary>
static class ComposedOperators
{
    /// <summary>Adds the nodes of an operator to the graph.</summary>
    /// <returns>False if the operator is not a composed one.</returns>
    public static bool Read(NodeAttributes attributes, int[] inputs, GraphBuilder graph)
    {
        var output = graph.Value(attributes.Node.Outputs[0]);
        switch (attributes.Node.Type)
        {
            case "PRelu":
                Wants(attributes, inputs, 2);
                var least = Add(graph, attributes, Two(BinaryKind.Min), inputs[0], Number(graph, attributes, 0));
                var below = Add(graph, attributes, Two(BinaryKind.Mul), least, inputs[1]);
                var above = Add(graph, attributes, One(UnaryKind.Relu), inputs[0]);
                graph.Add(attributes.Place, Two(BinaryKind.Add), output, above, below);
                return true;
            case "ReduceL2":
                var sum = ReduceOperator.Read(attributes, ReduceKind.Sum);
                var squares = Add(graph, attributes, Two(BinaryKind.Mul), inputs[0], inputs[0]);
                graph.Add(attributes.Place, One(UnaryKind.Sqrt), output, Add(graph, attributes, sum, [squares, .. inputs.Skip(1)]));
                return true;
            case "InstanceNormalization":
                Wants(attributes, inputs, 3);
                InstanceNorm(attributes, inputs, output, graph);
                return true;
            case "Sum":
                Chain(attributes, BinaryKind.Add, inputs, output, graph);
                return true;
            case "Min":
                Chain(attributes, BinaryKind.Min, inputs, output, graph);
                return true;
            case "Max":
                Chain(attributes, BinaryKind.Max, inputs, output, graph);
                return true;
            default:
                return false;
        }
    }

    // Normalises every channel of every image to mean 0 and variance 1, then applies a factor and a shift per channel.
    static void InstanceNorm(NodeAttributes attributes, int[] inputs, int output, GraphBuilder graph)
    {
        var mean = new ReduceOperator(ReduceKind.Mean, [2], true, false, false);
        int View(int value, params long[] sizes) => Add(graph, attributes, Reshape, value, Sizes(graph, attributes, sizes));
        int Column(int value) => View(value, -1, 1);
        var planes = View(inputs[0], 0, 0, -1);
        var centred = Add(graph, attributes, Two(BinaryKind.Sub), planes, Add(graph, attributes, mean, planes));
        var variance = Add(graph, attributes, mean, Add(graph, attributes, Two(BinaryKind.Mul), centred, centred));
        var shifted = Add(graph, attributes, Two(BinaryKind.Add), variance, Number(graph, attributes, attributes.Float("epsilon", 1e-5f)));
        var one = Add(graph, attributes, Two(BinaryKind.Div), centred, Add(graph, attributes, One(UnaryKind.Sqrt), shifted));
        var scaled = Add(graph, attributes, Two(BinaryKind.Mul), one, Column(inputs[1]));
        var all = Add(graph, attributes, Two(BinaryKind.Add), scaled, Column(inputs[2]));
        graph.Add(attributes.Place, Reshape, output, all, Add(graph, attributes, new ShapeOperator(0, int.MaxValue), inputs[0]));
    }

    static void Chain(NodeAttributes attributes, BinaryKind kind, int[] inputs, int output, GraphBuilder graph)
    {
        if (inputs.Length < 2)
        {
            Wants(attributes, inputs, 1);
            graph.Add(attributes.Place, new ViewOperator(ViewKind.Identity, null, false), output, inputs[0]);
            return;
        }
        var so = inputs[0];
        for (var k = 1; k < inputs.Length - 1; k++)
            so = Add(graph, attributes, Two(kind), so, inputs[k]);
        graph.Add(attributes.Place, Two(kind), output, so, inputs[^1]);
    }

    static ViewOperator Reshape => new(ViewKind.Reshape, null, false);

    static UnaryOperator One(UnaryKind kind) => new(new Unary(kind, 0, 0));

    static BinaryOperator Two(BinaryKind kind) => new(kind, default);

    static int Add(GraphBuilder graph, NodeAttributes attributes, Operator operation, params int[] inputs)
    {
        var value = graph.Fresh($"part of {attributes.Node.Outputs[0]}");
        graph.Add(attributes.Place, operation, value, inputs);
        return value;
    }

    static int Number(GraphBuilder graph, NodeAttributes attributes, float number) =>
        graph.Constant(new Constant(new TensorType(true, [], attributes.Place), [number]));

    static int Sizes(GraphBuilder graph, NodeAttributes attributes, long[] sizes) =>
        graph.Constant(new Constant(new TensorType(false, [sizes.Length], attributes.Place), sizes));

    static void Wants(NodeAttributes attributes, int[] inputs, int count)
    {
        if (inputs.Length != count)
            throw attributes.Refuse($"{inputs.Length} inputs; {count} were wanted");
    }
}
