using Hwaso.Models.Heads;
using Hwaso.Recipes.Yaml;

namespace Hwaso.Recipes;

/// <summary>An OCR head; what is null keeps the named network's value.</summary>
public sealed record OcrRecipe
{
    /// <summary>Channels of pixels and objects.</summary>
    public int? Channels { get; init; }

    /// <summary>Channels of queries, keys and values.</summary>
    public int? KeyChannels { get; init; }

    /// <summary>Probability with which a channel is dropped before the classifier, in training.</summary>
    public double? Dropout { get; init; }

    internal OcrConfig Over(OcrConfig named) => named with
    {
        Channels = Channels ?? named.Channels,
        KeyChannels = KeyChannels ?? named.KeyChannels,
        Dropout = Dropout ?? named.Dropout,
    };

    internal static OcrRecipe? Read(YamlMap map)
    {
        var recipe = new OcrRecipe
        {
            Channels = map["channels"].Int(min: 1),
            KeyChannels = map["key_channels"].Int(min: 1),
            Dropout = map["dropout"].Number(min: 0, max: 1),
        };
        return map.IsGiven ? recipe : null;
    }

    internal void Write(YamlWriter yaml) => yaml.Section("ocr", () =>
    {
        yaml.Int("channels", Channels);
        yaml.Int("key_channels", KeyChannels);
        yaml.Number("dropout", Dropout);
    });
}
