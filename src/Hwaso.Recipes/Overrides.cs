using System.Globalization;

namespace Hwaso.Recipes;

/// <summary><c>--set key.path=value</c>: puts values from the command line into a recipe before it is read.</summary>
static class Overrides
{
    const int LongestPlace = 80, DeepestKey = 16;

    /// <summary>Puts one setting in. The value is YAML; an empty one or null takes the key out, so that its default holds.</summary>
    public static void Apply(YamlMap root, string setting)
    {
        var where = $"--set {(setting.Length > LongestPlace ? string.Concat(setting.AsSpan(0, LongestPlace), "…") : setting)}";
        var equals = setting.IndexOf('=', StringComparison.Ordinal);
        var names = setting[..Math.Max(0, equals)].Trim().Split('.');
        if (equals < 0 || names.Any(string.IsNullOrWhiteSpace))
            throw new RecipeException(where, "wants key=value, such as --set train.batch=4");

        Put(root, names, where, path => YamlTree.Value(setting[(equals + 1)..], where, path));
    }

    /// <summary>Puts a setting in that another file holds as <c>key.path: value</c>; errors name its line there.</summary>
    public static void Apply(YamlMap root, YamlEntry setting)
    {
        var names = setting.Key.Split('.');
        if (names.Any(string.IsNullOrWhiteSpace))
            throw new RecipeException(setting.Where, $"'{setting.Key}' is no key of a recipe; such as train.batch was wanted");
        Put(root, names, setting.Where, path => setting.Value.Moved(path));
    }

    static void Put(YamlMap root, string[] names, string where, Func<string, YamlNode> read)
    {
        // Each level's path holds those above it: a long key would take its length squared in memory.
        if (names.Length > DeepestKey)
            throw new RecipeException(where, $"names a key {names.Length} levels deep; {DeepestKey} are the most");
        var map = root;
        foreach (var name in names[..^1]) map = Below(map, name, where);
        if (ListPlace.IsIn(names[^1]))
        {
            PutItem(map, names[^1], where, read);
            return;
        }
        var value = read(map.PathOf(names[^1]));
        var entry = new YamlEntry(names[^1], where, value);
        RecipeKeys.CheckEntry(map, entry);
        if (value is YamlScalar { IsNull: true }) map.Remove(names[^1]);
        else map.Put(entry);
    }

    /// <summary>Replaces one item of a list that the recipe writes out.</summary>
    static void PutItem(YamlMap map, string part, string where, Func<string, YamlNode> read)
    {
        var (list, number) = Item(map, part, where);
        var value = read(list.Items[number].Path);
        if (value is YamlScalar { IsNull: true })
            throw new RecipeException(where, $"{value.Path}: an item cannot be taken out of a list; give all of {list.Path}");
        // The list as a whole is now as this setting makes it: an error about its length names the setting.
        var changed = new YamlEntry(ListPlace.Of(part).Name, where,
            new YamlList(where, list.Path, [.. list.Items.Select((item, k) => k == number ? value : item)]));
        RecipeKeys.CheckEntry(map, changed);
        map.Put(changed);
    }

    /// <summary>The list and the number that a part such as <c>stages[1]</c> names.</summary>
    static (YamlList List, int Number) Item(YamlMap map, string part, string where)
    {
        if (ListPlace.Of(part) is not (var name, { } number))
            throw new RecipeException(where,
                $"{map.PathOf(part)}: names no item of a list; items are numbered from 0, such as {ListPlace.NameOf(part)}[0]");
        if (map.Find(name)?.Value is not { } value)
        {
            RecipeKeys.CheckEntry(map, new YamlEntry(name, where, new YamlScalar(where, map.PathOf(name), "", plain: true)));
            throw new RecipeException(where,
                $"{map.PathOf(part)}: the recipe has no list {map.PathOf(name)} to change an item of; give all of {map.PathOf(name)}");
        }
        if (value is not YamlList list)
            throw new RecipeException(where, $"{map.PathOf(part)}: {value.Path} holds {value.Given}, which is no list");
        return number < list.Items.Count
            ? (list, number)
            : throw new RecipeException(where, $"{map.PathOf(part)}: {list.Path} has {list.Items.Count} items, numbered from 0");
    }

    static YamlMap Below(YamlMap map, string name, string where)
    {
        if (ListPlace.IsIn(name))
        {
            var (list, number) = Item(map, name, where);
            return list.Items[number] as YamlMap ?? throw new RecipeException(where,
                $"{list.Items[number].Path}: holds {list.Items[number].Given}, which has no keys below it");
        }
        switch (map.Find(name)?.Value)
        {
            case YamlMap below:
                return below;
            case null:
                var empty = new YamlMap(where, map.PathOf(name));
                var entry = new YamlEntry(name, where, empty);
                RecipeKeys.CheckEntry(map, entry);
                if (!RecipeKeys.IsSection(KeyList.Plain(empty.Path))) throw new RecipeException(where,
                    $"{empty.Path}: has no keys below it");
                map.Put(entry);
                return empty;
            case var other:
                throw new RecipeException(where, $"{other.Path}: holds {other.Given}, which has no keys below it");
        }
    }
}

/// <summary>A part of a key's path that may name an item of a list: <c>stages[1]</c>.</summary>
static class ListPlace
{
    /// <summary>Whether a part is meant to name an item: keys have no brackets.</summary>
    public static bool IsIn(string part) => part.IndexOfAny(['[', ']']) >= 0;

    /// <summary>The name before the brackets.</summary>
    public static string NameOf(string part) => part[..part.IndexOfAny(['[', ']'])].Trim();

    /// <summary>The key's name, and the item's number from 0; null where the part names none.</summary>
    public static (string Name, int? Number) Of(string part)
    {
        var open = part.IndexOf('[', StringComparison.Ordinal);
        return open > 0 && part[^1] == ']'
            && int.TryParse(part.AsSpan(open + 1, part.Length - open - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (part[..open], number)
            : (part, null);
    }
}
