using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Graph.Tests;

/// <summary>What counts as attention in a recording, and what does not.</summary>
public sealed class AttentionMapTests : TensorTest
{
    [Fact]
    public void A_factor_out_of_a_sigmoid_is_attention_of_pixels_or_channels()
    {
        var graph = NetworkGraph.Sketch(w => new Weighing(w, 1, (x, y) => x * y.Sigmoid()), [1, 4, 6, 8]);
        var map = Assert.Single(AttentionMap.Of(graph));
        Assert.Equal((AttentionForm.Pixels, "aten::sigmoid", "input"), (map.Form, Maker(graph, map.Value), graph.Values[map.Weighed].Name));

        graph = NetworkGraph.Sketch(w =>
            new Weighing(w, 4, (x, y) => x * y.Mean([2, 3]).Unsqueeze(2).Unsqueeze(3).Sigmoid()), [1, 4, 6, 8]);
        Assert.Equal(AttentionForm.Channels, Assert.Single(AttentionMap.Of(graph)).Form);
    }

    [Fact]
    public void Of_two_factors_without_a_sigmoid_the_one_that_is_added_again_is_the_attention()
    {
        var graph = NetworkGraph.Sketch(w => new Weighing(w, 4, (x, y) => (y * x.Relu()) + y), [1, 4, 6, 8]);
        var map = Assert.Single(AttentionMap.Of(graph));
        Assert.Equal((AttentionForm.PixelsOfChannels, "aten::conv2d", "aten::relu"),
            (map.Form, Maker(graph, map.Value), Maker(graph, map.Weighed)));
    }

    [Fact]
    public void A_square_a_sum_and_a_number_are_no_attention()
    {
        Assert.Empty(AttentionMap.Of(NetworkGraph.Sketch(w => new Weighing(w, 4, (x, y) => y * y), [1, 4, 6, 8])));
        Assert.Empty(AttentionMap.Of(NetworkGraph.Sketch(w => new Weighing(w, 4, (x, y) => x + y), [1, 4, 6, 8])));
        Assert.Empty(AttentionMap.Of(NetworkGraph.Sketch(w => new Weighing(w, 4, (x, y) => y * 2), [1, 4, 6, 8])));
    }

    static string Maker(NetworkGraph graph, int value) => graph.Nodes.Single(n => n.Results.Contains(value)).Operator;

    sealed class Weighing(Weights w, int channels, Func<Tensor, Tensor, Tensor> combine) : Net(w)
    {
        readonly Conv2d conv = new(w / "conv", 4, channels, kernel: 1);

        protected override Tensor Forward(Tensor x) => combine(x, x.Apply(conv));
    }
}
