using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Hwaso.Data.Layouts;

/// <summary>Reads the text of a <c>dataset.yaml</c>; every error has the file and the line.</summary>
sealed class FolderDescription
{
    static readonly string[] keys =
        ["name", "images", "masks", "list", "encoding", "ignore", "first_value", "background", "classes", "names"];

    readonly string file;
    readonly Dictionary<string, YamlNode> entries = [];

    FolderDescription(string file, YamlMappingNode map)
    {
        this.file = file;
        foreach (var (key, value) in map.Children)
        {
            var name = ((YamlScalarNode)key).Value!;
            if (!keys.Contains(name))
                throw Error(key, $"'{name}' is no key of it; there are {string.Join(", ", keys)}");
            entries.Add(name, value);
        }
    }

    /// <summary>Reads a description.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="file">The file's name in error messages.</param>
    /// <exception cref="DatasetException">The text is not YAML, or contradicts itself.</exception>
    public static DescribedFolder Read(string yaml, string file)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException error)
        {
            throw new DatasetException($"{file}:{error.Start.Line}",
                $"is not YAML: {error.Message} A value that begins with {{ wants quotes", error);
        }
        if (stream.Documents.Count != 1 || stream.Documents[0].RootNode is not YamlMappingNode map)
            throw new DatasetException(file, "wants keys such as 'images:' at the top");
        if (map.Children.Keys.FirstOrDefault(k => k is not YamlScalarNode { Value: not null }) is { } odd)
            throw new DatasetException($"{file}:{odd.Start.Line}", "wants a name as key");
        return new FolderDescription(file, map).Read();
    }

    DescribedFolder Read()
    {
        var (images, masks) = (Pattern("images"), Pattern("masks"));
        var colors = Text("encoding") is { } encoding && encoding switch
        {
            "index" => false,
            "color" => true,
            _ => throw Error(entries["encoding"], $"encoding '{encoding}': index (gray or palette values) or color was wanted"),
        };
        var first = entries.TryGetValue("first_value", out var node) ? Number(node, 0, 255) : 0;
        var classes = Classes(first, colors);
        var name = Text("name") ?? Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(file))!);
        var list = new ClassList(name, [.. classes.Select(c => c.Entry)], Flag("background"));
        try
        {
            return new DescribedFolder(list, colors ? ColorTable(list) : ValueTable([.. classes.Select(c => c.Value)], first), images,
                masks, Text("list"));
        }
        catch (ArgumentException error)
        {
            throw Error(entries.GetValueOrDefault("names") ?? entries["classes"], error.Message);
        }
    }

    // A list under classes, or under names as in YOLO's files, which also have the values as keys: names: {0: floor, 1: wall}.
    List<(ClassEntry Entry, int Value)> Classes(int first, bool colors)
    {
        if (entries.TryGetValue("names", out var names) && entries.ContainsKey("classes"))
            throw Error(names, "names and classes both give the classes; keep one of them");
        var node = names ?? entries.GetValueOrDefault("classes")
            ?? throw new DatasetException(file, "classes: missing; wants the class names as a list");
        var classes = node switch
        {
            YamlSequenceNode { Children: [_, ..] items } =>
                items.Select((item, k) => (Node: item, Class: Class(item, first + k, k, colors))),
            YamlMappingNode { Children.Count: > 0 } when entries.TryGetValue("first_value", out var value) =>
                throw Error(value, "first_value counts values for a list of names; here each name has its value as key"),
            YamlMappingNode { Children.Count: > 0 } map => map.Children
                .Select(entry => (entry.Value, Number: Number(entry.Key, 0, 255))).OrderBy(entry => entry.Number)
                .Select((entry, k) => (Node: entry.Value, Class: Class(entry.Value, entry.Number, k, colors))),
            _ => throw Error(node, "wants the class names as a list, or as {0: name, 1: name}"),
        };
        var found = new Dictionary<string, YamlNode>(StringComparer.Ordinal);
        var list = classes.ToList();
        foreach (var (item, (entry, _)) in list)
            if (!found.TryAdd(entry.Name, item))
                throw Error(item, $"'{entry.Name}' is the name of the class on line {found[entry.Name].Start.Line} already; each class "
                    + "needs a name of its own");
        return [.. list.Select(c => c.Class)];
    }

    (ClassEntry, int) Class(YamlNode item, int value, int index, bool colors)
    {
        var (r, g, b) = Imaging.Palette.Voc[index & 255];
        if (item is YamlScalarNode { Value: { Length: > 0 } plain })
            return colors
                ? throw Error(item, $"'{plain}' has no colour; with encoding: color each class is {{name: …, color: [red, green, blue]}}")
                : (new ClassEntry(plain, r, g, b), value);
        if (item is not YamlMappingNode map)
            throw Error(item, "wants a name, or {name: …, value: …, color: [red, green, blue]}");
        string? name = null;
        var colored = false;
        foreach (var (key, content) in map.Children)
            switch ((key as YamlScalarNode)?.Value)
            {
                case "name" when content is YamlScalarNode { Value: { Length: > 0 } text }:
                    name = text;
                    break;
                case "value":
                    value = Number(content, 0, 255);
                    break;
                case "color":
                    ((r, g, b), colored) = (Color(content), true);
                    break;
                default:
                    throw Error(key, "a class has name, value and color");
            }
        if (name is null || (colors && !colored))
            throw Error(item, name is null ? "has no name" : $"'{name}' has no colour, which encoding: color needs");
        return (new ClassEntry(name, r, g, b), value);
    }

    LabelTable ColorTable(ClassList classes) =>
        LabelTable.FromColors([.. classes.Entries.Select(c => (c.R, c.G, c.B))],
            Ignored(node => node is YamlSequenceNode { Children: [YamlSequenceNode, ..] }).Select(Color).ToArray());

    // Values below the first one are ignored too: 0 where the classes begin at 1.
    LabelTable ValueTable(IReadOnlyList<int> values, int first) => LabelTable.FromValues(values,
        [.. Ignored(node => node is YamlSequenceNode).Select(n => Number(n, 0, 255))
            .Concat(entries.ContainsKey("ignore") ? [] : [ClassList.Ignore])
            .Concat(Enumerable.Range(0, first)).Distinct().Where(v => entries.ContainsKey("ignore") || !values.Contains(v))]);

    /// <summary>The ignored values: one, or a list.</summary>
    IEnumerable<YamlNode> Ignored(Func<YamlNode, bool> isList) =>
        !entries.TryGetValue("ignore", out var node) ? [] : isList(node) ? ((YamlSequenceNode)node).Children : [node];

    string Pattern(string key)
    {
        // Windows writes paths with backslashes.
        var text = Text(key)?.Replace('\\', '/')
            ?? throw new DatasetException(file,
                $"{key}: missing; wants a path below this folder with a star for the name, such as {key}/{{split}}/*.png");
        var last = Path.GetFileName(text.Replace("{split}", "", StringComparison.Ordinal));
        return last.Split('*').Length == 2 && !Path.GetDirectoryName(text)!.Contains('*', StringComparison.Ordinal)
            && !Path.IsPathRooted(text) && last[(last.IndexOf('*', StringComparison.Ordinal) + 1)..].Split('{', '}').Length is 1 or 3
            ? text : throw Error(entries[key], $"'{text}': a path below this folder was wanted whose last part has one star");
    }

    string? Text(string key) => !entries.TryGetValue(key, out var node) ? null
        : node is YamlScalarNode { Value: { Length: > 0 } text } ? text : throw Error(node, $"{key} wants text");

    bool Flag(string key) => Text(key) switch
    {
        null or "false" => false,
        "true" => true,
        var other => throw Error(entries[key], $"{key} '{other}': true or false was wanted"),
    };

    int Number(YamlNode node, int low, int high) =>
        node is YamlScalarNode { Value: { } text } && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value >= low && value <= high
            ? value : throw Error(node, $"'{node}': a whole number from {low} to {high} was wanted");

    (byte R, byte G, byte B) Color(YamlNode node) => node is YamlSequenceNode { Children: [var r, var g, var b] }
        ? ((byte)Number(r, 0, 255), (byte)Number(g, 0, 255), (byte)Number(b, 0, 255))
            : throw Error(node, "wants a colour as [red, green, blue], each 0 to 255");

    DatasetException Error(YamlNode node, string problem) => new($"{file}:{node.Start.Line}", problem);
}
