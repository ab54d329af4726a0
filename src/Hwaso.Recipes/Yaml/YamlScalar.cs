namespace Hwaso.Recipes.Yaml;

/// <summary>A single value as it was written.</summary>
sealed class YamlScalar(string where, string path, string text, bool plain) : YamlNode(where, path)
{
    const int LongestQuotation = 60;

    /// <summary>The text, without quotes.</summary>
    public string Text { get; } = text;

    /// <summary>Whether it was written without quotes, so that numbers and true/false count.</summary>
    public bool Plain { get; } = plain;

    /// <summary>Whether nothing was written, or YAML's null.</summary>
    public bool IsNull => Plain && Text is ("" or "~" or "null" or "Null" or "NULL");

    /// <inheritdoc/>
    public override YamlNode Moved(string path, List<string> asked) => new YamlScalar(Where, path, Text, Plain);

    /// <inheritdoc/>
    public override string Given
    {
        get
        {
            var text = Text.Length > LongestQuotation ? string.Concat(Text.AsSpan(0, LongestQuotation), "…") : Text;
            return Plain ? $"'{text}'" : $"the quoted text '{text}'";
        }
    }
}
