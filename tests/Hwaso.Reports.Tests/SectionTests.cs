using System.Xml.Linq;
using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Metrics;

namespace Hwaso.Reports.Tests;

/// <summary>Each section's content, against figures worked out by hand.</summary>
public sealed class SectionTests
{
    static readonly RunReportData scored = SmallRun.Bare with { Scores = SmallRun.Scores, Confusion = SmallRun.Matrix };

    [Fact]
    public void The_head_has_the_figures_with_units_and_notes()
    {
        var figures = ParsedPage.Of(scored with
        {
            Figures = new()
            {
                Parameters = 1_573_219,
                MultiplyAdds = 5_240_000_000,
                InputSize = "256×512",
                TrainingTime = TimeSpan.FromSeconds(252),
                ImagesPerSecond = 19.2,
                Device = "CPU, 2 threads",
            },
        }).Figures;
        Assert.Equal(
        [
            // (90 ÷ 110 + 30 ÷ 45 + 0) ÷ 3, and 120 of 140 pixels.
            ("mIoU", "49.5 %", "3 of 4 classes"),
            ("Pixel accuracy", "85.7 %", "140 pixels"),
            ("Parameters", "1.57 M", "1,573,219"),
            ("Multiply-adds", "4.88 × 2³⁰", "at 256×512"),
            ("Training time", "4 min 12 s", "CPU, 2 threads"),
            ("Speed", "19.2 images/s", "in training"),
        ], figures);
    }

    [Fact]
    public void Figures_that_are_not_known_are_left_out()
    {
        Assert.Equal([("Device", "GPU", "")], ParsedPage.Of(SmallRun.Bare with { Figures = new() { Device = "GPU" } }).Figures);
        Assert.Equal([("Speed", "7 images/s", "GPU")],
            ParsedPage.Of(SmallRun.Bare with { Figures = new() { Device = "GPU", ImagesPerSecond = 7 } }).Figures);
        Assert.Equal([("Multiply-adds", "12,000", "")],
            ParsedPage.Of(SmallRun.Bare with { Figures = new() { MultiplyAdds = 12_000 } }).Figures);
    }

    [Fact]
    public void Without_scores_of_its_own_the_report_is_about_the_best_validation()
    {
        var data = SmallRun.Bare with
        {
            Classes = [.. SmallRun.Classes.Take(2)],
            Validations =
                [new(1, 10, SmallRun.Two(right: false)), new(2, 20, SmallRun.Two(right: true)), new(3, 30, SmallRun.Two(right: false))],
        };
        Assert.Equal(("mIoU", "100.0 %", "epoch 2"), ParsedPage.Of(data).Figures[0]);
        Assert.Equal(["road", "100.0", "100.0", "100.0", "1", "50.00"], ParsedPage.Of(data).Section("classes").Rows()[1]);
        // Scores that are given come first.
        Assert.Equal(("mIoU", "25.0 %", ""), ParsedPage.Of(data with { Scores = SmallRun.Two(right: false) }).Figures[0]);
    }

    [Fact]
    public void A_background_adds_the_mean_of_the_foreground()
    {
        var figures = ParsedPage.Of(SmallRun.Bare with { Scores = Scores.Of(SmallRun.Matrix, hasBackground: true) }).Figures;
        Assert.Equal(("Foreground IoU", "33.3 %", "without background"), figures[2]);
    }

    [Fact]
    public void The_class_table_has_a_row_a_class_and_a_dash_for_what_is_not_defined()
    {
        var classes = ParsedPage.Of(scored).Section("classes");
        Assert.Equal(
        [
            ["Class", "IoU %", "Accuracy %", "Precision %", "Pixels", "Share %"],
            ["road", "81.8", "90.0", "90.0", "100", "71.43"],
            ["car & <van>", "66.7", "75.0", "85.7", "40", "28.57"],
            ["train", "0.0", "–", "0.0", "0", "0.00"],
            ["bus", "–", "–", "–", "0", "0.00"],
            ["Mean", "49.5", "82.5", "58.6", "140", "100"],
        ], classes.Rows());
        Assert.Equal(["81.82", "66.67", "0", "0", "49.49"], classes.Descendants().Where(e => e.HasClass("fill")).Select(Width));
        // Where nothing is defined, sorting puts the class behind all others.
        Assert.Equal(["0.818182", "0.666667", "0", "-1", "0.494949"],
            classes.Descendants("td").Where(e => e.HasClass("bar")).Select(e => e.Attribute("data-v")!.Value));
        Assert.Equal("background:rgb(128,64,128)", classes.OfClass("swatch").Attribute("style")!.Value);
    }

