using System.Text.Json;
using Hwaso.Inference.Networks;
using Hwaso.Models.Networks;

namespace Hwaso.Cli.Tests;

/// <summary>
/// What the documentation shows of the networks is what the program says; <c>make docs</c> writes it, a person looks at it.
/// </summary>
public sealed class NetworkPageTests
{
    static string Page => File.ReadAllText(Path.Combine(Repository.Root, "docs", "networks.md"));

    public static TheoryData<string> Drawn => [.. Directory.GetFiles(Path.Combine(Repository.Root, "docs", "images", "networks"), "*.svg")
        .Order().Select(f => Path.GetFileNameWithoutExtension(f))];

    [Fact]
    public void The_table_is_what_models_prints()
    {
        var (page, begin) = (Page, "<!-- networks: begin (written by make docs) -->\n");
        var from = page.IndexOf(begin, StringComparison.Ordinal) + begin.Length;

        var line = CommandLine.Run("models", "--markdown");

        Assert.Equal(0, line.Code);
        var table = page[from..page.IndexOf("<!-- networks: end -->", StringComparison.Ordinal)];
        Assert.True(
            line.Output == table,
            "docs/networks.md has another table than `hwaso models --markdown`: run make docs and look at what changed");
        Assert.All(Zoo.All, d =>
        {
            var suffix = d.Name.IndexOf('+', StringComparison.Ordinal);
            Assert.Contains($"`{(suffix < 0 ? d.Name : d.Name[suffix..])}`", line.Output, StringComparison.Ordinal);
        });
    }

    [Theory]
    [MemberData(nameof(Drawn))]
    public void A_drawing_is_what_the_program_draws(string name)
    {
        var drawing = ListedModel.Of(Zoo.Find(name)).Drawing();

        Assert.True(drawing == File.ReadAllText(Path.Combine(
            Repository.Root, "docs", "images", "networks", name + ".svg")), $"{name}: drawn otherwise now; run make docs and look at it");
        Assert.Contains($"](images/networks/{name}.svg)", Page, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_picture_of_the_page_is_there() =>
        Assert.All(Page.Split("](images/networks/").Skip(1).Select(t => t[..t.IndexOf(')', StringComparison.Ordinal)]), f =>
            Assert.True(File.Exists(Path.Combine(Repository.Root, "docs", "images", "networks", f)), f));

    [Fact]
    public void Models_lists_names_with_size_and_multiply_adds_in_a_hundred_columns()
    {
        var report = JsonDocument.Parse(
            CommandLine.Run("models", "hrnetv2-w48", "resnet50", "--json").Output).RootElement.GetProperty("models");
        Assert.Equal(["hrnetv2-w48", "resnet50"], report.EnumerateArray().Select(m => m.GetProperty("name").GetString()));
        // Measured on the official implementations.
        Assert.Equal([82_538_956_800, 4_089_184_256], report.EnumerateArray().Select(m => m.GetProperty("macs").GetInt64()));
        Assert.Equal(["480x480", "224x224"], report.EnumerateArray().Select(m => m.GetProperty("size").GetString()));

        var text = CommandLine.Run("models", "hrnetv2-w48", "hrnetv2-w48+psa-p", "dinov2-vitl14-depth-linear4").Output;
        Assert.All(text.Split('\n'), l => Assert.InRange(l.Length, 0, 100));
        Assert.Contains("\n  +psa-p ", text, StringComparison.Ordinal);
        Assert.Contains("82,538,956,800", text, StringComparison.Ordinal);
    }
}
