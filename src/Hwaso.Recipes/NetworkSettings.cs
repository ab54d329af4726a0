using System.Globalization;

namespace Hwaso.Recipes;

/// <summary>
/// A network's own keys in a recipe's <c>model:</c>, as they were written. A recipe knows no network, so that it only keeps them, compares
/// them by value and remembers their places; the network's definition reads them with its <see cref="Settings{TConfig}"/>.
/// </summary>
public sealed class NetworkSettings : IEquatable<NetworkSettings>
{
    readonly Lazy<string> canonical;

    internal NetworkSettings(YamlMap map)
    {
        Map = map.Without(["classes", "in_channels"]);
        (Classes, InChannels) = (map.Find("classes"), map.Find("in_channels"));
        canonical = new Lazy<string>(() => Canonical(Map));
    }

    /// <summary>No settings: the named network as it is.</summary>
    public static NetworkSettings None { get; } = new(new YamlMap("model", "model"));

    /// <summary>The keys with their values and places.</summary>
    public YamlMap Map { get; }

    /// <summary>The place of <c>model.classes</c>, for networks that have no number of classes; null where it was left out.</summary>
    public YamlEntry? Classes { get; }

    /// <summary>The place of <c>model.in_channels</c>; null where it was left out.</summary>
    public YamlEntry? InChannels { get; }

    /// <summary>Settings from YAML.</summary>
    /// <param name="yaml">The keys, as they would stand below <c>model:</c>; may be empty.</param>
    /// <param name="where">The file that errors show.</param>
    /// <exception cref="RecipeException">The text is no YAML of keys and values.</exception>
    public static NetworkSettings Parse(string yaml, string where = "settings") =>
        string.IsNullOrWhiteSpace(yaml) ? None : new NetworkSettings((YamlMap)YamlTree.Read(yaml, where).Moved("model"));

    /// <summary>The error that a setting does not fit, at its line or that of the nearest section around it.</summary>
    /// <param name="error">The error, with the setting's key below <c>model:</c>.</param>
    /// <returns>Null where neither the key nor a section around it was written.</returns>
    public RecipeException? ErrorOf(SettingException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        YamlMap? map = Map;
        YamlEntry? nearest = null;
        foreach (var name in error.Key.Split('.'))
        {
            if (map?.Find(name) is not { } entry)
                break;
            (nearest, map) = (entry, entry.Value as YamlMap);
        }
        return nearest is null ? null : new RecipeException(nearest.Where, $"{Map.PathOf(error.Key)}: {error.Message}");
    }

    /// <summary>Whether the other settings hold equal values, in any order.</summary>
    public bool Equals(NetworkSettings? other) => other is not null && canonical.Value == other.canonical.Value;

    /// <summary>Whether the other object is settings of equal values.</summary>
    public override bool Equals(object? obj) => Equals(obj as NetworkSettings);

    /// <summary>A hash of the values.</summary>
    public override int GetHashCode() => canonical.Value.GetHashCode(StringComparison.Ordinal);

    /// <summary>The values, keys sorted, for messages of failed comparisons.</summary>
    public override string ToString() => canonical.Value;

    static string Canonical(YamlNode node) => node switch
    {
        YamlMap map => $"{{{string.Join(", ", map.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(Canonical))}}}",
        YamlList list => $"[{string.Join(", ", list.Items.Select(Canonical))}]",
        YamlScalar { Plain: true } scalar when IsNumber(scalar, out var number) => YamlWriter.Format(number),
        YamlScalar scalar => Quoted(scalar.Text),
        _ => throw new ArgumentOutOfRangeException(nameof(node), node, "a node of no known kind"),
    };

    static string Canonical(YamlEntry entry) => $"{Quoted(entry.Key)}: {Canonical(entry.Value)}";

    static bool IsNumber(YamlScalar scalar, out double number) =>
        double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
