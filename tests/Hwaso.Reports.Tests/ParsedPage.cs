using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Hwaso.Data;
using Hwaso.Imaging;

namespace Hwaso.Reports.Tests;

/// <summary>A page as a tree, so that tests ask for its parts; a page whose tags do not match cannot be parsed.</summary>
sealed partial class ParsedPage
{
    ParsedPage(string text) => Root = XElement.Parse(text, LoadOptions.PreserveWhitespace);

    public XElement Root { get; }

    public static ParsedPage Of(RunReportData data) => Parse(RunReport.Page(data));

    public static ParsedPage Parse(string html)
    {
        Assert.StartsWith("<!DOCTYPE html>", html, StringComparison.Ordinal);
        var text = html["<!DOCTYPE html>".Length..];
        // What HTML writes otherwise than XML: elements without an end, and code with signs of its own.
        text = Open().Replace(text, "<$1$2/>");
        text = Code().Replace(text, "<$1><![CDATA[$2]]></$1>");
        return new ParsedPage(text);
    }

    /// <summary>The window's title.</summary>
    public string Title => Root.Element("head")!.Element("title")!.Value;

    /// <summary>The sections by their ids, in order.</summary>
    public IEnumerable<string> Sections => Root.Descendants("section").Select(s => s.Attribute("id")!.Value);

    public XElement Section(string id) => Root.Descendants("section").Single(s => s.Attribute("id")!.Value == id);

    public bool Has(string id) => Sections.Contains(id);

    /// <summary>The figures of the head: name, value with its unit, and note.</summary>
    public IReadOnlyList<(string Name, string Value, string Note)> Figures =>
        [.. Root.Descendants("dl").First(d => d.HasClass("figures")).Elements("div").Select(d => (
            d.Element("dt")!.Value, d.Elements("dd").First().Value, d.Elements("dd").Skip(1).FirstOrDefault()?.Value ?? ""))];

    public IReadOnlyList<string> Warnings => [.. Root.Descendants("aside").SelectMany(a => a.Descendants("li")).Select(li => li.Value)];

    [GeneratedRegex("<(meta|img)([^>]*)>")]
    private static partial Regex Open();

    [GeneratedRegex("<(style|script)>(.*?)</\\1>", RegexOptions.Singleline)]
    private static partial Regex Code();
}

/// <summary>Questions to a part of a page.</summary>
static class PagePart
{
    public static bool HasClass(this XElement element, string name) =>
        (element.Attribute("class")?.Value ?? "").Split(' ').Contains(name);

    public static XElement OfClass(this XElement element, string name) => element.Descendants().First(e => e.HasClass(name));

    /// <summary>A table's cells as text: head, body and foot.</summary>
    public static string[][] Rows(this XElement table) =>
        [.. table.Descendants("tr").Select(tr => tr.Elements().Select(cell => cell.Value).ToArray())];

    /// <summary>The lines that a chart's tooltip knows: name, and each point's place and texts.</summary>
    public static Dictionary<string, (double X, double Y, string At, string Value)[]> Lines(this XElement chart)
    {
        using var json = JsonDocument.Parse(chart.Attribute("data-chart")!.Value);
        return json.RootElement.EnumerateArray().ToDictionary(
            line => line.GetProperty("name").GetString()!,
            line => line.GetProperty("points").EnumerateArray()
                .Select(p => (p[0].GetDouble(), p[1].GetDouble(), p[2].GetString()!, p[3].GetString()!)).ToArray());
    }

    public static XElement Chart(this XElement section, string title) =>
        section.Descendants("figure").Single(f => f.HasClass("chart") && f.Descendants("h3").First().Value == title);

    /// <summary>The picture under a caption, decoded.</summary>
    public static RgbImage Picture(this XElement part, string kind)
    {
        var image = part.Descendants("img").Single(i => i.Attribute("alt")!.Value.StartsWith(kind + " of ", StringComparison.Ordinal));
        var data = image.Attribute("src")!.Value;
        Assert.StartsWith("data:image/", data, StringComparison.Ordinal);
        var decoded = ImageFile.DecodeRgb(Convert.FromBase64String(data[(data.IndexOf(',', StringComparison.Ordinal) + 1)..]), kind);
        Assert.Equal(image.Attribute("width")!.Value, $"{decoded.Width}");
        Assert.Equal(image.Attribute("height")!.Value, $"{decoded.Height}");
        return decoded;
    }

    public static (byte R, byte G, byte B)[] Colors(this RgbImage image) => [.. image.Pixels.Chunk(3).Select(p => (p[0], p[1], p[2]))];

    public static (byte R, byte G, byte B) Color(this ClassEntry entry) => (entry.R, entry.G, entry.B);
}
