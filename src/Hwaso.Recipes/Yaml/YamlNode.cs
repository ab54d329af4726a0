namespace Hwaso.Recipes.Yaml;

/// <summary>A piece of a recipe that knows where it was written and which key leads to it.</summary>
abstract class YamlNode(string where, string path)
{
    /// <summary>The place: <c>file:line</c> or <c>--set key=value</c>.</summary>
    public string Where { get; } = where;

    /// <summary>The key path from the top, <c>train.optimizer.name</c>; empty for the whole recipe.</summary>
    public string Path { get; } = path;

    /// <summary>What stands there, for an error that says what was given.</summary>
    public abstract string Given { get; }

    /// <summary>The same, written at the same place, under another key of another file.</summary>
    public abstract YamlNode Moved(string path, List<string> asked);

    /// <summary>An error at this place, naming the key.</summary>
    public RecipeException Error(string problem) => new(Where, Path.Length == 0 ? problem : $"{Path}: {problem}");
}
