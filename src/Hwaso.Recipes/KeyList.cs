using System.Text;

namespace Hwaso.Recipes;

/// <summary>
/// The keys that a file may hold, as paths such as <c>train.optimizer.name</c>, and the nearest of them to one that it may not.
/// </summary>
/// <param name="all">The keys; where several are equally near, the first of them is proposed.</param>
public sealed class KeyList(IEnumerable<string> all)
{
    /// <summary>The keys in order.</summary>
    public IReadOnlyList<string> All { get; } = [.. all.Distinct()];

    /// <summary>Whether a path is a key, or keys can stand below it.</summary>
    public bool Has(string path) => All.Contains(path) || IsSection(path);

    /// <summary>Whether keys can stand below the path.</summary>
    public bool IsSection(string path) => All.Any(key => key.StartsWith(path + ".", StringComparison.Ordinal));

    /// <summary>The error that a key of a section is unknown, with the key that was probably meant.</summary>
    /// <param name="map">The section.</param>
    /// <param name="entry">The key and its value.</param>
    /// <param name="others">Keys that this file may not hold; the nearest is proposed where none of the file's own is near.</param>
    public RecipeException Unknown(YamlMap map, YamlEntry entry, IEnumerable<string>? others = null) =>
        new(entry.Where, $"{map.PathOf(entry.Key)}: unknown key{Hint(map, entry.Key, others ?? [])}");

    /// <summary>A key's path without its places in lists: <c>stages[2].name</c> is a <c>stages.name</c>.</summary>
    internal static string Plain(string path)
    {
        var (plain, at) = (new StringBuilder(path.Length), 0);
        while (path.IndexOf('[', at) is >= 0 and var open && path.IndexOf(']', open) is >= 0 and var close)
        {
            plain.Append(path, at, open - at);
            at = close + 1;
        }
        return plain.Append(path, at, path.Length - at).ToString();
    }

    string Hint(YamlMap map, string given, IEnumerable<string> others)
    {
        var section = Plain(map.PathOf(""));
        var siblings = Below(section, All);
        if (All.FirstOrDefault(key => key == given
            || key.EndsWith("." + given, StringComparison.Ordinal)) is { } elsewhere) return $"; did you mean '{elsewhere}'?";
        if (NearName.Of(given, siblings) is { } near) return $"; did you mean '{near}'?";
        if (NearName.Of(given, All.Select(LastName)) is { } far) return $"; did you mean '{All.First(key => LastName(key) == far)}'?";
        if (NearName.Of(given, Below(section, others)) is { } foreign) return $"; did you mean '{foreign}'?";
        return $"; {(map.Path.Length == 0 ? "a recipe" : Plain(map.Path))} has {string.Join(", ", siblings)}";
    }

    static List<string> Below(string section, IEnumerable<string> keys) =>
        [.. keys.Where(key => key.StartsWith(section, StringComparison.Ordinal))
            .Select(key => key[section.Length..].Split('.')[0]).Distinct()];

    static string LastName(string key) => key[(key.LastIndexOf('.') + 1)..];
}

/// <summary>Every key that the recipe's records ask for, and the check that a recipe holds no other.</summary>
static class RecipeKeys
{
    /// <summary>The section whose other keys are the network's: the network's definition reads and checks them.</summary>
    const string Network = "model";

    const string Smallest = """
        model: {name: any}
        data: {layout: any}
        augment: {crop: [1, 1]}
        train: {batch: 1, optimizer: {learning_rate: 1, groups: [{contains: any}]}}
        stages: [{name: any, epochs: 1, learn: [encoder, semantic, depth], optimizer: {learning_rate: 1, groups: [{contains: any}]}}]
        """;

    /// <summary>
    /// The keys in the order in which they are read, those of stages last: of equal names the run's own is meant more often.
    /// </summary>
    public static KeyList List { get; } = new(AskedFor());

    /// <summary>Refuses keys that nothing asks for. Done before any value is read: a misspelt key explains a missing one.</summary>
    /// <exception cref="RecipeException">A key is unknown.</exception>
    public static void Check(YamlMap map)
    {
        foreach (var entry in map.Entries) CheckEntry(map, entry);
    }

    /// <summary>Checks one key of a section and the keys below it.</summary>
    /// <exception cref="RecipeException">A key is unknown.</exception>
    public static void CheckEntry(YamlMap map, YamlEntry entry)
    {
        var path = KeyList.Plain(map.PathOf(entry.Key));
        if (entry.Key.Contains('.')) throw new RecipeException(entry.Where,
            $"{map.PathOf(entry.Key)}: unknown key; keys stand below each other in a file, each on its own line");
        if (ListPlace.IsIn(entry.Key)) throw new RecipeException(entry.Where,
            $"{map.PathOf(entry.Key)}: unknown key; a file gives a whole list, such as {ListPlace.NameOf(entry.Key)}: […]");
        if (IsOfNetwork(path)) return;
        if (!List.Has(path)) throw List.Unknown(map, entry);
        if (entry.Value is YamlMap below && List.IsSection(path)) Check(below);
        if (entry.Value is YamlList { Items: var items } && List.IsSection(path))
            foreach (var item in items.OfType<YamlMap>()) Check(item);
    }

    /// <summary>Whether keys can stand below the path.</summary>
    public static bool IsSection(string path) => List.IsSection(path) || IsOfNetwork(path);

    static bool IsOfNetwork(string path) => path.StartsWith(Network + ".", StringComparison.Ordinal) && !List.Has(path);

    static IEnumerable<string> AskedFor()
    {
        var asked = new List<string>();
        Recipe.Read(YamlTree.Read(Smallest, "smallest recipe", asked), "any");
        return asked.OrderBy(key => key.StartsWith("stages.", StringComparison.Ordinal));
    }
}
