using Hwaso.Graph;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;

namespace Hwaso.Models.Tests;

/// <summary>
/// A network run in shapes alone against the same network run for real, and against what was measured on official implementations at full
/// size.
/// </summary>
public sealed class SketchTests : TensorTest
{
    public static TheoryData<string> Smallest => [.. ReducedNetwork.Smallest.Select(d => d.Name)];

    [Theory]
    [MemberData(nameof(Smallest))]
    public void A_sketch_is_the_recording(string name)
    {
        var definition = ReducedNetwork.Of(Zoo.Find(name).Deployed());
        // Two patches of 14 pixels for one transformer, two of the lowest branch's pixels for the others.
        long[] shape = name.StartsWith("dino", StringComparison.Ordinal) ? [1, 3, 28, 42]
            // A PAN halves its lowest map three times.
            : name.StartsWith("pan-", StringComparison.Ordinal) ? [1, 3, 128, 160] : [1, 3, 64, 96];
        using var weights = Weights.Create(initialise: false);
        Same(NetworkGraph.Of(definition.Build(weights, 7), shape), NetworkGraph.Sketch(w => definition.Build(w, 7), shape));
    }

    // One of each family at the size that it is listed with.
    [Theory]
    [InlineData("hrnetv2-w18-small-v1+psa-s")]
    [InlineData("hrnet-w18-small-v1-pose")]
    [InlineData("hrnet-w18-small-v1-cls")]
    [InlineData("resnet18")]
    [InlineData("efficientnet-b0")]
    [InlineData("unet-resnet18")]
    [InlineData("dinov2-vits14")]
    public void A_sketch_is_the_recording_at_full_size(string name)
    {
        var definition = Zoo.Find(name).Deployed();
        var (height, width) = definition.UsualSize();
        using var weights = Weights.Create(initialise: false);
        Same(NetworkGraph.Of(definition.Build(weights, definition.PublishedClasses), [1, 3, height, width]),
            NetworkGraph.Sketch(w => definition.Build(w, definition.PublishedClasses), [1, 3, height, width]));
    }

    // Measured on the official implementations.
    [Theory]
    [InlineData("hrnetv2-w48", 19, 1024, 2048, 65_859_379, 747_513_053_184)]
    [InlineData("hrnetv2-w48-ocr", 19, 512, 1024, 70_372_678, 323_836_903_424)]
    [InlineData("hrnetv2-w48+psa-spatial", 59, 480, 480, 69_058_523, 85_989_427_200)]
    [InlineData("fcn-resnet50", 59, 512, 512, 32_976_507, 138_447_683_584)]
    [InlineData("fcn-resnet101", 59, 512, 512, 51_968_635, 216_025_530_368)]
    [InlineData("unet-resnet50", 21, 512, 512, 32_524_005, 43_285_217_280)]
    [InlineData("efficientnet-b0", 1000, 224, 224, 5_288_548, 385_814_752)]
    [InlineData("efficientnet-b7", 1000, 600, 600, 66_347_960, 37_745_884_192)]
    [InlineData("hrnet-w32-pose", 17, 256, 192, 28_536_113, 7_645_003_776)]
    [InlineData("hrnet-w48-pose", 17, 384, 288, 63_595_745, 35_306_606_592)]
    [InlineData("faster-rcnn-hrnetv2p-w18", 80, 800, 1344, 27_486_776, 195_205_969_376)]
    [InlineData("faster-rcnn-hrnetv2p-w32", 80, 800, 1344, 47_283_812, 297_593_586_176)]
    [InlineData("faster-rcnn-hrnetv2p-w40", 80, 800, 1344, 63_530_212, 380_118_142_976)]
    [InlineData("faster-rcnn-hrnetv2p-w48", 80, 800, 1344, 83_364_836, 480_109_861_376)]
    [InlineData("dinov2-vitb14", 0, 518, 518, 86_580_480, 116_978_697_216)]
    public void A_sketch_costs_what_the_official_network_costs(string name, int classes, int height, int width, long parameters, long macs)
    {
        var cost = Cost.Of(NetworkGraph.Sketch(w => Zoo.Find(name).Deployed().Build(w, classes), [1, 3, height, width]));
        // The mask token takes no part in the transformer's answer.
        Assert.Equal(parameters, cost.Parameters + (name == "dinov2-vitb14" ? 768 : 0));
        Assert.Equal(macs, cost.Macs);
    }

    [Fact]
    public void What_a_network_refuses_it_refuses_in_a_sketch_with_the_same_words()
    {
        using var weights = Weights.Create(initialise: false);
        var definition = Zoo.Find("resnet18");
        var real = Record.Exception(() => NetworkGraph.Of(definition.Build(weights, 7), [1, 4, 64, 64]));
        var sketched = Record.Exception(() => NetworkGraph.Sketch(w => definition.Build(w, 7), [1, 4, 64, 64]));
        Assert.NotNull(real);
        Assert.Equal(real.GetType(), sketched?.GetType());
        Assert.Equal(real.Message, sketched!.Message);
    }

    static void Same(NetworkGraph real, NetworkGraph sketch)
    {
        Assert.Equal(real.Nodes.Select(Text), sketch.Nodes.Select(Text));
        Assert.Equal(real.Values.Select(v => $"{v.Id} {v.Name} {v.Type} {v.IsParameter} [{string.Join(",", v.Shape)}]"),
            sketch.Values.Select(v => $"{v.Id} {v.Name} {v.Type} {v.IsParameter} [{string.Join(",", v.Shape)}]"));
        Assert.Equal(real.Places.Select(p => $"{p.Path} {p.Kind} {p.FirstNode} {p.EndNode}"),
            sketch.Places.Select(p => $"{p.Path} {p.Kind} {p.FirstNode} {p.EndNode}"));
        Assert.Equal(real.Outputs, sketch.Outputs);
        Assert.Equal(Cost.Of(real), Cost.Of(sketch));
    }

    static string Text(GraphNode node) =>
        $"{node.Operator} {node.Place} {string.Join("; ", node.Arguments.Select(a => $"{string.Join(",", a.Values)} {a.Constant}"))}"
        + $" -> {string.Join(",", node.Results)}";
}
