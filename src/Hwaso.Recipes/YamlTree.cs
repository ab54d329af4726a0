using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hwaso.Recipes;

/// <summary>
/// Turns YAML text into nodes that know their line. It reads the part of YAML that recipes need: one document of sections, lists and
/// values. It refuses anchors, aliases, tags and keys that are not text, because a recipe should say what it means in place.
/// </summary>
public sealed class YamlTree
{
    const int DeepestNesting = 16;

    readonly Parser parser;
    readonly Func<long, string> whereOf;
    readonly List<string>? asked;

    YamlTree(string text, Func<long, string> whereOf, List<string>? asked)
    {
        parser = new Parser(new StringReader(text));
        this.whereOf = whereOf;
        this.asked = asked;
    }

    /// <summary>Reads a whole file.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="file">Its name, for errors.</param>
    /// <exception cref="RecipeException">The text is no such YAML.</exception>
    public static YamlMap Read(string text, string file) => Read(text, file, null);

    internal static YamlMap Read(string text, string file, List<string>? asked)
    {
        RefuseTabs(text, file);
        // What is not closed goes wrong, to the parser, one line after the last.
        var lines = text.AsSpan().Count('\n') + (text.EndsWith('\n') ? 0 : 1);
        var tree = new YamlTree(text, line => $"{file}:{Math.Clamp(line, 1, Math.Max(1, lines))}", asked);
        return tree.Document("", file) switch
        {
            YamlMap map => map,
            YamlScalar { IsNull: true } => throw new RecipeException(file, "holds no recipe; it is empty"),
            var other => throw new RecipeException(other.Where, $"wants keys such as 'model:' at the top, not {other.Given}"),
        };
    }

    /// <summary>Reads the value of a <c>--set</c>.</summary>
    internal static YamlNode Value(string text, string where, string path) =>
        new YamlTree(text, _ => where, null).Document(path, where);

    YamlNode Document(string path, string whole)
    {
        try
        {
            Take<StreamStart>();
            if (parser.Current is StreamEnd) return new YamlScalar(whole, path, "", plain: true);
            Take<DocumentStart>();
            var node = Node(path, depth: 0);
            Take<DocumentEnd>();
            if (parser.Current is DocumentStart second)
                throw new RecipeException(whereOf(second.Start.Line), "a second document begins ('---'); a recipe is one document");
            // Sections that were left out are reported against the file, not against its first line.
            return node is YamlMap map && path.Length == 0 ? map.At(whole) : node;
        }
        catch (YamlException e)
        {
            throw new RecipeException(whereOf(e.Start.Line), $"is not YAML: {e.Message}");
        }
    }

    YamlNode Node(string path, int depth)
    {
        var where = whereOf(parser.Current!.Start.Line);
        if (depth > DeepestNesting) throw new RecipeException(where, $"is nested deeper than {DeepestNesting} levels");
        switch (parser.Current)
        {
            case AnchorAlias alias:
                throw new RecipeException(where,
                    $"'*{alias.Value}' is an alias, which recipes do not have; write the value out, or quote it if it is text");
            case NodeEvent { Anchor.IsEmpty: false } node:
                throw new RecipeException(where,
                    $"'&{node.Anchor}' is an anchor, which recipes do not have; "
                    + "write the value out where it is needed, or quote it if it is text");
            case NodeEvent { Tag.IsEmpty: false } node:
                throw new RecipeException(where, $"'{node.Tag}' is a tag, which recipes do not have; remove it, or quote it if it is text");
            case Scalar scalar:
                Take<Scalar>();
                return new YamlScalar(where, path, scalar.Value, scalar.Style == ScalarStyle.Plain);
            case SequenceStart:
                return List(where, path, depth);
            default:
                return Map(where, path, depth);
        }
    }

    YamlList List(string where, string path, int depth)
    {
        Take<SequenceStart>();
        var items = new List<YamlNode>();
        while (parser.Current is not SequenceEnd) items.Add(Node($"{path}[{items.Count}]", depth + 1));
        Take<SequenceEnd>();
        return new YamlList(where, path, items);
    }

    YamlMap Map(string where, string path, int depth)
    {
        var inline = parser.Current is MappingStart { Style: MappingStyle.Flow };
        Take<MappingStart>();
        var map = new YamlMap(where, path, asked, isInline: inline);
        while (parser.Current is not MappingEnd)
        {
            var line = whereOf(parser.Current!.Start.Line);
            if (Node(path, depth + 1) is not YamlScalar key) throw new RecipeException(line, "wants a name as key, not a list or section");
            if (map.Find(key.Text) is { } first) throw new RecipeException(key.Where,
                $"{map.PathOf(key.Text)}: given twice, first at {first.Where}; remove one");
            var value = Node(map.PathOf(key.Text), depth + 1);
            // What was left empty begins, to the parser, where the next thing does.
            if (value is YamlScalar { IsNull: true } nothing) value = new YamlScalar(key.Where, nothing.Path, nothing.Text, plain: true);
            // An error about a section names the place of its key, where its reader looks.
            if (value is YamlMap section) value = section.At(key.Where);
            map.Put(new YamlEntry(key.Text, key.Where, value));
        }
        Take<MappingEnd>();
        return map;
    }

    void Take<T>()
        where T : ParsingEvent
    {
        // The parser stands before its first event until it is moved once.
        if (parser.Current is null) Advance();
        if (parser.Current is not T) throw new RecipeException(whereOf(parser.Current?.Start.Line ?? 0),
            $"is not YAML a recipe can hold: found {parser.Current?.GetType().Name}");
        Advance();
    }

    void Advance()
    {
        try
        {
            parser.MoveNext();
        }
        catch (Exception e) when (e is not YamlException)
        {
            // The scanner fails its own checks on some malformed text, such as "[a:b\n?".
            throw new RecipeException(whereOf(parser.Current?.End.Line ?? 0),
                "is not YAML: cannot be read on from here; look for a missing quote or bracket");
        }
    }

    static void RefuseTabs(string text, string file)
    {
        var line = 0;
        foreach (var content in text.EnumerateLines())
        {
            line++;
            var indent = content[..(content.Length - content.TrimStart().Length)];
            if (indent.Contains('\t')
                && indent.Length < content.Length) throw new RecipeException($"{file}:{line}", "is indented with a tab; YAML wants spaces");
        }
    }
}
