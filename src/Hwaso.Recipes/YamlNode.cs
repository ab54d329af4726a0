namespace Hwaso.Recipes;

/// <summary>A piece of a YAML file that knows the line it was written on and the key that leads to it.</summary>
public abstract class YamlNode
{
    private protected YamlNode(string where, string path) => (Where, Path) = (where, path);

    /// <summary>The place: <c>file:line</c> or <c>--set key=value</c>.</summary>
    public string Where { get; }

    /// <summary>The key path from the top, <c>train.optimizer.name</c>; empty for the whole file.</summary>
    public string Path { get; }

    /// <summary>A short description of the value, for errors that say what was given.</summary>
    public abstract string Given { get; }

    /// <summary>The same value, written at the same place, under another key of another file.</summary>
    internal abstract YamlNode Moved(string path);

    /// <summary>An error at this place that names the key.</summary>
    public RecipeException Error(string problem) => new(Where, Path.Length == 0 ? problem : $"{Path}: {problem}");
}

/// <summary>A key of a section, the place where it was written, and its value.</summary>
/// <param name="Key">The key, without the path before it.</param>
/// <param name="Where">The place of the key.</param>
/// <param name="Value">The value.</param>
public sealed record YamlEntry(string Key, string Where, YamlNode Value);

/// <summary>A single value as it was written.</summary>
public sealed class YamlScalar : YamlNode
{
    const int LongestQuotation = 60;

    internal YamlScalar(string where, string path, string text, bool plain) : base(where, path) => (Text, Plain) = (text, plain);

    /// <summary>The text, without quotes.</summary>
    public string Text { get; }

    /// <summary>Whether it was written without quotes: only then is it read as a number or as true or false.</summary>
    public bool Plain { get; }

    /// <summary>Whether nothing was written, or YAML's null.</summary>
    public bool IsNull => Plain && Text is ("" or "~" or "null" or "Null" or "NULL");

    /// <inheritdoc/>
    public override string Given
    {
        get
        {
            var text = Text.Length > LongestQuotation ? string.Concat(Text.AsSpan(0, LongestQuotation), "…") : Text;
            return Plain ? $"'{text}'" : $"the quoted text '{text}'";
        }
    }

    internal override YamlNode Moved(string path) => new YamlScalar(Where, path, Text, Plain);
}

/// <summary>A list of nodes, written <c>[a, b]</c> or with dashes.</summary>
public sealed class YamlList : YamlNode
{
    internal YamlList(string where, string path, IReadOnlyList<YamlNode> items) : base(where, path) => Items = items;

    /// <summary>The items in order.</summary>
    public IReadOnlyList<YamlNode> Items { get; }

    /// <inheritdoc/>
    public override string Given => $"a list of {Items.Count}";

    internal override YamlNode Moved(string path) =>
        new YamlList(Where, path, [.. Items.Select((item, k) => item.Moved($"{path}[{k}]"))]);
}
