using System.Text.Json.Nodes;
using Hwaso.Models;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tests.Loop;

/// <summary>The rate and decay of every parameter against the authors' rules (tests/fixtures/modern/training).</summary>
public sealed class ParameterGroupTests : TensorTest
{
    static readonly JsonNode Recorded = JsonNode.Parse(File.ReadAllText(Fixtures.Path("modern/training/groups.json")))!;

    [Theory]
    [InlineData("segformer")]
    [InlineData("swin_upernet")]
    public void Names_choose_rates_and_decays_as_in_mmsegmentation(string name)
    {
        var entry = Recorded[name]!;
        // Its rule: the longest key first, equally long ones by the alphabet. These two keys are in no name of the networks.
        var keys = entry["paramwise"]!["custom_keys"]!.AsObject().Where(k => k.Key is not ("pos_block" or "absolute_pos_embed"))
            .OrderByDescending(k => k.Key.Length).ThenBy(k => k.Key, StringComparer.Ordinal);
        Check(entry, Build(name), new OptimizerRecipe(0)
        {
            Groups =
            [
                .. keys.Select(k => new ParameterGroupRecipe(k.Key)
                {
                    RateMultiplier = k.Value!["lr_mult"]?.GetValue<double>() ?? 1,
                    DecayMultiplier = k.Value!["decay_mult"]?.GetValue<double>() ?? 1,
                }),
            ],
        });
    }

    [Theory]
    [InlineData("convnext_stage_wise", LayerDecayRule.ConvNextStages)]
    [InlineData("convnext_layer_wise", LayerDecayRule.ConvNextLayers)]
    [InlineData("convnext_stage_wise_12", LayerDecayRule.ConvNextStages)]
    public void Rates_fall_from_layer_to_layer_as_in_ConvNeXts_code(string name, LayerDecayRule rule)
    {
        var entry = Recorded[name]!;
        Check(entry, Build(name), new OptimizerRecipe(0)
        {
            DecayNorms = false,
            LayerDecay = new(rule, entry["decay_rate"]!.GetValue<double>()) { Layers = entry["num_layers"]!.GetValue<int>() },
        });
    }

    [Fact]
    public void Blocks_of_a_transformer_learn_at_falling_rates_and_tokens_at_the_first_ones()
    {
        string[] names = ["cls_token", "pos_embed", "patch_embed.proj.weight", "blocks.0.norm1.weight", "blocks.10.mlp.fc1.weight",
            "blocks.11.attn.qkv.bias", "norm.weight"];
        var depth = LayerDepth.Blocks([.. names.Select(n => $"network.encoder.backbone.{n}")]);
        Assert.Equal([0, 0, 0, 0, 10, 11, 11], names.Select(n => depth.Of($"network.encoder.backbone.{n}")));
        Assert.Equal((11, 11), (depth.Last, depth.Of("network.q.weight")));
    }

    [Fact]
    public void Rules_that_fit_no_parameter_are_refused_with_its_names()
    {
        using var weights = Weights.Create(initialise: false);
        var net = Build("segformer")(weights);
        string Refused(OptimizerRecipe recipe) =>
            Assert.Throws<TrainingException>(() => ParameterGroups.Of(recipe, weights, net.HeadPaths)).Message;
        Assert.StartsWith(
            "optimizer.groups: no parameter of the network has 'nrom' in its name (they are backbone.patch_embed1.proj.weight ",
            Refused(new(1) { Groups = [new("nrom")] }), StringComparison.Ordinal);
        Assert.StartsWith("optimizer.layer_decay: the network has no stages of a ConvNeXt ",
            Refused(new(1) { LayerDecay = new(LayerDecayRule.ConvNextStages, 0.9) }), StringComparison.Ordinal);
        Assert.StartsWith("optimizer.layer_decay: the network has no blocks of a transformer ",
            Refused(new(1) { LayerDecay = new(LayerDecayRule.Blocks, 0.9) }), StringComparison.Ordinal);
        Assert.All(ParameterGroups.Of(new(1), weights, net.HeadPaths, backboneLater: true),
            group => Assert.Equal(group.StartsLater, !group.Parameters[0].Key.StartsWith("decode_head.", StringComparison.Ordinal)));
    }

    static Func<Weights, SegmentationNet> Build(string name) => name switch
    {
        "segformer" => w => new SegFormer(
            w, new() { Depths = [1, 2, 1, 1], Widths = [8, 16, 20, 32] }, new() { Channels = 12 }, 5),
        "swin_upernet" => Upernet(new SwinEncoder("swin", new() { Depths = [2, 2, 2, 2], Width = 8, Heads = [1, 2, 2, 4], Window = 4 })),
        _ => Upernet(new ConvNextEncoder("convnext", new() { Depths = [1, 1, 4, 2], Widths = [8, 12, 16, 24] })),
    };

    static Func<Weights, SegmentationNet> Upernet(PyramidEncoder encoder) => w => new DecodeHeadDefinition
    {
        Name = "upernet",
        Description = "UPerNet",
        Encoder = encoder,
        Head = new UperHead(),
    }.Build(w, 5);

    static void Check(JsonNode entry, Func<Weights, SegmentationNet> build, OptimizerRecipe recipe)
    {
        var (rate, decay) = (entry["base_lr"]!.GetValue<double>(), entry["weight_decay"]!.GetValue<double>());
        using var weights = Weights.Create(initialise: false);
        var net = build(weights);
        var groups = ParameterGroups.Of(recipe with { LearningRate = rate, WeightDecay = decay }, weights, net.HeadPaths);
        var got = groups.SelectMany(g => g.Parameters.Select(p => (p.Key, g.LearningRateFactor, g.WeightDecay))).ToDictionary(g => g.Key);
        var wanted = entry["groups"]!.AsObject().SelectMany(g => g.Value!.AsArray(), (g, n) => (Values: g.Key, Name: n!.GetValue<string>()))
            .ToArray();
        Assert.Equal(wanted.Select(w => w.Name).Order(StringComparer.Ordinal), got.Keys.Order(StringComparer.Ordinal));
        foreach (var (values, name) in wanted)
        {
            var pair = JsonNode.Parse(values)!.AsArray();
            var (wantedRate, wantedDecay) = (pair[0]!.GetValue<double>(), pair[1]!.GetValue<double>());
            Assert.Equal(wantedRate, rate * got[name].LearningRateFactor, 1e-12 * wantedRate);
            Assert.Equal(wantedDecay, got[name].WeightDecay, 1e-12 * wantedDecay + double.Epsilon);
        }
    }
}
