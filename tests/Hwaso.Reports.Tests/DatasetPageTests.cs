using Hwaso.Data;
using Hwaso.Data.Checking;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;

namespace Hwaso.Reports.Tests;

public sealed class DatasetPageTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("hwaso-page").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    string At(string name) => Path.Combine(root, name);

    [Fact]
    public void Everything_found_is_on_the_page_with_the_worst_pictures()
    {
        File.WriteAllLines(At("labels.txt"), ["floor", "wall <b>"]);
        var masks = new byte[][] { [0, 1, 1, 255], [0, 9, 9, 9], [255, 255, 255, 1] };
        for (var k = 0; k < 3; k++)
        {
            Png.Write(At($"{k}.png"), new RgbImage(4, 1, Enumerable.Range(20 * k, 12).Select(v => (byte)v).ToArray()));
            Png.WriteGray(At($"{k}_mask.png"), new LabelMap(4, 1, masks[k]));
        }
        Png.Write(At("2_mask.png"), new RgbImage(4, 1, [1, 2, 3, .. new byte[9]]));
        File.WriteAllLines(At("train.txt"), ["0.png 0_mask.png", "1.png 1_mask.png"]);
        File.WriteAllLines(At("val.txt"), ["2.png 2_mask.png"]);
        var page = DatasetPage.Text(DatasetCheck.Run("list", root), Datasets.ClassesOf("list", root), root);

        Assert.Contains("labels that are no class: 9 (3 pixels)", page, StringComparison.Ordinal);
        Assert.Contains("a colour PNG (8-bit Rgb) where class indices were expected", page, StringComparison.Ordinal);
        Assert.Contains("wall &lt;b&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>wall", page, StringComparison.Ordinal);
        // Of the one mask that counts, 1 of 4 pixels is floor and 2 are wall: the median frequency is 3 ÷ 8.
        Assert.Contains("loss: {class_weights: [1.5, 0.75]}", page, StringComparison.Ordinal);
        // What cannot be read comes first, then labels that are no class, then what is ignored.
        var order = new[] { "alt=\"Image of 2\"", "alt=\"Image of 1\"", "alt=\"Image of 0\"" }.Select(text =>
            page.IndexOf(text, StringComparison.Ordinal)).ToArray();
        Assert.All(order, at => Assert.True(at > 0));
        Assert.Equal(order.Order(), order);
        Assert.Contains("25.0 % of its pixels are ignored", page, StringComparison.Ordinal);
        // A mask that is no mask is shown as it is, three pictures for each of the others.
        Assert.Equal(9, page.Split("src=\"data:image/").Length - 1);
    }

    [Fact]
    public void A_page_is_written_whole()
    {
        File.WriteAllText(At("labels.txt"), "a\n");
        DatasetPage.Write(At("out/check.html"), DatasetCheck.Run("list", root), Datasets.ClassesOf("list", root), root);
        var page = File.ReadAllText(At("out/check.html"));
        Assert.EndsWith("</html>\n", page, StringComparison.Ordinal);
        Assert.Contains("</b> missing or empty splits", page, StringComparison.Ordinal);
    }

    static readonly ClassList classes = new("Rooms & <halls>", [new("floor", 10, 20, 30), new("wall", 40, 50, 60)]);

    static DatasetReport Report(params DatasetProblem[] problems) => new(
        "folder", [new("train", 3), new("val", 1)], 4, problems,
        [
            new("floor", 300, 4, 0.5) { LogWeight = 3.1234, PixelsBySplit = [new("train", 200), new("val", 100)] },
            new("wall", 0, 0, null) { PixelsBySplit = [new("train", 0), new("val", 0)] },
        ],
        IgnoredPixels: 100, Pixels: 400, [new("20×5", 3), new("10×10", 1)], [new("8-bit palette indices", 4)],
        [new(0, 300, 4, "floor"), new(255, 100, 2, "ignored"), new(7, 1, 1, null)], ["values are <odd>"]);

    [Fact]
    public void The_figures_classes_and_values_are_those_of_the_report()
    {
        var page = ParsedPage.Parse(DatasetPage.Text(Report(), classes, "/data/<rooms>"));
        Assert.Equal(["classes", "files"], page.Sections);
        Assert.Equal("Rooms & <halls>", page.Root.Descendants("h1").Single().Value);
        Assert.Equal("/data/<rooms>, layout folder", page.Root.OfClass("subtitle").Value);
        Assert.Equal(["values are <odd>"], page.Warnings);
        Assert.Equal(
        [
            ("Problems", "0", "none found"), ("Images", "4", "train 3, val 1"), ("Classes", "1 of 2", "occur"),
            ("Ignored", "25.0 %", "of 400 pixels"),
            ("Sizes", "2", "mostly 20×5"),
        ], page.Figures);
        Assert.Equal(
        [
            ["Class", "Share of labelled pixels %", "Images", "Pixels in train", "Pixels in val", "Weight", "Log weight"],
            ["floor", "100.0", "4", "200", "100", "0.500", "3.123"],
            ["wall", "0.0", "0", "0", "0", "–", "–"],
        ], page.Section("classes").Descendants("table").Single().Rows());
        // A class that never occurs has no weight of its own; 1 changes nothing.
        Assert.Equal("loss: {class_weights: [0.5, 1]}", page.Section("classes").Descendants("pre").Single().Value);
        Assert.Equal(
            [["Value", "Means", "Files", "Pixels"], ["0", "floor", "4", "300"], ["255", "ignored", "2", "100"],
                ["7", "no class", "1", "1"]],
            page.Section("files").Descendants("table").Single().Rows());
        Assert.Equal("4 of 8-bit palette indices", page.Section("files").OfClass("kinds").Value);
    }

    [Fact]
    public void Problems_are_counted_by_kind_and_those_after_the_thirtieth_are_folded_away()
    {
        var many = Enumerable.Range(0, 32).Select(k => new DatasetProblem($"/a/{k}<.png", ProblemKind.BrokenFile, $"is & broken {k}"));
        var section =
            ParsedPage.Parse(DatasetPage.Text(Report([.. many, new("/list", ProblemKind.MissingSplit, "no such list")]), classes, "/a"))
            .Section("problems");
        Assert.Equal(["32 files that cannot be read", "1 missing or empty split"],
            section.OfClass("kinds").Elements().Select(s => s.Value));
        Assert.Equal(30, section.Elements("ul").Single().Elements().Count());
        Assert.Equal("is & broken 0/a/0<.png", section.Elements("ul").Single().Elements().First().Value);
        Assert.Equal("3 more", section.Element("details")!.Element("summary")!.Value);
        Assert.Equal(["is & broken 30/a/30<.png", "is & broken 31/a/31<.png", "no such list/list"],
            section.Element("details")!.Descendants("li").Select(li => li.Value));
    }

    [Fact]
    public void Pictures_show_the_mask_and_stripe_the_labels_that_are_no_class()
    {
        Png.Write(At("a.png"), new RgbImage(12, 1, [.. Enumerable.Repeat((byte)100, 36)]));
        Png.WriteGray(At("mask.png"), new LabelMap(12, 1, [0, 1, 255, 9, 9, 9, 9, 9, 9, 9, 9, 9]));
        var picture = new DatasetPicture(
            new Sample("a", At("a.png"), At("mask.png")), "train", LabelTable.Plain(2), 2.75,
            ["mask.png: labels that are no class: 9 (9 pixels)"]);
        var section = ParsedPage.Parse(DatasetPage.Text(Report() with { Pictures = [picture] }, classes, root)).Section("pictures");
        Assert.Equal("The worst pictures", section.Element("h2")!.Value);
        Assert.Equal("mask.png: labels that are no class: 9 (9 pixels)", section.OfClass("remarks").Elements().Single().Value);
        (byte, byte, byte) striped = (255, 214, 0), between = (0, 0, 0);
        Assert.Equal(
            [(10, 20, 30), (40, 50, 60), (238, 238, 234), striped, striped, between, between, between, between, between, striped, striped],
            section.Picture("Mask").Colors());
        Assert.Equal(["floor", "wall", "ignored", "striped: no class"], section.OfClass("legend").Elements().Select(li => li.Value));
        Assert.Equal(3, section.Descendants("img").Count());

        var unreadable = picture with { Sample = new Sample("b", At("none.png"), At("mask.png")) };
        var second = ParsedPage.Parse(DatasetPage.Text(Report() with { Pictures = [unreadable] }, classes, root)).Section("pictures");
        Assert.Equal(["cannot be read", "cannot be drawn"], second.Descendants("div").Where(d => d.HasClass("none")).Select(d => d.Value));
    }
}
