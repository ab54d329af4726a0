namespace Hwaso.Recipes;

/// <summary>A recipe as a flat list of keys and values.</summary>
public static class RecipeSettings
{
    /// <summary>
    /// Every setting that a written recipe holds, by its key's path, such as <c>train.optimizer.name</c> or <c>stages[0].epochs</c>.
    /// </summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(Recipe recipe)
    {
        var settings = new List<KeyValuePair<string, string>>();
        Add(YamlTree.Read(recipe.ToYaml(), recipe.Name), settings);
        return settings;
    }

    static void Add(YamlNode node, List<KeyValuePair<string, string>> settings)
    {
        switch (node)
        {
            case YamlMap map:
                foreach (var entry in map.Entries)
                    Add(entry.Value, settings);
                break;
            case YamlList list when list.Items.Any(item => item is YamlMap):
                foreach (var item in list.Items)
                    Add(item, settings);
                break;
            default:
                settings.Add(new(node.Path, Text(node)));
                break;
        }
    }

    static string Text(YamlNode node) =>
        node is YamlList list ? $"[{string.Join(", ", list.Items.Select(Text))}]" : ((YamlScalar)node).Text;
}
