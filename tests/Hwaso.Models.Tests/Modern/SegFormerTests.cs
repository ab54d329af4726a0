using System.Text.Json.Nodes;
using Hwaso.Graph;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Models.Tests.Modern;

/// <summary>SegFormer against the authors' code.</summary>
public sealed class SegFormerTests : TensorTest
{
    // float32's own distance from float64 is 1e-6 of the largest value.
    const double Tolerance = 2e-5;

    static readonly string[] outputs = ["feature0", "feature1", "feature2", "feature3", "output"];

    [Theory]
    [InlineData("nvlabs_segformer_b0")]
    [InlineData("nvlabs_segformer_b0_odd")]
    public void Names_maps_and_answers_are_the_authors(string name)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var net = (SegFormer)Zoo.FindSegmentation("segformer-b0").Build(weights, 19);
        var answer = ModernAnswer.Read($"formula/{name}");
        answer.Fill(weights);
        net.Eval();

        foreach (var (output, actual) in outputs.Zip(net.MapsAndLogits(answer.Input)))
        {
            var (distance, largest) = answer.Compare(output, actual);
            Assert.True(distance <= Tolerance * largest, $"{output}: {distance / largest:g3} of its largest value away");
        }
    }

    [Fact]
    public void A_training_step_has_the_authors_gradients_and_statistics()
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var config = new MixTransformerConfig { Depths = [1, 2, 1, 1], Widths = [8, 16, 20, 32], DropPath = 0 };
        var net = new SegFormer(weights, config, new SegFormerHeadConfig { Channels = 12, UnusedChannels = 12, Dropout = 0 }, 5);
        var answer = ModernAnswer.Read("small/segformer_train");
        answer.Fill(weights);
        net.Train();
        var input = answer.Input;
        input.RequiresGrad = true;

        answer.CheckGradients(weights, input, [.. outputs.Zip(net.MapsAndLogits(input))]);

        foreach (var key in answer.Afterwards)
        {
            var (away, norm) = answer.Compare($"after.{key}", weights.State.First(s => s.Key == key).Value);
            Assert.True(away <= Tolerance * norm, $"{key}: {away / norm:g3}");
        }
    }

    [Fact]
    public void B5_has_the_authors_names_in_order()
    {
        using var weights = Weights.Create(initialise: false);
        var recorded = JsonNode.Parse(File.ReadAllText(Fixtures.Path("modern/formula/nvlabs_segformer_b5.keys.json")))!;
        var classes = recorded["state_dict"]!["decode_head.linear_pred.bias"]![0]!.GetValue<int>();
        Zoo.FindSegmentation("segformer-b5").Build(weights, classes);
        Assert.Equal(
            recorded["state_dict"]!.AsObject().Select(k => $"{k.Key} {k.Value!.ToJsonString()}"),
            weights.State.Select(s => $"{s.Key} [{string.Join(",", s.Value.Shape)}]"));
    }

    /// <summary>Multiply-adds as the paper counts them: convolutions, linear layers and attention's products.</summary>
    [Theory]
    [InlineData("segformer-b0", 512, 8_387_821_568)]
    [InlineData("segformer-b2", 512, 62_337_843_200)]
    [InlineData("segformer-b5", 640, 183_141_171_200)]
    public void Costs_what_the_authors_networks_cost(string name, int side, long multiplyAdds)
    {
        var cost = Cost.Of(NetworkGraph.Sketch(w => Zoo.FindSegmentation(name).Build(w, 150), [1, 3, side, side]));
        Assert.Equal(multiplyAdds, cost.MacsAll);
    }

    [Fact]
    public void An_image_without_a_single_key_is_refused_with_the_least_size()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var net = Zoo.FindSegmentation("segformer-b0").Build(weights, 3);
        var error = Assert.Throws<SmallImageException>(() => net.Call(Tensor.Zeros([1, 3, 64, 28])));
        Assert.Equal(29, error.Least);
        net.Eval();
        Assert.Equal([1, 3, 8, 8], net.Call(Tensor.Zeros([1, 3, 29, 29])).Shape);
    }
}