    static string Width(XElement bar) => bar.Attribute("style")!.Value["width:".Length..].TrimEnd('%');

    [Fact]
    public void Cityscapes_adds_scores_of_instances_and_of_categories()
    {
        var cityscapes = new CityscapesScores
        {
            Pixels = SmallRun.Scores,
            Classes = [new("road", 0.8, null), new("car & <van>", 0.6, 0.5), new("train", null, 0.25), new("bus", null, null)],
            Categories = [new("flat", 0.8, null), new("vehicle", 0.5, 0.375)],
        };
        var page = ParsedPage.Of(scored with { Cityscapes = cityscapes });
        Assert.Equal(("Category mIoU", "65.0 %", "iIoU 37.5 %, of categories 37.5 %"), page.Figures[2]);
        var tables = page.Section("classes").Descendants("table").ToArray();
        Assert.Equal(["iIoU %", "–", "50.0", "25.0", "–", "37.5"], tables[0].Rows().Select(r => r[2]));
        Assert.Equal([["Category", "IoU %", "iIoU %"], ["flat", "80.0", "–"], ["vehicle", "50.0", "37.5"], ["Mean", "65.0", "37.5"]],
            tables[1].Rows());

        var none = cityscapes with { Classes = [.. cityscapes.Classes.Select(c => c with { InstanceIou = null })] };
        Assert.DoesNotContain("iIoU %",
            ParsedPage.Of(scored with { Cityscapes = none }).Section("classes").Descendants("table").First().Rows()[0]);
    }

    [Fact]
    public void The_confusion_matrix_has_a_cell_for_each_share_that_can_be_seen()
    {
        var section = ParsedPage.Of(scored).Section("confusion");
        Assert.Equal(
        [
            "road → road: 90.0 % (90 pixels)", "road → car & <van>: 5.0 % (5 pixels)", "road → train: 5.0 % (5 pixels)",
            "car & <van> → road: 25.0 % (10 pixels)", "car & <van> → car & <van>: 75.0 % (30 pixels)",
        ], section.Descendants("title").Select(t => t.Value));
        Assert.Equal(["90", "5", "5", "25", "75"], section.Descendants("text").Where(t => t.HasClass("value")).Select(t => t.Value));
        Assert.Equal(["hit", "miss", "miss", "miss", "hit"],
            section.Descendants("rect").Where(r => r.HasClass("cell")).Select(r => r.Attribute("class")!.Value[5..]));
        // The root of the share, so that five in a hundred can be seen.
        Assert.Equal(["0.95", "0.22", "0.22", "0.5", "0.87"], section.Descendants("rect").Attributes("fill-opacity").Select(a => a.Value));
        Assert.Equal(["car & <van> → road25.0 %", "road → car & <van>5.0 %", "road → train5.0 %"],
            section.Descendants("li").Where(li => li.Parent!.Name == "ol").Select(li => li.Value));
    }

    [Fact]
    public void Mistakes_below_a_fiftieth_of_ten_percent_are_not_drawn_and_eight_are_listed()
    {
        var counts = new long[12 * 13];
        for (var k = 0; k < 12; k++)
        {
            counts[k * 13 + k] = 10_000;
            counts[k * 13 + (k + 1) % 12] = k == 11 ? 10 : 100 + k;
        }
        var matrix = ConfusionMatrix.FromCounts(counts);
        ClassEntry[] classes =
            [.. Enumerable.Range(0, 12).Select(k => new ClassEntry(k == 3 ? "a name of thirty letters and so" : $"c{k}", 1, 2, 3))];
        var section = ParsedPage.Of(SmallRun.Bare with { Classes = classes, Confusion = matrix }).Section("confusion");
        Assert.Equal(12 + 11, section.Descendants("title").Count());
        Assert.Equal(8, section.Descendants("ol").Single().Elements().Count());
        Assert.StartsWith("c10 → c11", section.Descendants("ol").Single().Elements().First().Value, StringComparison.Ordinal);
        Assert.Contains(section.Descendants("text"), t => t.Value == "a name of thirty lett…");
    }

    [Fact]
    public void A_large_matrix_has_no_names_and_no_numbers_in_its_cells()
    {
        ClassEntry[] classes = [.. Enumerable.Range(0, 150).Select(k => new ClassEntry($"c{k}", 1, 2, 3))];
        var matrix = new ConfusionMatrix(150);
        matrix.Add([7, 7, 149], [7, 8, 149]);
        var section = ParsedPage.Of(SmallRun.Bare with { Classes = classes, Confusion = matrix }).Section("confusion");
        Assert.Empty(section.Descendants("text"));
        Assert.Equal(["c7 → c7: 50.0 % (1 pixel)", "c7 → c8: 50.0 % (1 pixel)", "c149 → c149: 100.0 % (1 pixel)"],
            section.Descendants("title").Select(t => t.Value));
    }

