using System.Globalization;

namespace Hwaso.Recipes;

/// <summary><c>--set key.path=value</c>: puts values from the command line into a recipe before it is read.</summary>
static class Overrides
{
    const int LongestPlace = 80;

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
        var map = root;
        foreach (var name in names[..^1]) map = Below(map, name, where);
        var value = read(map.PathOf(names[^1]));
        var entry = new YamlEntry(names[^1], where, value);
        RecipeKeys.CheckEntry(map, entry);
        if (value is YamlScalar { IsNull: true }) map.Remove(names[^1]);
        else map.Put(entry);
    }

    static YamlMap Below(YamlMap map, string name, string where)
    {
        if (ListPlace.Of(name) is (var list, { } number) && map.Find(list)?.Value is YamlList { Items: var items } there)
        {
            return number < items.Count
                ? items[number] as YamlMap
                    ?? throw new RecipeException(where, $"{items[number].Path}: holds {items[number].Given}, which has no keys below it")
                : throw new RecipeException(where, $"{map.PathOf(name)}: {there.Path} has {items.Count} items, numbered from 0");
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
