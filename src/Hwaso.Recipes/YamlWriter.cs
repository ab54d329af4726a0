using System.Globalization;
using System.Text;

namespace Hwaso.Recipes;

/// <summary>Writes sections and values in the order given, so that they read back equal.</summary>
public sealed class YamlWriter
{
    readonly StringBuilder text = new();
    string indent = "";

    /// <summary>A line of comment.</summary>
    public void Comment(string words) => text.Append("# ").Append(words.ReplaceLineEndings(" ")).Append('\n');

    /// <summary>A section; an empty line goes before those of the top.</summary>
    public void Section(string key, Action body)
    {
        if (indent.Length == 0) text.Append('\n');
        text.Append(indent).Append(key).Append(":\n");
        indent += "  ";
        body();
        indent = indent[..^2];
    }

    /// <summary>A list of sections; nothing where there is none.</summary>
    public void List<T>(string key, IReadOnlyCollection<T> items, Action<T> body)
    {
        if (items.Count == 0) return;
        if (indent.Length == 0) text.Append('\n');
        text.Append(indent).Append(key).Append(":\n");
        var outer = indent;
        foreach (var item in items)
        {
            var start = text.Length;
            indent = outer + "    ";
            body(item);
            // The first key stands behind the dash.
            text[start + outer.Length + 2] = '-';
        }
        indent = outer;
    }

    /// <summary>A section on one line, <c>key: {a: 1, b: [2, 3]}</c>.</summary>
    public void Inline(string key, Action<YamlWriter> body)
    {
        var fields = new YamlWriter();
        body(fields);
        Line(key, $"{{{string.Join(", ", fields.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))}}}");
    }

    /// <summary>The lines of another writer, below this one's section.</summary>
    internal void Lines(YamlWriter other)
    {
        foreach (var line in other.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)) text.Append(indent).Append(line)
            .Append('\n');
    }

    /// <summary>A value as it was read: a section in the form it had, a list in brackets.</summary>
    public void Node(string key, YamlNode node)
    {
        switch (node)
        {
            case YamlMap { IsInline: true } map:
                Inline(key, line => line.Nodes(map));
                break;
            case YamlMap map:
                Section(key, () => Nodes(map));
                break;
            default:
                Line(key, Format(node));
                break;
        }
    }

    /// <summary>Every key of a section, as <see cref="Node"/> writes it.</summary>
    public void Nodes(YamlMap map)
    {
        foreach (var entry in map.Entries) Node(entry.Key, entry.Value);
    }

    /// <summary>Text; nothing where it is null.</summary>
    public void Text(string key, string? value) => Line(key, value is null ? null : Format(value));

    /// <summary>A whole number; nothing where it is null.</summary>
    public void Int(string key, int? value) => Line(key, value?.ToString(CultureInfo.InvariantCulture));

    /// <summary>A number; nothing where it is null.</summary>
    public void Number(string key, double? value) => Line(key, value is { } number ? Format(number) : null);

    /// <summary>true or false; nothing where it is null.</summary>
    public void Flag(string key, bool? value) => Line(key, value switch { true => "true", false => "false", null => null });

    /// <summary>Height and width; nothing where it is null.</summary>
    public void Size(string key, SizePx? value) => Line(key, value is { } size ? $"[{size.Height}, {size.Width}]" : null);

    /// <summary>Numbers in brackets; nothing where the list is null.</summary>
    public void Numbers(string key, IEnumerable<double>? values) =>
        Line(key, values is null ? null : $"[{string.Join(", ", values.Select(Format))}]");

    /// <summary>Plain names in brackets.</summary>
    public void Names(string key, IEnumerable<string> values) => Line(key, $"[{string.Join(", ", values)}]");

    /// <summary>The number so that it reads back to the same bits, in a form that every YAML reader takes for a number.</summary>
    public static string Format(double value)
    {
        var digits = value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');
        var exponent = digits.IndexOf('e', StringComparison.Ordinal);
        // YAML 1.1 readers take 1e-05 for text: the point makes it a number.
        return exponent >= 0 && !digits.Contains('.') ? digits.Insert(exponent, ".0") : digits;
    }

    /// <inheritdoc/>
    public override string ToString() => text.ToString();

    void Line(string key, string? value)
    {
        if (value is not null) text.Append(indent).Append(key).Append(": ").Append(value).Append('\n');
    }

    static string Format(YamlNode node) => node switch
    {
        YamlList list => $"[{string.Join(", ", list.Items.Select(Format))}]",
        YamlScalar scalar => scalar.Plain ? scalar.Text : Format(scalar.Text),
        _ => throw node.Error("a section in a list cannot be written on one line"),
    };

    static string Format(string value)
    {
        var plain = char.IsAsciiLetter(value[0])
            && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or '+')
            && value.ToLowerInvariant() is not ("null" or "true" or "false" or "yes" or "no" or "on" or "off" or "y" or "n");
        if (plain) return value;
        var quoted = new StringBuilder("\"");
        foreach (var c in value)
        {
            quoted.Append(c switch
            {
                '"' or '\\' => $"\\{c}",
                // Line ends and controls would be folded or refused when read as they are.
                _ when char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF' => $"\\u{(int)c:X4}",
                _ => c.ToString(),
            });
        }
        return quoted.Append('"').ToString();
    }
}
