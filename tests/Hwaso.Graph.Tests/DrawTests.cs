using System.Xml.Linq;
using Hwaso.Graph.Drawing;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Graph.Tests;

/// <summary>Drawings of networks small enough to say by hand what must stand on them.</summary>
public sealed class DrawTests : TensorTest
{
    [Fact]
    public void Equal_blocks_in_a_row_are_one_box_with_the_parameters_of_all()
    {
        var texts = Texts(Drawing(w => new Tower(w), [1, 3, 16, 24]));

        Assert.Contains("2 × conv 3×3 ↓2", texts);
        Assert.Contains("3 × Block", texts);
        // 4 to 4 channels, 3×3, with bias, two to a block.
        Assert.Contains($"{3 * 2 * (4 * 4 * 9 + 4)} parameters", texts);
        Assert.Contains("4 × 4 × 6", texts);
        Assert.Contains("1/4 · 4×6", texts);
        Assert.Contains("input 3 × 16 × 24 · 1.15 k parameters · 35.7 k multiply-adds", texts);
    }

    [Fact]
    public void Sums_are_circles_and_resizes_are_said_at_their_line()
    {
        var texts = Texts(Drawing(w => new Tower(w), [1, 3, 16, 24]));

        Assert.Single(texts, "+");
        Assert.Single(texts, "↑ 2");
    }

    [Fact]
    public void A_block_that_weighs_its_input_is_marked_and_a_learned_scale_is_none()
    {
        var svg = Drawing(w => new Weighing(w), [1, 4, 8, 8]);

        Assert.Single(svg.Descendants(), e =>
            e.Name.LocalName == "rect" && e.Parent!.Name.LocalName == "g" && (string?)e.Attribute("class") == "attention");
    }

    [Fact]
    public void The_same_network_gives_the_same_text_and_names_are_escaped()
    {
        var graph = NetworkGraph.Sketch(w => new Tower(w), [1, 3, 16, 24]);

        Assert.Equal(Draw.Svg(graph, "a"), Draw.Svg(NetworkGraph.Sketch(w => new Tower(w), [1, 3, 16, 24]), "a"));
        Assert.Equal("<a&b>", XDocument.Parse(Draw.Svg(graph, "<a&b>")).Descendants().First(e => e.Name.LocalName == "text").Value);
    }

    static XDocument Drawing(Func<Weights, Net> build, long[] shape) =>
        XDocument.Parse(Draw.Svg(NetworkGraph.Sketch(build, shape), "test"));

    static string[] Texts(XDocument svg) => [.. svg.Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value)];

    sealed class Block(Weights w) : Net(w)
    {
        readonly Conv2d first = new(w / "first", 4, 4, kernel: 3, bias: true), second = new(w / "second", 4, 4, kernel: 3, bias: true);

        protected override Tensor Forward(Tensor x) => x + x.Apply(first).Relu().Apply(second);
    }

    sealed class Tower(Weights w) : Net(w)
    {
        readonly Conv2d stem = new(w / "stem", 3, 4, kernel: 3, stride: 2), down = new(w / "down", 4, 4, kernel: 3, stride: 2);
        readonly Block[] blocks = [new(w / "blocks" / 0), new(w / "blocks" / 1), new(w / "blocks" / 2)];
        readonly Conv2d side = new(w / "side", 3, 4, kernel: 1, stride: 2);

        protected override Tensor Forward(Tensor x)
        {
            var y = x.Apply(stem).Apply(down);
            foreach (var block in blocks)
                y = y.Apply(block);
            return y.ResizeBilinear(8, 12) + x.Apply(side);
        }
    }

    sealed class Weighing(Weights w) : Net(w)
    {
        readonly Gate gate = new(w / "gate");
        readonly Scale scale = new(w / "scale");

        protected override Tensor Forward(Tensor x) => x.Apply(gate).Apply(scale);
    }

    sealed class Gate(Weights w) : Net(w)
    {
        readonly Conv2d conv = new(w / "conv", 4, 1, kernel: 1);

        protected override Tensor Forward(Tensor x) => x * x.Apply(conv).Sigmoid();
    }

    sealed class Scale(Weights w) : Net(w)
    {
        readonly Conv2d conv = new(w / "conv", 4, 4, kernel: 1);
        readonly Tensor gamma = w.Parameter("gamma", [4, 1, 1]);

        protected override Tensor Forward(Tensor x) => x.Apply(conv) * gamma;
    }
}
