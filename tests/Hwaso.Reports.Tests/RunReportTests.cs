using System.Globalization;
using System.Xml.Linq;
using Hwaso.Imaging;
using Hwaso.Metrics;

namespace Hwaso.Reports.Tests;

public sealed class RunReportTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-report").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_whole_run_has_every_section_in_order_and_needs_nothing_but_itself()
    {
        var page = ParsedPage.Of(SampleRun.Make());
        Assert.Equal(["pictures", "training", "classes", "confusion", "recipe"], page.Sections);
        Assert.Equal("Street scenes, first light · Hwaso", page.Title);
        Assert.Equal("Street scenes, first light", page.Root.Descendants("h1").Single().Value);
        Assert.Equal("14 March 2025, 15:09", page.Root.Descendants("time").Single().Value);
        var links = page.Root.DescendantsAndSelf().Attributes().Where(a => a.Name.LocalName is "src" or "href");
        Assert.All(links, link => Assert.StartsWith("data:image/", link.Value, StringComparison.Ordinal));
        Assert.Empty(page.Root.Descendants("link"));
        var code = string.Concat(page.Root.Descendants().Where(e => e.Name.LocalName is "style" or "script").Select(e => e.Value));
        Assert.DoesNotContain("http", code, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", code, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_without_anything_has_a_title_and_no_section()
    {
        var page = ParsedPage.Of(SmallRun.Bare);
        Assert.Empty(page.Sections);
        Assert.Empty(page.Figures);
        Assert.Empty(page.Warnings);
        Assert.Equal("A run", page.Root.Descendants("h1").Single().Value);
        Assert.Empty(page.Root.Descendants("time"));
        Assert.DoesNotContain(page.Root.Descendants(), e => e.HasClass("subtitle"));
    }

    [Fact]
    public void One_class_is_enough()
    {
        var matrix = ConfusionMatrix.FromCounts([7, 0]);
        var page = ParsedPage.Of(new() { Title = "One", Classes = [new("all", 1, 2, 3)], Scores = Scores.Of(matrix), Confusion = matrix });
        Assert.Equal(["classes", "confusion"], page.Sections);
        Assert.Equal(["all", "100.0", "100.0", "100.0", "7", "100.00"], page.Section("classes").Rows()[1]);
        Assert.DoesNotContain(page.Root.Descendants(), e => e.HasClass("mistakes"));
    }

    [Fact]
    public void Signs_of_HTML_in_names_stay_text_everywhere()
    {
        const string Odd = "<b>\"a\" & 'b'</b>\u0001";
        const string Shown = "<b>\"a\" & 'b'</b>\uFFFD";
        var data = SmallRun.Bare with
        {
            Title = Odd,
            Subtitle = Odd,
            Classes = [new(Odd, 1, 2, 3), .. SmallRun.Classes.Skip(1)],
            Scores = SmallRun.Scores,
            Confusion = SmallRun.Matrix,
            Recipe = [new(Odd, Odd)],
            Warnings = [Odd],
            Figures = new() { Device = Odd },
            Examples = [SmallRun.Picture(Odd, [0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1]) with { Group = Odd }],
        };
        var page = ParsedPage.Of(data);
        Assert.Empty(page.Root.Descendants("b"));
        Assert.Equal(Shown, page.Root.Descendants("h1").Single().Value);
        Assert.Equal($"{Shown} · Hwaso", page.Title);
        Assert.Equal(Shown, page.Section("classes").Rows()[1][0]);
        Assert.Equal(Shown, page.Warnings[0]);
        Assert.Equal([Shown, Shown], page.Section("recipe").Descendants("div").Single().Elements().Select(e => e.Value));
        Assert.Equal(Shown, page.Section("pictures").Element("h3")!.Value);
        Assert.Equal($"Input of {Shown}", page.Section("pictures").Descendants("img").First().Attribute("alt")!.Value);
        Assert.Contains(page.Figures, f => f == ("Device", Shown, ""));
        Assert.Contains(page.Section("confusion").Descendants("title"), t => t.Value == $"{Shown} → car & <van>: 5.0 % (5 pixels)");
    }

    [Fact]
    public void The_page_is_the_same_in_every_culture()
    {
        var page = RunReport.Page(SampleRun.Make(iterations: 60, pictures: 1));
        var before = CultureInfo.CurrentCulture;
        // As in German, but also where no culture's data are installed.
        var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (other.NumberFormat.NumberDecimalSeparator, other.NumberFormat.NumberGroupSeparator, other.NumberFormat.NegativeSign) =
            (",", ".", "−");
        try
        {
            CultureInfo.CurrentCulture = other;
            Assert.Equal("1,5", $"{1.5}");
            Assert.Equal(page, RunReport.Page(SampleRun.Make(iterations: 60, pictures: 1)));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void The_recipe_is_shown_in_the_order_given()
    {
        var page = ParsedPage.Of(SmallRun.Bare with { Recipe = [new("model", "hrnet"), new("batch", "8")] });
        var names = page.Section("recipe").Descendants("div").Select(d => (d.Element("dt")!.Value, d.Element("dd")!.Value));
        Assert.Equal([("model", "hrnet"), ("batch", "8")], names);
    }

    [Fact]
    public void A_page_is_written_whole_into_a_folder_that_is_made()
    {
        var path = Path.Combine(folder, "runs", "a", "report.html");
        RunReport.Write(path, SmallRun.Bare);
        Assert.Equal(RunReport.Page(SmallRun.Bare), File.ReadAllText(path));
        Assert.EndsWith("</html>\n", File.ReadAllText(path), StringComparison.Ordinal);
        RunReport.Write(path, SmallRun.Bare with { Title = "Again" });
        Assert.Contains("<h1>Again</h1>", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void Data_that_do_not_fit_each_other_are_refused_with_both_numbers()
    {
        void Refused(string message, RunReportData data) =>
            Assert.Contains(message, Assert.Throws<ArgumentException>(() => RunReport.Page(data)).Message, StringComparison.Ordinal);

        Refused("0 classes: 1 to 256", SmallRun.Bare with { Classes = [], Scores = SmallRun.Scores });
        Refused("257 classes: 1 to 256", SmallRun.Bare with { Classes = [.. Enumerable.Repeat(SmallRun.Bare.Classes[0], 257)] });
        Refused("4 classes with scores of 2", SmallRun.Bare with { Scores = SmallRun.Two(right: true) });
        Refused("4 classes with a confusion matrix of 3", SmallRun.Bare with { Confusion = new ConfusionMatrix(3) });
        var picture = SmallRun.Picture("a.png", null, new byte[8]);
        Refused("picture 'a.png': the prediction is 2×4, the input 4×2",
            SmallRun.Bare with { Examples = [picture with { Prediction = new LabelMap(2, 4) }] });
        Refused("picture 'a.png': the truth is 2×4, the input 4×2",
            SmallRun.Bare with { Examples = [picture with { Truth = new LabelMap(2, 4) }] });
    }

    [Fact]
    public void Warnings_say_what_the_scores_do_not_cover()
    {
        var data = SmallRun.Bare with
        {
            Scores = SmallRun.Scores,
            Warnings = ["Stopped early."],
            Loss = [new(1, double.NaN, 0.1), new(2, 1, 0.1)],
        };
        Assert.Equal(
            ["Stopped early.", "The loss was not finite in 1 of 2 iterations.",
                "Not in the validation truth, so the scores say nothing about them: train, bus."],
            ParsedPage.Of(data).Warnings);

        var outside = Scores.Of(ConfusionMatrix.FromCounts([0, 0, 3, 0, 0, 5]));
        var two = SmallRun.Bare with { Classes = [.. SmallRun.Classes.Take(2)] };
        Assert.Equal(
            ["Never predicted though they occur: road, car & <van>.", "8 pixels were predicted as no class at all; they count as misses."],
            ParsedPage.Of(two with { Scores = outside }).Warnings);

        var nothing = ParsedPage.Of(two with { Scores = Scores.Of(new ConfusionMatrix(2)), Confusion = new ConfusionMatrix(2) });
        Assert.Equal(["No pixel was scored: every true label is the ignore label."], nothing.Warnings);
        Assert.Equal(("mIoU", "– %", "0 of 2 classes"), nothing.Figures[0]);
        Assert.False(nothing.Has("confusion"));
    }
}
