namespace Hwaso.Recipes;

/// <summary>A key with one value.</summary>
sealed class ValueSetting<TConfig, TValue>(
    string key, string meaning, string? needed, SettingValue<TValue> value, Func<TConfig, TValue> get, Func<TConfig, TValue, TConfig> set)
    : Setting<TConfig>
{
    public override IEnumerable<SettingDescription> Descriptions => [new(key, value.Type, meaning)];

    public override TConfig Read(TConfig config, YamlMap map, string? because) => map[key] is { Node: not null } field
        ? set(config, value.Read(field))
        : needed is null || because is null ? config : throw map.Missing(key, needed + because);

    public override void Write(TConfig config, YamlMap? given, YamlWriter yaml)
    {
        if (given is null || given.Has(key))
            value.Write(yaml, key, get(config));
    }

    public override void Sample(Random random, YamlWriter yaml, bool whole)
    {
        if (random.Next(2) == 0 || (whole && needed is not null))
            value.Write(yaml, key, value.Draw(random));
    }
}

/// <summary>A part of the configuration in a section; keys that are left out keep their values.</summary>
sealed class SectionSetting<TConfig, TPart>(string key, Func<TConfig, TPart> get, Func<TConfig, TPart, TConfig> set, Settings<TPart> part)
    : Setting<TConfig>
{
    public override IEnumerable<SettingDescription> Descriptions =>
        part.Descriptions.Select(below => below with { Key = $"{key}.{below.Key}" });

    public override TConfig Read(TConfig config, YamlMap map, string? because) =>
        map.Has(key) || because is not null ? set(config, part.Read(get(config), map.Section(key), because)) : config;

    public override void Write(TConfig config, YamlMap? given, YamlWriter yaml)
    {
        if (given is null || given.Has(key))
            yaml.Section(key, () => part.Write(get(config), given?.Section(key), yaml));
    }

    public override void Sample(Random random, YamlWriter yaml, bool whole)
    {
        var below = new YamlWriter();
        part.Sample(random, below, whole);
        // A section with no key below it is refused.
        if (below.ToString().Length > 0)
            yaml.Inline(key, line => line.Lines(below));
    }
}

/// <summary>A part of the configuration that a section replaces whole.</summary>
sealed class WholeSetting<TConfig, TPart>(
    string key, Func<TConfig, TPart> get, Func<TConfig, TPart, TConfig> set, Settings<TPart> part, Func<TConfig, TPart> blank,
    string? needed) : Setting<TConfig>
{
    public override IEnumerable<SettingDescription> Descriptions =>
        part.Descriptions.Select(below => below with { Key = $"{key}.{below.Key}" });

    public override TConfig Read(TConfig config, YamlMap map, string? because) => map.Has(key)
        ? set(config, part.Read(blank(config), map.Section(key), because: ""))
        : needed is null || because is null ? config : throw map.Missing(key, needed + because);

    public override void Write(TConfig config, YamlMap? given, YamlWriter yaml)
    {
        if (given is null || given.Has(key))
            yaml.Inline(key, line => part.Write(get(config), null, line));
    }

    public override void Sample(Random random, YamlWriter yaml, bool whole)
    {
        if (random.Next(2) == 0 || (whole && needed is not null))
            yaml.Inline(key, line => part.Sample(random, line, whole: true));
    }
}

/// <summary>A setting of a part, among the configuration's own.</summary>
sealed class PartSetting<TConfig, TPart>(Func<TConfig, TPart> get, Func<TConfig, TPart, TConfig> set, Setting<TPart> setting)
    : Setting<TConfig>
{
    public override IEnumerable<SettingDescription> Descriptions => setting.Descriptions;

    public override TConfig Read(TConfig config, YamlMap map, string? because) => set(config, setting.Read(get(config), map, because));

    public override void Write(TConfig config, YamlMap? given, YamlWriter yaml) => setting.Write(get(config), given, yaml);

    public override void Sample(Random random, YamlWriter yaml, bool whole) => setting.Sample(random, yaml, whole);
}
