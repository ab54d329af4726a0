using Hwaso.Recipes;

namespace Hwaso.Models;

/// <summary>What a network's file adds to a <see cref="NetworkList"/>.</summary>
/// <param name="Named">The networks with short names, the plain ones before those with attention.</param>
/// <param name="BySizes">Those of which a recipe gives every size, by <c>family</c>; their names are the families'.</param>
public sealed record NetworkFamily(IReadOnlyList<ModelDefinition> Named, params IReadOnlyList<ModelDefinition> BySizes);

/// <summary>Networks by name, and recipes' model sections as networks.</summary>
/// <param name="families">What it lists.</param>
public sealed class NetworkList(params IEnumerable<NetworkFamily> families)
{
    const string Section = "model";

    readonly IReadOnlyList<NetworkFamily> families = [.. families];

    /// <summary>Every network with a short name.</summary>
    public IReadOnlyList<ModelDefinition> All { get; } = [.. families.SelectMany(family => family.Named)];

    /// <summary>Every network of which a recipe gives the sizes, named for its family.</summary>
    public IReadOnlyList<ModelDefinition> BySizes { get; } = [.. families.SelectMany(family => family.BySizes)];

    /// <summary>Every key that a network can have below <c>model:</c>, with type and meaning, once each.</summary>
    public IReadOnlyList<SettingDescription> Settings =>
        [.. BySizes.SelectMany(network => network.Settings.Descriptions).DistinctBy(setting => setting.Key)];

    /// <summary>The same with more networks.</summary>
    public NetworkList With(params IEnumerable<NetworkFamily> more) => new([.. families, .. more]);

    /// <summary>The definition of a short name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists the near ones.</exception>
    public ModelDefinition Find(string name) => All.FirstOrDefault(network => network.Name == name) ?? throw new ArgumentException(
        $"'{name}' is no model's name; near ones: {string.Join(", ", NearName.Nearest(name, All.Select(network => network.Name), 4))}. "
        + "`hwaso models` lists all; a recipe file (.yaml) is accepted too");

    /// <summary>The network that a recipe's model section describes.</summary>
    /// <exception cref="ArgumentException">The name or family is unknown, or numbers do not fit each other.</exception>
    /// <exception cref="RecipeException">A key is unknown, missing, of another network, of the wrong type or out of range.</exception>
    public ModelDefinition Define(ModelRecipe recipe)
    {
        var network = recipe.Name is { } name ? Find(name) : OfFamily(recipe.Family!);
        CheckKeys(network, recipe);
        var defined =
            network.Settings.Read(network, recipe.Settings.Map, recipe.Family is null ? null : ", because 'family' names no sizes");
        try
        {
            network.Settings.Check(defined);
        }
        catch (SettingException error) when (recipe.Settings.ErrorOf(error) is { } placed)
        {
            throw placed;
        }
        if (recipe.InChannels is { } channels)
            defined = defined is SegmentationDefinition segmentation ? segmentation with { InChannels = channels }
                : channels == ModelDefinition.ColourChannels ? defined
                : throw (recipe.Settings.InChannels?.Value ?? recipe.Settings.Map).Error(
                    $"{channels} does not fit {network.Name}, a network for {network.Task.Word()}: only networks for segmentation take "
                        + "images of other channels than colours; remove it");
        return recipe.Family is null
            ? defined
            : defined with { Name = $"{recipe.Family} of the recipe", Description = "as the recipe describes it" };
    }

    /// <summary>The same model section with the network's settings in their order and usual form, as a run keeps it.</summary>
    /// <exception cref="ArgumentException">As <see cref="Define"/>.</exception>
    /// <exception cref="RecipeException">As <see cref="Define"/>.</exception>
    public ModelRecipe Resolve(ModelRecipe recipe)
    {
        var network = Define(recipe);
        var yaml = new YamlWriter();
        network.Settings.Write(network, recipe.Settings.Map, yaml);
        return recipe with { Settings = NetworkSettings.Parse(yaml.ToString(), recipe.Settings.Map.Where) };
    }

    ModelDefinition OfFamily(string family) => BySizes.FirstOrDefault(network => network.Name == family) ?? throw new ArgumentException(
        $"family '{family}' is not known{NearName.Hint(family, BySizes.Select(network => network.Name))}; "
        + $"{string.Join(", ", BySizes.SkipLast(1).Select(network => network.Name))} or {BySizes[^1].Name} was wanted");

    /// <summary>Refuses keys that the network does not have, before any value is read: a misspelt key explains a missing one.</summary>
    void CheckKeys(ModelDefinition network, ModelRecipe recipe)
    {
        if (recipe.Classes is not null && !network.HasClasses)
            throw Foreign((YamlNode?)recipe.Settings.Classes?.Value ?? recipe.Settings.Map, [.. BySizes.Where(other => other.HasClasses)]);
        var own = new KeyList(PathsOf(network));
        Check(recipe.Settings.Map);

        void Check(YamlMap map)
        {
            foreach (var entry in map.Entries)
            {
                var path = map.PathOf(entry.Key);
                if (!own.Has(path))
                    throw Owners(path) is { Count: > 0 } owners
                        ? Foreign(entry.Value, owners)
                        : new KeyList([.. PathsOf(network), .. Recipe.Keys]).Unknown(map, entry, BySizes.SelectMany(PathsOf));
                if (entry.Value is YamlMap below && own.IsSection(path))
                    Check(below);
            }
        }

        RecipeException Foreign(YamlNode node, IReadOnlyList<ModelDefinition> owners)
        {
            var have = $"{string.Join(", ", owners.Select(other => other.Name))} {(owners.Count == 1 ? "has" : "have")} it";
            return node.Error($"does not belong to {recipe.Family ?? recipe.Name} ({have}); remove it, or change the network");
        }
    }

    List<ModelDefinition> Owners(string path) => [.. BySizes.Where(network => new KeyList(PathsOf(network)).Has(path))];

    static IEnumerable<string> PathsOf(ModelDefinition network) =>
        network.Settings.Descriptions.Select(setting => $"{Section}.{setting.Key}");
}
