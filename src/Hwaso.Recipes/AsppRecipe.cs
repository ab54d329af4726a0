using Hwaso.Models.Heads;
using Hwaso.Recipes.Yaml;

namespace Hwaso.Recipes;

/// <summary>A DeepLabV3 head; what is null keeps the named network's value.</summary>
public sealed record AsppRecipe
{
    /// <summary>Channels of every branch and of the projection.</summary>
    public int? Channels { get; init; }

    /// <summary>Dilations of the 3×3 branches, as many as there are.</summary>
    public ValueList<int>? Rates { get; init; }

    /// <summary>Probability with which an element of the projection is dropped, in training.</summary>
    public double? Dropout { get; init; }

    internal AsppConfig Over(AsppConfig named) => named with
    {
        Channels = Channels ?? named.Channels,
        Rates = Rates is { } rates ? [.. rates] : named.Rates,
        Dropout = Dropout ?? named.Dropout,
    };

    internal static AsppRecipe? Read(YamlMap map)
    {
        var recipe = new AsppRecipe
        {
            Channels = map["channels"].Int(min: 1),
            Rates = map["rates"].Ints(min: 1),
            Dropout = map["dropout"].Number(min: 0, max: 1),
        };
        return map.IsGiven ? recipe : null;
    }

    internal void Write(YamlWriter yaml) => yaml.Section("aspp", () =>
    {
        yaml.Int("channels", Channels);
        yaml.Numbers("rates", Rates?.Select(r => (double)r));
        yaml.Number("dropout", Dropout);
    });
}
