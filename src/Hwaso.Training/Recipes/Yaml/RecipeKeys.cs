namespace Hwaso.Training.Recipes.Yaml;

/// <summary>Every key that the records ask for, and the check that a recipe holds no other.</summary>
static class RecipeKeys
{
    const string Smallest = """
        model: {name: any}
        data: {layout: any}
        augment: {crop: [1, 1]}
        train: {epochs: 1, batch: 1, optimizer: {learning_rate: 1}}
        """;

    /// <summary>The keys in the order in which they are read.</summary>
    public static IReadOnlyList<string> All { get; } = AskedFor();

    /// <summary>Refuses keys that nothing asks for. Done before any value is read: a misspelt key explains a missing one.</summary>
    public static void Check(YamlMap map)
    {
        foreach (var entry in map.Entries) CheckEntry(map, entry);
    }

    /// <summary>Checks one key of a section, what stands below it, and that it has a value.</summary>
    public static void CheckEntry(YamlMap map, YamlEntry entry)
    {
        var path = map.PathOf(entry.Key);
        if (entry.Key.Contains('.')) throw new RecipeException(entry.Where, $"{path}: unknown key; keys stand below each other in a file, each on its own line");
        if (!(All.Contains(path) || IsSection(path)))
            throw new RecipeException(entry.Where, $"{path}: unknown key{Hint(map, entry.Key)}");
        if (entry.Value is YamlMap below && IsSection(path)) Check(below);
    }

    /// <summary>Whether keys can stand below the path.</summary>
    public static bool IsSection(string path) => All.Any(key => key.StartsWith(path + ".", StringComparison.Ordinal));

    static string Hint(YamlMap map, string given)
    {
        var siblings = All.Where(key => key.StartsWith(map.PathOf(""), StringComparison.Ordinal))
            .Select(key => key[map.PathOf("").Length..].Split('.')[0]).Distinct().ToList();
        var elsewhere = All.FirstOrDefault(key => key == given || key.EndsWith("." + given, StringComparison.Ordinal));
        if (elsewhere is not null) return $"; did you mean '{elsewhere}'?";
        if (NearName.Of(given, siblings) is { } near) return $"; did you mean '{near}'?";
        if (NearName.Of(given, All.Select(LastName)) is { } far) return $"; did you mean '{All.First(key => LastName(key) == far)}'?";
        return $"; {(map.Path.Length == 0 ? "a recipe" : map.Path)} has {string.Join(", ", siblings)}";
    }

    static string LastName(string key) => key[(key.LastIndexOf('.') + 1)..];

    static List<string> AskedFor()
    {
        var asked = new List<string>();
        Recipe.Read(YamlTree.Recipe(Smallest, "smallest recipe", asked), "any");
        return asked;
    }
}
