using Hwaso.Models.Networks;
using Hwaso.Recipes.Yaml;

namespace Hwaso.Recipes;

/// <summary>A U-Net's decoder; what is null keeps the named network's value.</summary>
public sealed record UNetRecipe
{
    /// <summary>Channels of the five decoder blocks, coarsest first.</summary>
    public ValueList<int>? Channels { get; init; }

    /// <summary>Channels of the depth decoder's five blocks, coarsest first; null for those of <see cref="Channels"/>.</summary>
    public ValueList<int>? DepthChannels { get; init; }

    internal UNetConfig Over(UNetConfig named) => named with
    {
        Channels = Channels is { } channels ? [.. channels] : named.Channels,
        DepthChannels = DepthChannels is { } depth ? [.. depth] : named.DepthChannels,
    };

    internal static UNetRecipe? Read(YamlMap map)
    {
        var recipe = new UNetRecipe { Channels = map["channels"].Ints(min: 1, count: 5), DepthChannels = map["depth_channels"].Ints(min: 1, count: 5) };
        return map.IsGiven ? recipe : null;
    }

    internal void Write(YamlWriter yaml) => yaml.Section("unet", () =>
    {
        yaml.Numbers("channels", Channels?.Select(c => (double)c));
        yaml.Numbers("depth_channels", DepthChannels?.Select(c => (double)c));
    });
}
