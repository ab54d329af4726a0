namespace Hwaso.Recipes;

/// <summary>
/// A section of a YAML file. A record reads itself from one, key by key. Every key that a recipe's records ask for is noted, so that the
/// reader itself is the list of valid keys and no second list can disagree with it.
/// </summary>
public sealed class YamlMap : YamlNode
{
    readonly List<YamlEntry> entries = [];
    readonly List<string>? asked;

    internal YamlMap(string where, string path, List<string>? asked = null, bool isGiven = true, bool isInline = false)
        : base(where, path) =>
        (this.asked, IsGiven, IsInline) = (asked, isGiven, isInline);

    /// <summary>Whether the section was written at all; one that was not reads as all defaults.</summary>
    public bool IsGiven { get; }

    /// <summary>Whether it was written on one line, <c>{a: 1}</c>.</summary>
    public bool IsInline { get; }

    /// <summary>The keys that were written, in order.</summary>
    public IReadOnlyList<YamlEntry> Entries => entries;

    /// <inheritdoc/>
    public override string Given => "keys below it";

    /// <summary>The value of a key, to be read as the type it must have.</summary>
    public YamlField this[string key]
    {
        get
        {
            if (asked is not null && KeyList.Plain(PathOf(key)) is var plain && !asked.Contains(plain))
                asked.Add(plain);
            return new YamlField(this, key, Find(key)?.Value);
        }
    }

    /// <summary>The section under a key; an empty one where it was left out.</summary>
    /// <exception cref="RecipeException">The key holds something else.</exception>
    public YamlMap Section(string key) => Find(key)?.Value switch
    {
        null => new YamlMap(Where, PathOf(key), asked, isGiven: false),
        YamlMap map => map,
        YamlScalar { IsNull: true } nothing => throw nothing.Error("has no keys below it; write some, or remove it for the defaults"),
        var other => throw other.Error($"wants keys below it, not {other.Given}"),
    };

    /// <summary>The sections in a list under a key; none where it was left out.</summary>
    /// <exception cref="RecipeException">The key holds something else.</exception>
    public IReadOnlyList<YamlMap> Sections(string key) => Find(key)?.Value switch
    {
        null => [],
        YamlList list =>
        [.. list.Items.Select(item => item as YamlMap ?? throw item.Error($"wants keys such as 'name', not {item.Given}"))],
        YamlScalar { IsNull: true } nothing => throw nothing.Error("has no list below it; write '- name: …' for each, or remove it"),
        var other => throw other.Error($"wants a list, each with keys of its own, not {other.Given}"),
    };

    /// <summary>Whether the key was written.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>The entry of a key; null where it was left out.</summary>
    public YamlEntry? Find(string key) => entries.Find(entry => entry.Key == key);

    /// <summary>The path of a key of this section.</summary>
    public string PathOf(string key) => Path.Length == 0 ? key : $"{Path}.{key}";

    /// <summary>The error that a key is not there.</summary>
    public RecipeException Missing(string key, string wanted) => new(Where, $"{PathOf(key)}: missing; wants {wanted}");

    /// <summary>Refuses keys that have a meaning only with another choice, instead of ignoring them.</summary>
    /// <exception cref="RecipeException">One of them was written, and the choice does not fit it.</exception>
    public void RefuseUnless(bool fits, string owner, string chosen, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (this[key].Node is { } node
                && !fits) throw node.Error($"belongs to {owner}, not to {chosen}; remove it, or change the name");
        }
    }

    /// <summary>Refuses every key but these.</summary>
    /// <exception cref="RecipeException">Another was written.</exception>
    public void AllowOnly(params string[] keys)
    {
        foreach (var entry in entries.Where(entry => !keys.Contains(entry.Key)))
        {
            var hint = NearName.Hint(entry.Key, keys) is { Length: > 0 } near ? near : $"; {string.Join(", ", keys)} are known";
            throw new RecipeException(entry.Where, $"{PathOf(entry.Key)}: unknown key{hint}");
        }
    }

    /// <summary>Adds a key, or replaces the one that was there.</summary>
    internal void Put(YamlEntry entry)
    {
        var at = entries.FindIndex(old => old.Key == entry.Key);
        if (at < 0) entries.Add(entry);
        else entries[at] = entry;
    }

    /// <summary>Removes a key, so that its default holds.</summary>
    internal void Remove(string key) => entries.RemoveAll(entry => entry.Key == key);

    /// <summary>The same section without some keys.</summary>
    internal YamlMap Without(IReadOnlyList<string> keys)
    {
        var map = new YamlMap(Where, Path, isGiven: IsGiven, isInline: IsInline);
        map.entries.AddRange(entries.Where(entry => !keys.Contains(entry.Key)));
        return map;
    }

    /// <summary>The same section, reported at another place.</summary>
    internal YamlMap At(string place)
    {
        var map = new YamlMap(place, Path, asked, IsGiven, IsInline);
        map.entries.AddRange(entries);
        return map;
    }

    internal override YamlNode Moved(string path)
    {
        var map = new YamlMap(Where, path, isGiven: IsGiven, isInline: IsInline);
        map.entries.AddRange(entries.Select(entry => entry with { Value = entry.Value.Moved(map.PathOf(entry.Key)) }));
        return map;
    }
}
