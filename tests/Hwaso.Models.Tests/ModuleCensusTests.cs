using Hwaso.Graph;
using Hwaso.Models.Networks;
using Hwaso.Tests;

namespace Hwaso.Models.Tests;

/// <summary>HRNetV2-W48's modules, counted in what a forward went through, against the official implementation's.</summary>
public sealed class ModuleCensusTests : TensorTest
{
    [Fact]
    public void HRNetV2_W48_runs_the_modules_of_the_official_one()
    {
        var graph = Record("hrnetv2-w48");
        Assert.Equal(307, Count(graph, "Conv2d"));
        Assert.Equal(306, Count(graph, "BatchNorm2d"));
        Assert.Equal(104, Count(graph, "BasicBlock"));
        Assert.Equal(4, Count(graph, "Bottleneck"));
        Assert.Equal(8, Count(graph, "HighResolutionModule"));
        Assert.Equal(307, graph.Nodes.Count(n => n.Operator == "aten::conv2d"));
        Assert.Equal(306, graph.Nodes.Count(n => n.Operator == "aten::batch_norm"));
    }

    [Theory]
    [InlineData("psa-spatial", "PsaSpatialNet")]
    [InlineData("psa-p", "PsaParallelNet")]
    [InlineData("psa-s", "PsaSequentialNet")]
    public void Attention_stands_in_every_BasicBlock_between_the_first_convolution_and_the_second(string attention, string kind)
    {
        var graph = Record($"hrnetv2-w48+{attention}");
        var modules = graph.Places.Where(p => p.Kind == kind).ToArray();
        var blocks = graph.Places.Where(p => p.Kind == "BasicBlock").ToArray();
        Assert.Equal(104, modules.Length);
        Assert.Equal(104, blocks.Length);
        foreach (var block in blocks)
        {
            var module = Assert.Single(modules, m => Inside(block, m));
            // Backwards from what goes into the module: relu, batch norm, the block's first convolution on the block's own input.
            var relu = Producer(graph, Assert.Single(module.Inputs));
            Assert.Equal(("aten::relu", block.Path), (relu.Operator, relu.Place));
            var norm = Producer(graph, relu.Arguments[0].Values[0]);
            Assert.Equal(("aten::batch_norm", $"{block.Path}.bn1"), (norm.Operator, norm.Place));
            var first = Producer(graph, norm.Arguments[0].Values[0]);
            Assert.Equal($"{block.Path}.conv1", first.Place);
            Assert.Equal(block.Inputs, first.Arguments[0].Values);
            // Forwards from what comes out: the second convolution and nothing else.
            var second = Assert.Single(graph.Nodes, n => n.Arguments.Any(a => a.Values.Contains(module.Outputs[0])));
            Assert.Equal($"{block.Path}.conv2", second.Place);
        }
        Assert.All(graph.Places.Where(p => p.Kind == "Bottleneck"), b => Assert.DoesNotContain(modules, m => Inside(b, m)));
    }

    static NetworkGraph Record(string name) => NetworkGraph.Sketch(w => Zoo.Find(name).Build(w, 59), [1, 3, 32, 32]);

    static int Count(NetworkGraph graph, string kind) => graph.Places.Where(p => p.Kind == kind).DistinctBy(p => p.Path).Count();

    static bool Inside(GraphPlace outer, GraphPlace inner) => inner.FirstNode >= outer.FirstNode && inner.EndNode <= outer.EndNode;

    static GraphNode Producer(NetworkGraph graph, int value) => Assert.Single(graph.Nodes, n => n.Results.Contains(value));
}
