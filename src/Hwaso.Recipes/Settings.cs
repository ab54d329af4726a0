namespace Hwaso.Recipes;

/// <summary>
/// The settings of an immutable configuration: one line each, with key, getter, setter, range and a sentence about it. Reading with
/// places for errors, writing in this order, the list of keys, their documentation and random values for tests all follow from the list.
/// </summary>
/// <typeparam name="TConfig">The configuration, an immutable record.</typeparam>
public sealed class Settings<TConfig>
{
    readonly IReadOnlyList<Setting<TConfig>> settings;
    readonly Action<TConfig> check;

    /// <summary>No settings yet.</summary>
    public Settings() : this([], _ => { })
    {
    }

    Settings(IReadOnlyList<Setting<TConfig>> settings, Action<TConfig> check) => (this.settings, this.check) = (settings, check);

    /// <summary>Every key with type and meaning, in order; sections before the keys below them.</summary>
    public IEnumerable<SettingDescription> Descriptions => settings.SelectMany(setting => setting.Descriptions);

    /// <summary>With one setting more; for kinds of settings that have no method here.</summary>
    public Settings<TConfig> Add(Setting<TConfig> setting) => new([.. settings, setting], check);

    /// <summary>With a check of the whole configuration, for numbers that have to fit each other.</summary>
    /// <param name="fits">
    /// Throws a <see cref="SettingException"/>, or another <see cref="ArgumentException"/>, that says which numbers do not fit and which
    /// would.
    /// </param>
    public Settings<TConfig> Require(Action<TConfig> fits) => new(settings, check + fits);

    /// <summary>A whole number.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="get">Gets it; null where the configuration leaves it open.</param>
    /// <param name="set">Gives the configuration with another value.</param>
    /// <param name="min">The least value.</param>
    /// <param name="meaning">One sentence about it.</param>
    /// <param name="odd">Whether it must be odd.</param>
    /// <param name="among">The only values it can have; null for any.</param>
    /// <param name="needed">What to say that a network without a named size wants here; null where there is a default.</param>
    public Settings<TConfig> Int(
        string key, Func<TConfig, int?> get, Func<TConfig, int, TConfig> set, int min, string meaning, bool odd = false,
        int[]? among = null, string? needed = null) =>
        Add(new ValueSetting<TConfig, int>(key, meaning, needed, new IntValue(min, odd, among), config => get(config) ?? 0, set));

    /// <summary>A number within bounds.</summary>
    /// <inheritdoc cref="Int"/>
    /// <param name="key">Its key.</param>
    /// <param name="get">Gets it.</param>
    /// <param name="set">Gives the configuration with another value.</param>
    /// <param name="min">The lower bound.</param>
    /// <param name="meaning">One sentence about it.</param>
    /// <param name="max">The upper bound.</param>
    /// <param name="aboveMin">Whether the lower bound itself is excluded.</param>
    /// <param name="belowMax">Whether the upper bound itself is excluded.</param>
    public Settings<TConfig> Number(
        string key, Func<TConfig, double> get, Func<TConfig, double, TConfig> set, double min, string meaning, double max = double.MaxValue,
        bool aboveMin = false, bool belowMax = false) =>
        Add(new ValueSetting<TConfig, double>(key, meaning, null, new NumberValue(min, max, aboveMin, belowMax), get, set));

    /// <summary>True or false.</summary>
    public Settings<TConfig> Flag(string key, Func<TConfig, bool> get, Func<TConfig, bool, TConfig> set, string meaning) =>
        Add(new ValueSetting<TConfig, bool>(key, meaning, null, new FlagValue(), get, set));

    /// <summary>One of a few names.</summary>
    public Settings<TConfig> Choice<T>(string key, Func<TConfig, T> get, Func<TConfig, T, TConfig> set, NamedValues<T> names,
        string meaning)
        where T : notnull =>
        Add(new ValueSetting<TConfig, T>(key, meaning, null, new ChoiceValue<T>(names), get, set));

    /// <summary>A list of whole numbers.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="get">Gets it; null where the configuration leaves it open.</param>
    /// <param name="set">Gives the configuration with another list.</param>
    /// <param name="min">The least value.</param>
    /// <param name="meaning">One sentence about it.</param>
    /// <param name="count">How many there must be; null for any number. One is written without brackets.</param>
    /// <param name="needed">What to say that a network without a named size wants here; null where there is a default.</param>
    public Settings<TConfig> Ints(
        string key, Func<TConfig, ValueList<int>?> get, Func<TConfig, ValueList<int>, TConfig> set, int min, string meaning,
        int? count = null, string? needed = null) =>
        Add(new ValueSetting<TConfig, ValueList<int>>(key, meaning, needed, new IntsValue(min, count), config => get(config) ?? [], set));

    /// <summary>A part of the configuration with settings of its own, in a section; keys that are left out keep their values.</summary>
    public Settings<TConfig> Section<TPart>(
        string key, Func<TConfig, TPart> get, Func<TConfig, TPart, TConfig> set, Settings<TPart> part) =>
        new([.. settings, new SectionSetting<TConfig, TPart>(key, get, set, part)],
            check + (config => CheckSection(key, part, get(config))));

