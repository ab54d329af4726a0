namespace Hwaso.Recipes.Yaml;

/// <summary>
/// A section of a recipe. Records read themselves from one, key by key; every key asked for is noted in <c>asked</c>,
/// so the reader itself is the list of valid keys and no second one can disagree with it.
/// </summary>
sealed class YamlMap(string where, string path, List<string> asked, bool isGiven = true) : YamlNode(where, path)
{
    readonly List<YamlEntry> entries = [];

    /// <summary>Whether the section was written at all; one that was not reads as all defaults.</summary>
    public bool IsGiven { get; } = isGiven;

    /// <summary>What was written, in order.</summary>
    public IReadOnlyList<YamlEntry> Entries => entries;

    /// <inheritdoc/>
    public override string Given => "keys below it";

    /// <summary>The value of a key, to be read as the type it must have.</summary>
    public YamlField this[string key]
    {
        get
        {
            if (IsNew(key)) asked.Add(RecipeKeys.Plain(PathOf(key)));
            return new YamlField(this, key, Find(key)?.Value);
        }
    }

    /// <summary>The section under a key; an empty one where it was left out.</summary>
    public YamlMap Section(string key) => Find(key)?.Value switch
    {
        null => new YamlMap(Where, PathOf(key), asked, isGiven: false),
        YamlMap map => map,
        YamlScalar { IsNull: true } nothing => throw nothing.Error("has no keys below it; write some, or remove it for the defaults"),
        var other => throw other.Error($"wants keys below it, not {other.Given}"),
    };

    /// <summary>The sections in a list under a key, none where it was left out.</summary>
    public IReadOnlyList<YamlMap> Sections(string key) => Find(key)?.Value switch
    {
        null => [],
        YamlList list => [.. list.Items.Select(item => item as YamlMap ?? throw item.Error($"wants keys such as 'name', not {item.Given}"))],
        YamlScalar { IsNull: true } nothing => throw nothing.Error("has no list below it; write '- name: …' for each, or remove it"),
        var other => throw other.Error($"wants a list, each with keys of its own, not {other.Given}"),
    };

    /// <summary>Whether the key was written.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>The error that a key is not there.</summary>
    public RecipeException Missing(string key, string wanted) => new(Where, $"{PathOf(key)}: missing; wants {wanted}");

    /// <summary>Refuses keys that mean something only with another choice, instead of ignoring them.</summary>
    public void RefuseUnless(bool fits, string owner, string chosen, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (this[key].Node is { } node && !fits) throw node.Error($"belongs to {owner}, not to {chosen}; remove it, or change the name");
        }
    }

    /// <summary>The entry of a key, or null.</summary>
    public YamlEntry? Find(string key) => entries.Find(entry => entry.Key == key);

    /// <summary>Adds a key, or puts it in the place of the one that was there.</summary>
    public void Put(YamlEntry entry)
    {
        var at = entries.FindIndex(old => old.Key == entry.Key);
        if (at < 0) entries.Add(entry);
        else entries[at] = entry;
    }

    /// <summary>Takes a key out, so that its default holds.</summary>
    public void Remove(string key) => entries.RemoveAll(entry => entry.Key == key);

    /// <summary>The same section, told of at another place.</summary>
    public YamlMap At(string place)
    {
        var map = new YamlMap(place, Path, asked);
        map.entries.AddRange(entries);
        return map;
    }

    /// <inheritdoc/>
    public override YamlNode Moved(string path, List<string> asked)
    {
        var map = new YamlMap(Where, path, asked, IsGiven);
        map.entries.AddRange(entries.Select(entry => entry with { Value = entry.Value.Moved(map.PathOf(entry.Key), asked) }));
        return map;
    }

    /// <summary>Refuses every key but these.</summary>
    public void AllowOnly(params string[] keys)
    {
        foreach (var entry in entries.Where(entry => !keys.Contains(entry.Key)))
            throw new RecipeException(entry.Where, $"{PathOf(entry.Key)}: unknown key{(NearName.Hint(entry.Key, keys) is { Length: > 0 } hint ? hint : $"; {string.Join(", ", keys)} are known")}");
    }

    /// <summary>The path of a key of this section.</summary>
    public string PathOf(string key) => Path.Length == 0 ? key : $"{Path}.{key}";

    bool IsNew(string key) => !asked.Contains(RecipeKeys.Plain(PathOf(key)));
}
