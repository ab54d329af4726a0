namespace Hwaso.Recipes;

/// <summary>
/// A part that comes in several kinds, each with settings of its own: <c>key: {name: KIND, …}</c>, or <c>key: KIND</c> for short. A kind's
/// own key beside another kind's name is an error that says whose it is.
/// </summary>
/// <typeparam name="TConfig">The configuration.</typeparam>
/// <typeparam name="TPart">The part.</typeparam>
/// <param name="key">The key.</param>
/// <param name="kinds">Every kind with its defaults.</param>
/// <param name="get">Gets the part; null where there is none.</param>
/// <param name="set">Gives the configuration with another part, or none.</param>
/// <param name="meaning">One sentence about which to take.</param>
/// <param name="byName">Whether a network's short name can carry the kind: then a recipe cannot name a second one, and can say
/// <c>none</c>.</param>
public sealed class VariantSetting<TConfig, TPart>(
    string key, IReadOnlyList<TPart> kinds, Func<TConfig, TPart?> get, Func<TConfig, TPart?, TConfig> set, string meaning, bool byName)
    : Setting<TConfig>
    where TPart : class, IVariant<TPart>
{
    const string Name = "name", None = "none";

    readonly IReadOnlyList<string> names = [.. byName ? [None] : Array.Empty<string>(), .. kinds.Select(kind => kind.Name)];

    /// <inheritdoc/>
    public override IEnumerable<SettingDescription> Descriptions =>
    [
        .. byName ? [new SettingDescription(key, "a name, or keys below it",
        $"{meaning}; the name alone is short for `{key}: {{name: …}}`")] : Array.Empty<SettingDescription>(),
        new($"{key}.{Name}", SettingText.Names(names),
        byName ? "which; not beside a network's name that has a `+`, whose module the other keys then adjust" : meaning),
        .. kinds.SelectMany(kind => kind.Settings.Descriptions).DistinctBy(below => below.Key)
        .Select(below => below with { Key = $"{key}.{below.Key}" }),
    ];

    /// <inheritdoc/>
    public override TConfig Read(TConfig config, YamlMap map, string? because)
    {
        if (map.Find(key) is not { Value: var value })
            return config;
        var section = value is YamlMap ? map.Section(key) : null;
        var field = section?[Name] ?? map[key];
        if (section is null && !byName)
            throw value.Error($"wants keys below it, not {value.Given}");
        var named = get(config);
        var name = field.Name(names);
        if (byName && name is not null && named is not null)
            throw value.Error($"the network's name already says {named.Name}; remove one of the two");
        if (name == None)
            return WithNone(config, section);
        var part = (name is null || name == named?.Name ? named : kinds.Single(kind => kind.Name == name))
            ?? throw section!.Missing(Name,
                $"one of {string.Join(", ", kinds.Select(kind => kind.Name))}, because the network has none of its own");
        if (section is null)
            return set(config, part);
        foreach (var entry in section.Entries.Where(entry => entry.Key != Name && !Has(part, entry.Key)))
            throw Foreign(entry, part.Name);
        return set(config, part.Settings.Read(part, section, because));
    }

    /// <inheritdoc/>
    public override void Write(TConfig config, YamlMap? given, YamlWriter yaml)
    {
        if (given is not null && !given.Has(key))
            return;
        var section = given?.Find(key)?.Value as YamlMap;
        if (get(config) is not { } part)
            yaml.Text(key, None);
        else if (byName && section is null or { Entries: [{ Key: Name }] })
            yaml.Text(key, part.Name);
        else
            yaml.Section(key, () =>
            {
                if (section is null || section.Has(Name))
                    yaml.Text(Name, part.Name);
                part.Settings.Write(part, section, yaml);
            });
    }

    /// <inheritdoc/>
    public override void Sample(Random random, YamlWriter yaml, bool whole)
    {
        if (random.Next(2) == 0)
            return;
        var kind = kinds[random.Next(kinds.Count)];
        if (byName && random.Next(4) == 0)
            yaml.Text(key, random.Next(2) == 0 ? None : kind.Name);
        else
            yaml.Inline(key, line =>
            {
                line.Text(Name, kind.Name);
                kind.Settings.Sample(random, line, whole);
            });
    }

    static bool Has(TPart kind, string below) => kind.Settings.Descriptions.Any(description => description.Key == below);

    RecipeException Foreign(YamlEntry entry, string name) =>
        entry.Value.Error($"belongs to {SettingText.Or(Owners(entry.Key))}, not to {name}; remove it, or change the name");

    IEnumerable<string> Owners(string below) => kinds.Where(kind => Has(kind, below)).Select(kind => kind.Name);

    TConfig WithNone(TConfig config, YamlMap? section) =>
        section?.Entries.FirstOrDefault(entry => entry.Key != Name) is { } other
            ? throw Foreign(other, None)
            : set(config, null);
}

/// <summary>A part that comes in several kinds, as <see cref="VariantSetting{TConfig, TPart}"/> wants it.</summary>
/// <typeparam name="TPart">The part.</typeparam>
public interface IVariant<TPart>
{
    /// <summary>The kind's name.</summary>
    string Name { get; }

    /// <summary>The kind's settings, those that all kinds have included.</summary>
    Settings<TPart> Settings { get; }
}
