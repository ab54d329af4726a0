using Hwaso.Models.Heads;
using Hwaso.Recipes.Yaml;

namespace Hwaso.Recipes;

/// <summary>FCN heads; what is null keeps the named network's value.</summary>
public sealed record FcnRecipe
{
    static readonly string[] namings = ["torchvision", "encoding"];

    /// <summary>Channels between the head's two convolutions.</summary>
    public int? Channels { get; init; }

    /// <summary>Probability with which an element is dropped before the last convolution, in training.</summary>
    public double? Dropout { get; init; }

    /// <summary>Whether an auxiliary head learns on the third stage.</summary>
    public bool? Auxiliary { get; init; }

    /// <summary><c>torchvision</c> or <c>encoding</c>: what the parts are called.</summary>
    public string? Names { get; init; }

    internal FcnConfig Over(FcnConfig named) => named with
    {
        Channels = Channels ?? named.Channels,
        Dropout = Dropout ?? named.Dropout,
        Auxiliary = Auxiliary ?? named.Auxiliary,
        Names = Names is null ? named.Names : Names == namings[0] ? FcnNames.Torchvision : FcnNames.Encoding,
    };

    internal static FcnRecipe? Read(YamlMap map)
    {
        var recipe = new FcnRecipe
        {
            Channels = map["channels"].Int(min: 1),
            Dropout = map["dropout"].Number(min: 0, max: 1),
            Auxiliary = map["auxiliary"].Flag(),
            Names = map["names"].Name(namings),
        };
        return map.IsGiven ? recipe : null;
    }

    internal void Write(YamlWriter yaml) => yaml.Section("fcn", () =>
    {
        yaml.Int("channels", Channels);
        yaml.Number("dropout", Dropout);
        yaml.Flag("auxiliary", Auxiliary);
        yaml.Text("names", Names);
    });
}