    static void CheckSection<TPart>(string key, Settings<TPart> part, TPart value)
    {
        try
        {
            part.check(value);
        }
        catch (SettingException error)
        {
            throw new SettingException($"{key}.{error.Key}", error.Message);
        }
    }

    /// <summary>A part of the configuration that a section replaces whole; it is written on one line.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="get">Gets the part.</param>
    /// <param name="set">Gives the configuration with another part.</param>
    /// <param name="part">The part's settings; those with a <c>needed</c> have to be given.</param>
    /// <param name="blank">What the keys of the section are set on.</param>
    /// <param name="needed">What to say that a network without a named size wants here; null where there is a default.</param>
    public Settings<TConfig> Whole<TPart>(
        string key, Func<TConfig, TPart> get, Func<TConfig, TPart, TConfig> set, Settings<TPart> part, Func<TConfig, TPart> blank,
        string? needed = null) =>
        Add(new WholeSetting<TConfig, TPart>(key, get, set, part, blank, needed));

    /// <summary>A part whose settings stand among the configuration's own.</summary>
    public Settings<TConfig> Include<TPart>(Func<TConfig, TPart> get, Func<TConfig, TPart, TConfig> set, Settings<TPart> part) => new(
        [.. settings, .. part.settings.Select(setting => new PartSetting<TConfig, TPart>(get, set, setting))],
        check + (config => part.check(get(config))));

    /// <summary>The same settings where the configuration is known by its base type.</summary>
    public Settings<TBase> Of<TBase>()
        where TBase : notnull =>
            new Settings<TBase>().Include(config => (TConfig)(object)config, (_, config) => (TBase)(object)config!, this);

    /// <summary>Reads the keys that a section gives.</summary>
    /// <param name="config">The configuration that they are set on.</param>
    /// <param name="map">The section.</param>
    /// <param name="because">Why settings that have no default must be given, <c>", because …"</c> or empty; null where they need
    /// not.</param>
    /// <exception cref="RecipeException">A value is missing, of the wrong type or out of range.</exception>
    public TConfig Read(TConfig config, YamlMap map, string? because = null) =>
        settings.Aggregate(config, (read, setting) => setting.Read(read, map, because));

    /// <summary>Checks that the numbers fit each other.</summary>
    /// <exception cref="ArgumentException">They do not; the message says which and what would.</exception>
    public void Check(TConfig config) => check(config);

    /// <summary>Writes the keys that a section gives, with the configuration's values, in the order of the settings.</summary>
    /// <param name="config">The configuration, as <see cref="Read"/> gave it.</param>
    /// <param name="given">The section; null to write every key.</param>
    /// <param name="yaml">Where they are written.</param>
    public void Write(TConfig config, YamlMap? given, YamlWriter yaml)
    {
        foreach (var setting in settings)
            setting.Write(config, given, yaml);
    }

    /// <summary>Writes random values within their ranges, of a random half of the keys.</summary>
    /// <param name="random">Where they come from.</param>
    /// <param name="yaml">Where they are written.</param>
    /// <param name="whole">Whether settings that have no default are always among them.</param>
    public void Sample(Random random, YamlWriter yaml, bool whole = false)
    {
        foreach (var setting in settings)
            setting.Sample(random, yaml, whole);
    }
}

/// <summary>Thrown where a setting does not fit the others; its key lets whoever read it from a file name the line.</summary>
/// <param name="key">The setting's key below the configuration that was checked, such as <c>heads</c>.</param>
/// <param name="message">The value, what was wanted, and what to do.</param>
public sealed class SettingException(string key, string message) : ArgumentException(message)
{
    /// <summary>The setting's key.</summary>
    public string Key { get; } = key;
}

/// <summary>A key, what it can hold and what it means, as the documentation lists it.</summary>
/// <param name="Key">The key's path below the configuration's section.</param>
/// <param name="Type">What it can hold; null for a section, which has no row of its own.</param>
/// <param name="Meaning">One sentence.</param>
public sealed record SettingDescription(string Key, string? Type, string Meaning);

/// <summary>One setting of a configuration, or a section of settings.</summary>
/// <typeparam name="TConfig">The configuration, an immutable record.</typeparam>
public abstract class Setting<TConfig>
{
    /// <summary>Its keys with type and meaning.</summary>
    public abstract IEnumerable<SettingDescription> Descriptions { get; }

    /// <summary>The configuration with the value that a section gives; unchanged where it gives none.</summary>
    /// <inheritdoc cref="Settings{TConfig}.Read"/>
    public abstract TConfig Read(TConfig config, YamlMap map, string? because);

    /// <summary>Writes the configuration's value where the section has the key.</summary>
    /// <inheritdoc cref="Settings{TConfig}.Write"/>
    public abstract void Write(TConfig config, YamlMap? given, YamlWriter yaml);

    /// <summary>Writes a random value, or none.</summary>
    /// <inheritdoc cref="Settings{TConfig}.Sample"/>
    public abstract void Sample(Random random, YamlWriter yaml, bool whole);
}