    [Fact]
    public void The_loss_is_drawn_over_iterations_with_gaps_where_it_was_not_finite()
    {
        var data = SmallRun.Bare with { Loss = [new(1, 4, 0.1), new(2, 2, 0.1), new(3, double.NaN, 0.05), new(4, 1, 0)] };
        var section = ParsedPage.Of(data).Section("training");
        Assert.Equal(["Loss", "Learning rate"], section.Descendants("h3").Select(h => h.Value));
        var loss = section.Chart("Loss");
        Assert.Equal([(0, 1000, "1", "4"), (333.3, 500, "2", "2"), (1000, 250, "4", "1")], loss.Lines()["smoothed"]);
        Assert.Equal("M0 0L333.3 500M1000 750", loss.Descendants("path").First().Attribute("d")!.Value);
        Assert.Equal(["0", "1", "2", "3", "4"], loss.Descendants("span").Where(s => s.HasClass("y")).Select(s => s.Value));
        Assert.Equal(["1", "2", "3", "4"], loss.Descendants("span").Where(s => s.HasClass("x")).Select(s => s.Value));
        Assert.Equal("Loss; smoothed from 4 to 1", loss.OfClass("plot").Attribute("aria-label")!.Value);
        Assert.Equal("1 iteration had no finite loss and is a gap.", loss.OfClass("note").Value);
        Assert.Equal([(0, 1000, "1", "0.1"), (333.3, 1000, "2", "0.1"), (666.7, 500, "3", "0.05"), (1000, 0, "4", "0")],
            section.Chart("Learning rate").Lines()["learning rate"]);
    }

    [Fact]
    public void A_few_spikes_do_not_press_the_loss_flat()
    {
        var points = Enumerable.Range(1, 1000).Select(k => new LossPoint(k, k == 500 ? 5000 : 1 + k % 2, 0.1));
        var data = SmallRun.Bare with { Loss = [.. points] };
        var loss = ParsedPage.Of(data).Section("training").Chart("Loss");
        Assert.Equal("1 of 1,000 iterations lies above the axis; the highest is 5000.", loss.OfClass("note").Value);
        // The spike moves the smoothed line by a twenty-fifth of itself.
        Assert.Equal("250", loss.Descendants("span").Last(s => s.HasClass("y")).Value);
    }

    [Fact]
    public void A_loss_that_never_was_finite_has_no_curve()
    {
        var page = ParsedPage.Of(SmallRun.Bare with { Loss = [new(1, double.NaN, 0.1), new(2, double.PositiveInfinity, 0.1)] });
        Assert.Equal(["Learning rate"], page.Section("training").Descendants("h3").Select(h => h.Value));
        Assert.Equal(["The loss was not finite in 2 of 2 iterations."], page.Warnings);
    }

    [Fact]
    public void Validations_are_drawn_under_their_iteration_and_listed()
    {
        var data = SmallRun.Bare with
        {
            Classes = [.. SmallRun.Classes.Take(2)],
            Validations = [new(1, 1000, SmallRun.Two(right: false)), new(2, 3000, SmallRun.Two(right: true))],
        };
        var section = ParsedPage.Of(data).Section("training");
        Assert.Equal(["Validation"], section.Descendants("h3").Select(h => h.Value));
        var lines = section.Chart("Validation").Lines();
        Assert.Equal([(0, 250, "1,000", "25"), (1000, 1000, "3,000", "100")], lines["mIoU"]);
        Assert.Equal([(0, 500, "1,000", "50"), (1000, 1000, "3,000", "100")], lines["pixel accuracy"]);
        Assert.Equal(
        [
            ["Epoch", "Iteration", "mIoU %", "Pixel accuracy %", "Mean accuracy %"],
            ["1", "1,000", "25.00", "50.00", "50.00"], ["2", "3,000", "100.00", "100.00", "100.00"],
        ], section.Descendants("table").Single().Rows());
    }

