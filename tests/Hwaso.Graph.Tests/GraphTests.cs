using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Graph.Tests;

/// <summary>What a recording says of networks that are small enough to write down by hand.</summary>
public sealed class GraphTests : TensorTest
{
    [Fact]
    public void Operators_stand_in_the_order_in_which_they_ran_at_the_module_that_called_them()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var graph = NetworkGraph.Of(new Twice(weights), Tensor.Zeros([2, 3, 8, 6]));

        Assert.Equal(
            ["aten::conv2d body.0", "aten::relu body.1", "aten::conv2d again", "aten::conv2d again", "aten::add.Tensor "],
            graph.Nodes.Select(n => $"{n.Operator} {n.Place}"));
        Assert.Equal(Enumerable.Range(0, 5), graph.Nodes.Select(n => n.Index));
        Assert.Equal(["body.0", "body.1"], graph.Under("body").Select(n => n.Place));
        Assert.Equal(5, graph.Under("").Count());
        // "again" is no part of "ag": a path ends at a dot.
        Assert.Empty(graph.Under("ag"));
    }

    [Fact]
    public void Places_nest_and_span_the_nodes_that_ran_in_them()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var graph = NetworkGraph.Of(new Twice(weights), Tensor.Zeros([2, 3, 8, 6]));

        Assert.Equal(
            [" Twice 0 0-5", "body Sequential 1 0-2", "body.0 Conv2d 2 0-1", "body.1 ReLU 2 1-2", "again Conv2d 1 2-3",
            "again Conv2d 1 3-4"],
            graph.Places.Select(p => $"{p.Path} {p.Kind} {p.Depth} {p.FirstNode}-{p.EndNode}"));
        Assert.Equal(graph.Inputs, graph.Places[0].Inputs);
        Assert.Equal(graph.Outputs, graph.Places[0].Outputs);
        Assert.Equal(graph.Places[1].Outputs, graph.Places[4].Inputs);
        Assert.Equal(graph.Places[4].Outputs, graph.Places[5].Inputs);
    }

    [Fact]
    public void Every_value_is_the_input_a_weight_or_the_result_of_one_node_before_its_use()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var graph = NetworkGraph.Of(new Twice(weights), Tensor.Zeros([2, 3, 8, 6]));

        Assert.Equal(["body.0.weight", "body.0.bias", "again.weight"], graph.Values.Where(v => v.IsParameter).Select(v => v.Name));
        Assert.Equal("input", graph.Values[Assert.Single(graph.Inputs)].Name);
        Assert.Equal([2L, 5, 4, 3], graph.Values[Assert.Single(graph.Outputs)].Shape);
        Assert.Equal(2 * 5 * 4 * 3, graph.Values[graph.Outputs[0]].Elements);
        Assert.Equal(Enumerable.Range(0, graph.Values.Count), graph.Values.Select(v => v.Id));
        var made = graph.Values.Where(v => v.Name is not null).Select(v => v.Id).ToHashSet();
        foreach (var node in graph.Nodes)
        {
            Assert.All(node.Arguments.SelectMany(a => a.Values), v => Assert.Contains(v, made));
            Assert.All(node.Results, v => Assert.True(made.Add(v), $"value {v} is made twice"));
        }
        Assert.Equal(graph.Values.Count, made.Count);
    }

    [Fact]
    public void Arguments_are_kept_as_they_were_given()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var conv = NetworkGraph.Of(new Twice(weights), Tensor.Zeros([2, 3, 8, 6])).Nodes[0];

        Assert.Equal(["input", "weight", "bias", "stride", "padding", "dilation", "groups"], conv.Schema.Parameters.Select(p => p.Name));
        Assert.Equal([2L, 2], conv.Arguments[3].Constant.AsInts());
        Assert.Equal([1L, 1], conv.Arguments[4].Constant.AsInts());
        Assert.Equal(1, conv.Arguments[6].Constant.AsInt());
        Assert.Empty(conv.Arguments[3].Values);
    }

    [Fact]
    public void A_tensor_that_a_module_holds_without_naming_it_is_a_value_without_maker()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var graph = NetworkGraph.Of(new Shifted(weights, Tensor.Ones([1])), Tensor.Zeros([1, 2]));
        var constant = graph.Values[graph.Nodes[0].Arguments[1].Values[0]];
        Assert.Null(constant.Name);
        Assert.False(constant.IsParameter);
        Assert.DoesNotContain(graph.Nodes, n => n.Results.Contains(constant.Id));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Recording_evaluates_without_gradients_and_puts_the_mode_back(bool training)
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var net = new Sequential(weights, p => new BatchNorm2d(p, 2), p => new Dropout(p, 0.5));
        if (!training)
            net.Eval();
        var graph = NetworkGraph.Of(net, Tensor.Randn([2, 2, 3, 3]));
        Assert.Equal(training, net.IsTraining);
        Assert.Equal(0, weights["0.num_batches_tracked"].Item());
        Assert.False(Door.IsObserved);
        Assert.Equal("aten::batch_norm", graph.Nodes[0].Operator);
    }

    [Fact]
    public void A_failed_recording_ends_and_says_where()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var net = new Twice(weights);
        var error = Assert.Throws<TorchException>(() => NetworkGraph.Of(net, Tensor.Zeros([2, 4, 8, 6])));
        Assert.StartsWith("body.0: aten::conv2d", error.Message, StringComparison.Ordinal);
        Assert.Equal("body.0", error.Place);
        Assert.False(Door.IsObserved);
        Assert.Equal("", Door.CurrentPlace);
        Assert.True(net.IsTraining);
        Assert.Equal(5, NetworkGraph.Of(net, Tensor.Zeros([2, 3, 8, 6])).Nodes.Count);
    }

    [Fact]
    public void A_recording_within_a_recording_is_refused()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        using var inner = Weights.Create();
        var outer = new Recording(weights, new Twice(inner));
        Assert.Contains("recorded already",
            Assert.Throws<InvalidOperationException>(() => NetworkGraph.Of(outer, Tensor.Zeros([1, 3, 8, 6]))).Message,
            StringComparison.Ordinal);
        Assert.False(Door.IsObserved);
    }

    /// <summary>A part that runs once and one that runs twice.</summary>
    sealed class Twice(Weights w) : Net(w)
    {
        readonly Sequential body = new(w / "body", p => new Conv2d(p, 3, 5, kernel: 3, stride: 2, bias: true), p => new ReLU(p));
        readonly Conv2d again = new(w / "again", 5, 5, kernel: 1);

        protected override Tensor Forward(Tensor x)
        {
            x = x.Apply(body);
            return x + x.Apply(again).Apply(again);
        }
    }

    sealed class Shifted(Weights w, Tensor shift) : Net(w)
    {
        protected override Tensor Forward(Tensor x) => x + shift;
    }

    sealed class Recording(Weights w, Net inner) : Net(w)
    {
        protected override Tensor Forward(Tensor x)
        {
            NetworkGraph.Of(inner, x);
            return x;
        }
    }
}
