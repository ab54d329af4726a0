using Hwaso.Models.Attention;
using Hwaso.Models.Networks;
using Hwaso.Recipes.Yaml;

namespace Hwaso.Recipes;

/// <summary>The heads of a SANet; what is null keeps the named network's value.</summary>
public sealed record SANetRecipe
{
    static readonly Choices<SqueezeActivation> activations =
        new(("sigmoid", SqueezeActivation.Sigmoid), ("relu", SqueezeActivation.Relu), ("none", SqueezeActivation.None));

    static readonly Choices<PresencePooling> poolings = new(("mean", PresencePooling.Mean), ("max", PresencePooling.Max));

    /// <summary>Channels inside each head.</summary>
    public int? Channels { get; init; }

    /// <summary>Side of the squares of pixels that the attention path averages.</summary>
    public int? Pool { get; init; }

    /// <summary>What the attention passes before it is upsampled.</summary>
    public SqueezeActivation? Activation { get; init; }

    /// <summary>How the categorical output is squeezed.</summary>
    public PresencePooling? Presence { get; init; }

    internal SANetConfig Over(SANetConfig named) => named with
    {
        Channels = Channels ?? named.Channels,
        Pool = Pool ?? named.Pool,
        Activation = Activation ?? named.Activation,
        Presence = Presence ?? named.Presence,
    };

    internal static SANetRecipe? Read(YamlMap map)
    {
        var recipe = new SANetRecipe
        {
            Channels = map["channels"].Int(min: 1),
            Pool = map["pool"].Int(min: 1),
            Activation = map["activation"].Choice(activations),
            Presence = map["presence"].Choice(poolings),
        };
        return map.IsGiven ? recipe : null;
    }

    internal void Write(YamlWriter yaml) => yaml.Section("sanet", () =>
    {
        yaml.Int("channels", Channels);
        yaml.Int("pool", Pool);
        yaml.Text("activation", Activation is { } activation ? activations.NameOf(activation) : null);
        yaml.Text("presence", Presence is { } presence ? poolings.NameOf(presence) : null);
    });
}
