using Hwaso.Models.Networks;
using Hwaso.Recipes;
using Hwaso.Tests;

namespace Hwaso.Models.Tests.Settings;

/// <summary>The settings of every network: what is drawn at random reads, and is written again with the same values.</summary>
public sealed class NetworkSettingTests
{
    public static TheoryData<string> Families => [.. Zoo.Networks.BySizes.Select(network => network.Name)];

    public static TheoryData<string> Shipped =>
    [
        .. Directory.GetFiles(RepositoryRoot.File("recipes"), "*.yaml", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(RepositoryRoot.File("recipes"), path))
                .Where(path => !path.StartsWith("studies", StringComparison.Ordinal)).Order(),
    ];

    [Theory]
    [MemberData(nameof(Families))]
    public void Random_settings_come_back_with_the_same_values_in_an_order_of_their_own(string family)
    {
        var network = Zoo.Networks.BySizes.Single(n => n.Name == family);
        var random = new Random(304);
        var seen = new HashSet<string>();
        for (var k = 0; k < 400; k++)
        {
            var sample = new YamlWriter();
            network.Settings.Sample(random, sample, whole: true);
            var given = NetworkSettings.Parse(sample.ToString());
            var read = network.Settings.Read(network, given.Map, ", because 'family' names no sizes");
            var written = Written(network, read, given);
            // A getter or a setter of another property would give another value, or none.
            var values = Values(written.Map).ToDictionary();
            Assert.All(Values(given.Map), value => Assert.Equal((value.Key, value.Value), (value.Key, values[value.Key])));
            Assert.Equal(read, network.Settings.Read(network, written.Map, ""));
            Assert.Equal(written.ToString(), Written(network, read, written).ToString());
            seen.UnionWith(values.Keys);
        }
        // Every key was drawn at some time; a section that a name alone stands for has no value of its own.
        Assert.Empty(network.Settings.Descriptions.Select(d => d.Key).Except(seen).Except(["attention"]));
    }

    [Theory]
    [MemberData(nameof(Shipped))]
    public void A_shipped_recipe_describes_a_network_and_is_kept_in_its_usual_form(string file)
    {
        var recipe = RecipeFile.Load(RepositoryRoot.File("recipes", file)).Model;
        var kept = Zoo.Resolve(recipe);
        Assert.Equal(Zoo.Define(recipe), Zoo.Define(kept));
        Assert.Equal(kept.ToYaml(), Zoo.Resolve(kept).ToYaml());
        Assert.Equal(kept, RecipeFile.Read(kept.ToYaml(), "kept.yaml").Model);
    }

    [Fact]
    public void A_run_keeps_a_network_s_settings_in_one_order_and_form()
    {
        var recipe = RecipeFile.Read("""
            model:
              stage4: {blocks: [2, 2, 2, 2], channels: [8, 16, 32, 64]}
              ocr: {key_channels: 16}
              stage3: {channels: [8, 16, 32], modules: 2, blocks: [2, 2, 2]}
              init: kaiming
              stage2: {blocks: [2, 2], channels: [8, 16]}
              stage1:
                channels: 16
                blocks: [1]
              attention: {name: se}
              bn_momentum: 1e-2
              family: hrnetv2-ocr
              classes: 5
            """, "x.yaml").Model;
        Assert.Equal(
            """

            model:
              family: hrnetv2-ocr
              classes: 5
              bn_momentum: 0.01
              attention: se
              stage1: {blocks: 1, channels: 16}
              stage2: {modules: 1, blocks: [2, 2], channels: [8, 16]}
              stage3: {modules: 2, blocks: [2, 2, 2], channels: [8, 16, 32]}
              stage4: {modules: 1, blocks: [2, 2, 2, 2], channels: [8, 16, 32, 64]}
              ocr:
                key_channels: 16
              init: kaiming

            """.ReplaceLineEndings("\n"), Zoo.Resolve(recipe).ToYaml());
    }

    static NetworkSettings Written(ModelDefinition network, ModelDefinition read, NetworkSettings given)
    {
        var yaml = new YamlWriter();
        network.Settings.Write(read, given.Map, yaml);
        return NetworkSettings.Parse(yaml.ToString());
    }

    /// <summary>Every value with the path of its key; a name alone stands for a section with that name.</summary>
    static IEnumerable<KeyValuePair<string, string>> Values(YamlMap map) => map.Entries.SelectMany(entry => entry.Value switch
    {
        YamlMap below => Values(below),
        YamlList list => [KeyValuePair.Create(Below(list), string.Join(", ", list.Items.Cast<YamlScalar>().Select(item => item.Text)))],
        var value => [KeyValuePair.Create(entry.Key == "attention" ? "attention.name" : Below(value), ((YamlScalar)value).Text)],
    });

    static string Below(YamlNode node) => node.Path["model.".Length..];
}
