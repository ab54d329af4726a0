namespace Hwaso.Recipes.Yaml;

/// <summary>Every key that the records ask for, and the check that a recipe holds no other.</summary>
static class RecipeKeys
{
    const string Smallest = """
        model: {name: any}
        data: {layout: any}
        augment: {crop: [1, 1]}
        train: {batch: 1, optimizer: {learning_rate: 1}}
        stages: [{name: any, epochs: 1, learn: [encoder, semantic, depth], optimizer: {learning_rate: 1}}]
        """;

    /// <summary>The keys in the order in which they are read, those of stages last: of equal names the run's own is meant more often.</summary>
    public static IReadOnlyList<string> All { get; } = AskedFor();

    /// <summary>Refuses keys that nothing asks for. Done before any value is read: a misspelt key explains a missing one.</summary>
    public static void Check(YamlMap map)
    {
        foreach (var entry in map.Entries) CheckEntry(map, entry);
    }

    /// <summary>Checks one key of a section, what stands below it, and that it has a value.</summary>
    public static void CheckEntry(YamlMap map, YamlEntry entry)
    {
        var path = Plain(map.PathOf(entry.Key));
        if (entry.Key.Contains('.')) throw new RecipeException(entry.Where, $"{map.PathOf(entry.Key)}: unknown key; keys stand below each other in a file, each on its own line");
        if (!(All.Contains(path) || IsSection(path)))
            throw new RecipeException(entry.Where, $"{map.PathOf(entry.Key)}: unknown key{Hint(map, entry.Key)}");
        if (entry.Value is YamlMap below && IsSection(path)) Check(below);
        if (entry.Value is YamlList { Items: var items } && IsSection(path))
            foreach (var item in items.OfType<YamlMap>()) Check(item);
    }

    /// <summary>A key's path without its places in lists: <c>stages[2].name</c> is a <c>stages.name</c>.</summary>
    public static string Plain(string path)
    {
        int open;
        while ((open = path.IndexOf('[', StringComparison.Ordinal)) >= 0 && path.IndexOf(']', open) is >= 0 and var close) path = path.Remove(open, close - open + 1);
        return path;
    }

    /// <summary>Whether keys can stand below the path.</summary>
    public static bool IsSection(string path) => All.Any(key => key.StartsWith(path + ".", StringComparison.Ordinal));

    static string Hint(YamlMap map, string given)
    {
        var siblings = All.Where(key => key.StartsWith(Plain(map.PathOf("")), StringComparison.Ordinal))
            .Select(key => key[Plain(map.PathOf("")).Length..].Split('.')[0]).Distinct().ToList();
        var elsewhere = All.FirstOrDefault(key => key == given || key.EndsWith("." + given, StringComparison.Ordinal));
        if (elsewhere is not null) return $"; did you mean '{elsewhere}'?";
        if (NearName.Of(given, siblings) is { } near) return $"; did you mean '{near}'?";
        if (NearName.Of(given, All.Select(LastName)) is { } far) return $"; did you mean '{All.First(key => LastName(key) == far)}'?";
        return $"; {(map.Path.Length == 0 ? "a recipe" : Plain(map.Path))} has {string.Join(", ", siblings)}";
    }

    static string LastName(string key) => key[(key.LastIndexOf('.') + 1)..];

    static List<string> AskedFor()
    {
        var asked = new List<string>();
        Recipe.Read(YamlTree.Recipe(Smallest, "smallest recipe", asked), "any");
        return [.. asked.OrderBy(key => key.StartsWith("stages.", StringComparison.Ordinal))];
    }
}
