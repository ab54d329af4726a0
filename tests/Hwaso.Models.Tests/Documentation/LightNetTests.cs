using System.Text.RegularExpressions;
using Hwaso.Graph;
using Hwaso.Models;
using Hwaso.Models.Attention;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;

namespace Documentation.Tests;

/// <summary>The network of docs/add-a-network.md, added by its file and the one line that the page shows.</summary>
public sealed partial class LightNetTests : TensorTest
{
    static readonly string page = File.ReadAllText(RepositoryRoot.File("docs", "add-a-network.md"));
    static readonly NetworkList networks = Zoo.Networks.With(LightDefinition.Family);

    [Fact]
    public void Network_on_the_page_is_the_one_that_is_tested_here()
    {
        Assert.Equal(File.ReadAllText(RepositoryRoot.File("tests", "Hwaso.Models.Tests", "Documentation", "LightNet.cs")),
            Block().Match(page).Groups[1].Value);
        Assert.Contains("LightDefinition.Family,", page, StringComparison.Ordinal);
        Assert.All(networks.Settings.Where(s => s.Key.StartsWith("light", StringComparison.Ordinal)),
            s => Assert.Contains($"| `model.{s.Key}` | {s.Type} | – | {s.Meaning} |", page, StringComparison.Ordinal));
    }

    [Fact]
    public void A_recipe_names_it_and_gives_it_settings()
    {
        var named = RecipeFile.Read("model: {light: {width: 8}, attention: {name: se}, name: light-w32}", "x.yaml").Model;
        Assert.Equal(new LightConfig { Width = 8, Attention = new SqueezeExcitation() }, ((LightDefinition)networks.Define(named)).Config);
        Assert.Equal("\nmodel:\n  name: light-w32\n  attention: se\n  light:\n    width: 8\n  init: published\n",
            networks.Resolve(named).ToYaml());
        Assert.Equal(32, ((LightDefinition)networks.Find("light-w32")).Config.Width);
    }

    [Theory]
    [InlineData("family: light", "x.yaml:1: model.light.width: missing; wants a number of channels, because 'family' names no sizes")]
    [InlineData("name: light-w16\n  light: {widht: 8}", "x.yaml:3: model.light.widht: unknown key; did you mean 'width'?")]
    [InlineData("name: light-w16\n  light: {width: 0}", "x.yaml:3: model.light.width: 0 is below 1")]
    [InlineData("name: hrnetv2-w18\n  light: {width: 8}",
        "x.yaml:3: model.light: does not belong to hrnetv2-w18 (light has it); remove it, or change the network")]
    public void Its_settings_are_checked_as_those_of_every_network(string model, string message) =>
        Assert.Equal(message,
            Assert.Throws<RecipeException>(() => networks.Define(RecipeFile.Read($"model:\n  {model}", "x.yaml").Model)).Message);

    [Fact]
    public void It_keeps_the_contract_of_every_network()
    {
        var definition = networks.Define(RecipeFile.Read("model: {family: light, light: {width: 8}}", "x.yaml").Model);
        var network = new NetworkCase(definition.Name, definition.Task, w => definition.Build(w, 7)) { Classes = 7 };
        NetworkContract.Answers_in_the_shapes_of_its_task(network);
        NetworkContract.Gradients_reach_every_weight(network);
        NetworkContract.Answers_the_same_after_saving_and_loading(network);
        NetworkContract.Its_graph_has_the_parameters_of_its_weights(network);
        NetworkContract.Leaves_no_tensor_behind(network);
    }

    [Fact]
    public void Cost_on_the_page_is_what_the_graph_says()
    {
        using var weights = Weights.Create();
        var net = new LightNet(weights, new LightConfig(), classes: 19);
        // By hand, at 64×128: 3·16·9 a pixel at 32×64 for the stem; 2 convolutions of 16·16·9 there; 16·32·9 + 32·32·9 + 16·32 at 16×32;
        // 32·64·9 + 64·64·9 + 32·64 at 8×16; 64·19 there.
        long macs = (3 * 16 * 9 + 2 * 16 * 16 * 9) * 32 * 64 + (16 * 32 * 9 + 32 * 32 * 9 + 16 * 32) * 16 * 32
            + (32 * 64 * 9 + 64 * 64 * 9 + 32 * 64 + 64 * 19) * 8 * 16;
        Assert.Equal(macs, Cost.Of(NetworkGraph.Of(net, [1, 3, 64, 128])).Macs);
    }

    [Fact]
    public void Attention_stands_in_every_block()
    {
        using var weights = Weights.Create();
        var graph = NetworkGraph.Of(new LightNet(weights, new LightConfig { Attention = new PsaSpatial() }, classes: 19), [1, 3, 64, 128]);
        Assert.Equal(["blocks.0.deattn", "blocks.1.deattn", "blocks.2.deattn"],
            graph.Places.Where(p => p.Kind == nameof(PsaSpatialNet)).Select(p => p.Path));
    }

    [GeneratedRegex(@"^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
