using System.Text.RegularExpressions;
using Hwaso.Graph;
using Hwaso.Models.Attention;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;

namespace Documentation.Tests;

/// <summary>The module of docs/add-an-attention-module.md, added by its file and the one line that the page shows.</summary>
public sealed partial class PixelGateTests : TensorTest
{
    static readonly string page = File.ReadAllText(RepositoryRoot.File("docs", "add-an-attention-module.md"));

    // AttentionModule.All with the page's line.
    static readonly VariantSetting<LightConfig, AttentionModule> setting = new(
        "attention", [.. AttentionModule.All, new PixelGate()], c =>
        c.Attention, (c, v) => c with { Attention = v }, "which", byName: true);

    [Fact]
    public void Module_on_the_page_is_the_one_that_is_tested_here()
    {
        Assert.Equal(File.ReadAllText(RepositoryRoot.File("tests", "Hwaso.Models.Tests", "Documentation", "PixelGate.cs")),
            Block().Match(page).Groups[1].Value);
        Assert.Contains("new PixelGate(),", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipe_names_it_gives_it_settings_and_keeps_them_from_other_modules()
    {
        Assert.Equal(new PixelGate { Window = 5, Place = AttentionPlace.End }, Read("attention: {name: gate, window: 5, place: end}"));
        Assert.Equal(new PixelGate(), Read("attention: gate"));
        Assert.Equal("x.yaml:1: attention.window: 4 is even; wants an odd number such as 1 or 3",
            Refusal("attention: {name: gate, window: 4}"));
        Assert.Equal("x.yaml:1: attention.window: belongs to gate, not to se; remove it, or change the name",
            Refusal("attention: {name: se, window: 5}"));
        Assert.Contains("`gate`", setting.Descriptions.Single(d => d.Key == "attention.name").Type, StringComparison.Ordinal);

        static string Refusal(string yaml) => Assert.Throws<RecipeException>(() => Read(yaml)).Message;
    }

    [Fact]
    public void It_stands_in_every_block_of_a_network_and_learns()
    {
        NetworkCase Light(LightConfig config) =>
            new("light+gate", Hwaso.Models.ModelTask.Segmentation, w => new LightNet(w, config, 7)) { Classes = 7 };
        var network = Light(new LightConfig { Width = 8, Attention = Read("attention: gate") });
        NetworkContract.Answers_in_the_shapes_of_its_task(network);
        NetworkContract.Gradients_reach_every_weight(network);
        using var weights = Weights.Create();
        var graph = NetworkGraph.Of((Net)network.Build(weights), [1, 3, 64, 96]);
        Assert.Equal(3, graph.Places.Count(p => p.Kind == nameof(PixelGateNet)));
    }

    static AttentionModule? Read(string yaml) => setting.Read(new LightConfig(), YamlTree.Read(yaml, "x.yaml"), null).Attention;

    [GeneratedRegex(@"^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
