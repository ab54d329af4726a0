using Hwaso.Models.Networks;
using Hwaso.Training.Recipes.Yaml;

namespace Hwaso.Training.Recipes;

/// <summary>A U-Net's decoder; what is null keeps the named network's value.</summary>
public sealed record UNetRecipe
{
    /// <summary>Channels of the five decoder blocks, coarsest first.</summary>
    public ValueList<int>? Channels { get; init; }

    internal UNetConfig Over(UNetConfig named) => named with { Channels = Channels is { } channels ? [.. channels] : named.Channels };

    internal static UNetRecipe? Read(YamlMap map)
    {
        var recipe = new UNetRecipe { Channels = map["channels"].Ints(min: 1, count: 5) };
        return map.IsGiven ? recipe : null;
    }

    internal void Write(YamlWriter yaml) => yaml.Section("unet", () => yaml.Numbers("channels", Channels?.Select(c => (double)c)));
}