    [Fact]
    public void Pictures_show_input_truth_prediction_and_errors()
    {
        byte[] truth = [0, 0, 1, 1, 255, 255, 2, 2], prediction = [0, 1, 1, 1, 0, 0, 2, 200];
        var page = ParsedPage.Of(SmallRun.Bare with { Examples = [SmallRun.Picture("a.png", truth, prediction, 0.615)] });
        var figure = page.Section("pictures").Descendants("figure").Single();
        Assert.Equal("a.pngmIoU 61.5 %", figure.Element("figcaption")!.Value);
        Assert.Equal(["Input", "Truth", "Prediction", "Errors"],
            figure.Descendants("span").Where(s => s.Parent!.HasClass("picture")).Select(s => s.Value));
        Assert.Equal(Enumerable.Range(0, 24).Select(k => (byte)(10 * k)), figure.Picture("Input").Pixels);
        (byte, byte, byte) Shown(byte label) => label < 4 ? SmallRun.Classes[label].Color() : ((byte)58, (byte)60, (byte)66);
        Assert.Equal(truth.Select(Shown), figure.Picture("Truth").Colors());
        Assert.Equal(prediction.Select(Shown), figure.Picture("Prediction").Colors());
        var errors = figure.Picture("Errors").Colors();
        for (var k = 0; k < 8; k++)
        {
            var (r, g, b) = errors[k];
            if (truth[k] == 255)
                Assert.Equal((58, 60, 66), (r, g, b));
            else if (truth[k] == prediction[k])
                Assert.True(r < 160 && g == r + 4 && b == r + 12, $"pixel {k} is right, and gray: {errors[k]}");
            else
                Assert.True(r > 170 && g < 80 && b < 60, $"pixel {k} is wrong, and red: {errors[k]}");
        }
        // Only colours that occur are explained.
        Assert.Equal(["road", "car & <van>", "train", "not scored", "error"],
            page.Section("pictures").OfClass("legend").Elements().Select(li => li.Value));
    }

    [Fact]
    public void Without_a_truth_two_pictures_remain_and_depth_adds_its_own()
    {
        var bare = SmallRun.Picture("a.png", null, new byte[8]);
        var depth = new RgbImage(4, 2, [.. Enumerable.Repeat((byte)77, 24)]);
        var section =
            ParsedPage.Of(SmallRun.Bare with { Examples = [bare, bare with { Name = "b.png", Depth = depth, TrueDepth = depth }] })
            .Section("pictures");
        var kinds = section.Descendants("figure")
            .Select(f => string.Join(' ', f.Descendants("img").Select(i => i.Attribute("alt")!.Value)));
        Assert.Equal(["Input of a.png Prediction of a.png", "Input of b.png Prediction of b.png Depth of b.png True depth of b.png"],
            kinds);
        Assert.All(section.Descendants("figure").Last().Picture("True depth").Pixels, v => Assert.Equal(77, v));
        Assert.Equal(["road"], section.OfClass("legend").Elements().Select(li => li.Value));
    }

    [Fact]
    public void The_best_and_the_worst_stand_under_their_headings_and_the_fifth_is_folded_away()
    {
        var picture = SmallRun.Picture("x", new byte[8], new byte[8]);
        var section = ParsedPage.Of(SmallRun.Bare with
        {
            Examples =
            [
                .. Enumerable.Range(1, 5).Select(k => picture with { Name = $"best {k}", Group = "Best" }),
                picture with { Name = "worst 1", Group = "Worst" },
            ],
        }).Section("pictures");
        Assert.Equal(["h3 Best", "figure best 1", "figure best 2", "figure best 3", "figure best 4", "details best 5", "h3 Worst",
            "figure worst 1"],
            section.Elements().Where(e => e.Name.LocalName is "h3" or "figure" or "details")
                .Select(e => $"{e.Name} {(e.Name == "h3" ? e : e.OfClass("name")).Value}"));
        Assert.Equal("1 more", section.Descendants("summary").Single().Value);
    }

    [Fact]
    public void A_wide_picture_is_reduced_by_a_whole_number_and_its_labels_are_never_mixed()
    {
        const int Width = 1282, Height = 4;
        var input = new RgbImage(Width, Height);
        var labels = new LabelMap(Width, Height);
        for (var p = 0; p < labels.Labels.Length; p++)
            (labels.Labels[p], input.Pixels[3 * p]) = ((byte)(p % Width % 3), (byte)(p % Width % 3 * 30));
        var figure = ParsedPage.Of(SmallRun.Bare with { Examples = [new("wide", input, null, labels)] }).Section("pictures")
            .Descendants("figure").Single();
        // Three to one: 427 columns remain, each the mean of 0, 30 and 60, or the label in the middle.
        Assert.Equal((427, 1), (figure.Picture("Input").Width, figure.Picture("Input").Height));
        Assert.All(figure.Picture("Input").Colors(), c => Assert.Equal((30, 0, 0), (c.R, c.G, c.B)));
        Assert.All(figure.Picture("Prediction").Colors(), c => Assert.Equal(SmallRun.Classes[1].Color(), c));
    }
}
