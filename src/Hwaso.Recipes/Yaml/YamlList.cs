namespace Hwaso.Recipes.Yaml;

/// <summary>A list of nodes, written <c>[a, b]</c> or with dashes.</summary>
sealed class YamlList(string where, string path, IReadOnlyList<YamlNode> items) : YamlNode(where, path)
{
    /// <summary>The items in order.</summary>
    public IReadOnlyList<YamlNode> Items { get; } = items;

    /// <inheritdoc/>
    public override YamlNode Moved(string path, List<string> asked) =>
        new YamlList(Where, path, [.. Items.Select((item, k) => item.Moved($"{path}[{k}]", asked))]);

    /// <inheritdoc/>
    public override string Given => $"a list of {Items.Count}";
}
