using Hwaso.Tests;

namespace Hwaso.Architecture.Tests;

/// <summary>The pages lead where they say they do, and the Korean pages promise what the English ones promise.</summary>
public sealed class DocumentationTests
{
    // Korean page, English page.
    static readonly (string Korean, string English)[] translations =
    [
        ("docs/ko/README.md", "README.md"),
        ("docs/ko/introduction.md", "docs/introduction.md"),
        ("docs/ko/data-sets.md", "docs/data-sets.md"),
        ("docs/ko/recipes.md", "docs/recipes.md"),
        ("docs/ko/runtime.md", "docs/runtime.md"),
        ("docs/ko/studies.md", "docs/studies.md"),
    ];

    public static TheoryData<string> Pages => [.. MarkdownPage.All];

    public static TheoryData<string, string> Translations
    {
        get
        {
            var pairs = new TheoryData<string, string>();
            foreach (var (korean, english) in translations)
                pairs.Add(korean, english);
            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_of_a_page_leads_somewhere(string page)
    {
        var broken = new MarkdownPage(page).Links.Where(link => !Exists(link)).ToArray();

        Assert.True(broken.Length == 0, $"{page}: {string.Join(", ", broken)}");
    }

    [Theory]
    [MemberData(nameof(Translations))]
    public void A_Korean_page_has_the_commands_of_the_English_one(string korean, string english) =>
        Assert.Equal(new MarkdownPage(english).CodeBlocks, new MarkdownPage(korean).CodeBlocks);

    [Theory]
    [MemberData(nameof(Translations))]
    public void A_Korean_page_has_the_file_names_keys_and_options_of_the_English_one(string korean, string english) =>
        Assert.Equal(new MarkdownPage(english).CodeWords.Order(StringComparer.Ordinal),
            new MarkdownPage(korean).CodeWords.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Translations))]
    public void A_Korean_page_has_the_anchors_of_the_English_one(string korean, string english) =>
        Assert.Equal(new MarkdownPage(english).Headings, new MarkdownPage(korean).NamedAnchors);

    [Theory]
    [MemberData(nameof(Translations))]
    public void A_Korean_page_links_to_what_the_English_one_links_to(string korean, string english) =>
        Assert.Equal(Targets(english), Targets(korean));

    // Each page links to the other one, and Korean pages to each other where the English ones do.
    static IEnumerable<string> Targets(string page) => new MarkdownPage(page).Links.Select(link =>
        {
            var file = link.Split('#')[0];
            return translations.FirstOrDefault(t => t.Korean == file) is { English: { } original } ? original + link[file.Length..] : link;
        })
        .Where(link => link.Split('#')[0] != (translations.FirstOrDefault(t => t.Korean == page).English ?? page) || link.Contains('#'))
        .Distinct().Order(StringComparer.Ordinal);

    static bool Exists(string link)
    {
        var parts = link.Split('#', 2);
        var file = RepositoryRoot.File(parts[0]);
        if (parts.Length == 1 || !parts[0].EndsWith(".md", StringComparison.Ordinal))
            return File.Exists(file) || Directory.Exists(file);
        if (!File.Exists(file))
            return false;
        var page = new MarkdownPage(parts[0]);
        return page.Headings.Contains(parts[1]) || page.NamedAnchors.Contains(parts[1]);
    }
}
