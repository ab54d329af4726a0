using System.Text;
using System.Text.RegularExpressions;
using Hwaso.Tests;

namespace Hwaso.Architecture.Tests;

/// <summary>What a Markdown page promises: its headings' anchors, links, code blocks and words of code.</summary>
/// <param name="path">The file, relative to the root of the checkout, with slashes.</param>
public sealed partial class MarkdownPage(string path)
{
    readonly string text = File.ReadAllText(RepositoryRoot.File(path));

    /// <summary>The file, relative to the root of the checkout.</summary>
    public string Path => path;

    /// <summary>Every page of the repository that people read.</summary>
    public static IEnumerable<string> All => Directory.EnumerateFiles(RepositoryRoot.File(), "*.md", SearchOption.AllDirectories)
        .Select(file => System.IO.Path.GetRelativePath(RepositoryRoot.File(), file).Replace('\\', '/'))
        .Where(file => !Foreign().IsMatch(file))
        .Order(StringComparer.Ordinal);

    /// <summary>The anchors of the headings in order, as GitHub makes them.</summary>
    public IReadOnlyList<string> Headings
    {
        get
        {
            var seen = new Dictionary<string, int>();
            return [.. Heading().Matches(Prose).Select(match => Slug(match.Groups[1].Value)).Select(slug =>
            {
                var again = seen[slug] = seen.TryGetValue(slug, out var before) ? before + 1 : 0;
                return again == 0 ? slug : $"{slug}-{again}";
            })];
        }
    }

    /// <summary>Anchors that the page names itself: <c>&lt;a id="depth"&gt;&lt;/a&gt;</c>.</summary>
    public IReadOnlyList<string> NamedAnchors => [.. Anchor().Matches(Prose).Select(match => match.Groups[1].Value)];

    /// <summary>Link targets inside the repository, each as a path from its root and an anchor, <c>docs/recipes.md#data</c>.</summary>
    public IReadOnlyList<string> Links =>
    [
        .. Link().Matches(InlineCode().Replace(Prose, "")).Select(match => match.Groups[1].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal))
            .Select(Resolved),
    ];

    /// <summary>The code blocks in order, without comments, which a translation may translate.</summary>
    public IReadOnlyList<string> CodeBlocks => [.. Block().Matches(text).Select(match => string.Join('\n', match.Groups[2].Value
        .Split('\n').Select(line => Comment().Replace(line, "").TrimEnd()).Where(line => line.Length > 0)))];

    /// <summary>What stands in backticks outside code blocks.</summary>
    public IReadOnlySet<string> CodeWords => InlineCode().Matches(Prose).Select(match => match.Groups[1].Value.Trim()).ToHashSet();

    string Prose => Block().Replace(text, "");

    string Resolved(string target)
    {
        var parts = target.Split('#', 2);
        var file = parts[0].Length == 0 ? path : System.IO.Path.GetRelativePath(
            RepositoryRoot.File(),
            System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(RepositoryRoot.File(path))!, parts[0])));
        return file.Replace('\\', '/') + (parts.Length > 1 ? "#" + parts[1] : "");
    }

    static string Slug(string heading)
    {
        var slug = new StringBuilder();
        foreach (var letter in heading.Trim().ToLowerInvariant().EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(letter) || letter.Value is '-' or '_')
                slug.Append(letter);
            else if (letter.Value == ' ')
                slug.Append('-');
        }
        return slug.ToString();
    }

    [GeneratedRegex("(^|/)(node_modules|bin|obj|build|runs|demo|TestResults|shared)/|^benchmarks/data/")]
    private static partial Regex Foreign();

    [GeneratedRegex("^#{1,6} +(.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("<a id=\"([^\"]+)\"></a>")]
    private static partial Regex Anchor();

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^```(\w*)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"(^|\s)(#|//) .*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"`([^`\n]+)`")]
    private static partial Regex InlineCode();
}
