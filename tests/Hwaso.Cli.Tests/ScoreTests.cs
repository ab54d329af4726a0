using System.Text.Json;
using Hwaso.Imaging;

namespace Hwaso.Cli.Tests;

/// <summary>
/// <c>hwaso score</c> as a person runs it: recorded figures, rendered scenes, and what it says of things that do not fit.
/// </summary>
[Collection(WorkshopTests.Name)]
public sealed class ScoreTests(Workshop shop)
{
    static string Recorded(string name) => Path.Combine(Repository.Root, "tests/fixtures/metrics", name);

    static JsonElement Json(params string[] args)
    {
        var line = CommandLine.Run([.. args, "--json"]);
        Assert.True(line.Code == 0, line.Error);
        return JsonDocument.Parse(line.Output).RootElement;
    }

    [Fact]
    public void The_official_figures_of_Cityscapes_come_out_under_the_contracts_names()
    {
        var report = Json("score", Recorded("cityscapes/pred"), Recorded("cityscapes/gt"), "--layout", "cityscapes");
        var expected = JsonDocument.Parse(File.ReadAllText(Recorded("cityscapes/expected.json"))).RootElement.GetProperty("few");

        foreach (var (ours, theirs) in new[]
        {
            ("miou", "averageScoreClasses"), ("iiou", "averageScoreInstClasses"), ("category_miou", "averageScoreCategories"),
                ("category_iiou", "averageScoreInstCategories"),
        })
            Assert.Equal(expected.GetProperty(theirs).GetDouble(), report.GetProperty(ours).GetDouble(), 1e-9);
        foreach (var score in report.GetProperty("iou").EnumerateObject())
        {
            var theirs = expected.GetProperty("classScores").GetProperty(score.Name);
            Assert.Equal(theirs.ValueKind, score.Value.ValueKind);
            if (theirs.ValueKind == JsonValueKind.Number)
                Assert.Equal(theirs.GetDouble(), score.Value.GetDouble(), 1e-9);
        }
    }

    [Theory]
    [InlineData("c5", 5)]
    [InlineData("c19_absent", 19)]
    [InlineData("c19_never", 19)]
    public void The_official_figures_of_HRNets_code_come_out_with_absent_classes_as_zero(string name, int classes)
    {
        var matrix = shop.At($"{name}.csv");
        var report =
            Json("score", Recorded($"labels/{name}_pred_*.png"),
            Recorded($"labels/{name}_gt_*.png"), "--layout", "labels", "--classes", $"{classes}", "--absent", "zero", "--confusion",
            matrix);
        var expected = JsonDocument.Parse(
            File.ReadAllText(Recorded("labels/expected.json"))).RootElement.GetProperty("cases").EnumerateArray().Single(
                c => c.GetProperty("name").GetString() == name);

        foreach (var (ours, theirs) in new[] { ("miou", "mean_iou"), ("pixel_accuracy", "pixel_acc"), ("mean_accuracy", "mean_acc") })
            Assert.Equal(expected.GetProperty(theirs).GetDouble(), report.GetProperty(ours).GetDouble(), 1e-9);
        Assert.Equal(expected.GetProperty("per_class_iou").EnumerateArray().Select(v => Math.Round(v.GetDouble(), 9)),
            report.GetProperty("iou").EnumerateObject().Select(v => Math.Round(v.Value.GetDouble(), 9)));
        Assert.Equal(
            expected.GetProperty("confusion").EnumerateArray()
                .Select(row => string.Join(',', row.EnumerateArray().Select(v => v.GetInt64()))),
            File.ReadAllLines(matrix).Skip(1).Select(line => string.Join(',', line.Split(',')[1..^1])));
    }

    [Fact]
    public void Another_value_than_255_can_be_ignored_and_is_still_a_class_that_may_be_predicted()
    {
        foreach (var folder in new[] { "ignore-pred", "ignore-gt" })
            Directory.CreateDirectory(shop.At(folder));
        Png.WriteGray(shop.At("ignore-gt/0.png"), new LabelMap(6, 1, [0, 0, 1, 1, 2, 2]));
        Png.WriteGray(shop.At("ignore-pred/0.png"), new LabelMap(6, 1, [1, 2, 1, 0, 2, 2]));
        var report = Json("score", shop.At("ignore-pred"),
            shop.At("ignore-gt"), "--layout", "labels", "--classes", "3", "--ignore", "0", "--absent", "zero");
        // As HRNet's code: of class 0, which is never true and once predicted, the IoU is 0; of 1 it is 1/2, of 2 it is 1.
        Assert.Equal([0, 0.5, 1], report.GetProperty("iou").EnumerateObject().Select(v => v.Value.GetDouble()));
        Assert.Equal((0.75, 0.5), (report.GetProperty("pixel_accuracy").GetDouble(), report.GetProperty("miou").GetDouble()));
    }

    [Fact]
    public void Evaluating_a_network_and_scoring_what_it_predicted_agree()
    {
        var images = Directory.EnumerateFiles(Path.Combine(shop.Data, "leftImg8bit/val"), "*.png", SearchOption.AllDirectories).ToArray();
        var folder = shop.At("to-score");
        Assert.Equal(0, CommandLine.Run(["predict", shop.Run, .. images, "--out", folder, "--device", "cpu", "--threads", "1"]).Code);
        var evaluated = Json("evaluate", shop.Run, "--data", shop.Data, "--device", "cpu", "--threads", "1", "--boundary");
        var scored = Json("score", folder, shop.Data, "--layout", "cityscapes", "--values", "indices", "--boundary");

        Assert.Equal(evaluated.EnumerateObject().Select(p => p.Name), scored.EnumerateObject().Select(p => p.Name));
        foreach (var field in evaluated.EnumerateObject())
            Assert.True(JsonElement.DeepEquals(field.Value, scored.GetProperty(field.Name)), field.Name);
        Assert.Equal(4, scored.GetProperty("images").GetInt32());
    }

    [Fact]
    public void A_submission_to_Cityscapes_server_scores_as_the_network_evaluated_by_the_same_protocol()
    {
        // Scale 1 of the protocol is a long side of 2048: one image is enough.
        var data = shop.At("one-val");
        foreach (var file in Directory.EnumerateFiles(shop.Data, "maru_000000_*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(data, Path.GetRelativePath(shop.Data, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        var folder = shop.At("submission");
        var image = Directory.EnumerateFiles(data, "*_leftImg8bit.png", SearchOption.AllDirectories).Single();
        string[] asked = ["--protocol", "cityscapes/hrnet-single", "--device", "cpu", "--threads", "1"];
        var evaluated = Json(["evaluate", shop.Run, "--data", data, .. asked]);
        Assert.Equal(0, CommandLine.Run(["predict", shop.Run, image, "--out", folder, "--submission", "cityscapes", .. asked]).Code);
        var scored = Json("score", folder, data, "--layout", "cityscapes", "--absent", "zero");

        Assert.Equal("cityscapes/hrnet-single", evaluated.GetProperty("protocol").GetString());
        Assert.Equal("maru_000000_000019_pred_labelIds.png", Path.GetFileName(Assert.Single(Directory.GetFiles(folder))));
        foreach (var field in scored.EnumerateObject())
            Assert.True(JsonElement.DeepEquals(field.Value, evaluated.GetProperty(field.Name)), field.Name);
        var other = CommandLine.Run("evaluate", shop.Run, "--data", data, "--protocol", "lip/hrnet");
        Assert.Equal(2, other.Code);
        Assert.Contains("--protocol lip/hrnet is for the 20 classes of lip", other.Error, StringComparison.Ordinal);
        var voc = CommandLine.Run("predict", shop.Run, image, "--out", folder, "--submission", "voc-comp6");
        Assert.Equal(2, voc.Code);
        Assert.Contains("wants the 21 classes of PASCAL VOC", voc.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_truth_itself_scores_one_and_is_better_than_a_damaged_copy()
    {
        var truth = Path.Combine(shop.Data, "gtFine/val");
        var damaged = shop.At("damaged");
        foreach (var file in Directory.EnumerateFiles(truth, "*_labelIds.png", SearchOption.AllDirectories))
        {
            var labels = Png.ReadLabels(file);
            labels.Labels.AsSpan(0, labels.Labels.Length / 3).Fill(23);
            Directory.CreateDirectory(damaged);
            Png.WriteGray(Path.Combine(damaged, Path.GetFileName(file)), labels);
        }
        var perfect = shop.At("perfect");
        Directory.CreateDirectory(perfect);
        foreach (var file in Directory.EnumerateFiles(truth, "*_labelIds.png", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(perfect, Path.GetFileName(file)));
        var report = Json("score", perfect, truth, "--layout", "cityscapes", "--boundary", "--against", damaged);

        string[] all =
        [
            "miou", "pixel_accuracy", "mean_accuracy", "iiou", "category_miou", "category_iiou", "mean_dice", "boundary_miou",
            "frequency_weighted_iou",
        ];
        foreach (var score in all)
            Assert.Equal(1, report.GetProperty(score).GetDouble());
        Assert.Equal([1.0, 1.0], report.GetProperty("miou_interval").EnumerateArray().Select(v => v.GetDouble()));
        Assert.True(report.GetProperty("miou_difference_interval")[0].GetDouble() > 0);
        Assert.Equal(1, report.GetProperty("better_share").GetDouble());
        var text = CommandLine.Run("score", perfect, truth, "--layout", "cityscapes", "--against", damaged).Output;
        Assert.Contains("mIoU                    100.00   95 %: 100.00 to 100.00", text, StringComparison.Ordinal);
        Assert.Contains("better in 100.00 % of the resamplings", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_split_of_VOC_is_scored_from_its_folder()
    {
        var report =
            Json("score", Path.Combine(shop.Voc, "VOCdevkit/VOC2012/SegmentationClass"), shop.Voc, "--layout", "voc", "--split", "train");
        Assert.Equal((4, 1.0, 1.0), (report.GetProperty("images").GetInt32(), report.GetProperty("miou").GetDouble(),
            report.GetProperty("foreground_iou").GetDouble()));
        Assert.Equal(2, Json("score", Path.Combine(shop.Voc, "VOCdevkit/VOC2012/SegmentationClass"),
            shop.Voc, "--layout", "voc").GetProperty("images").GetInt32());
    }

    [Fact]
    public void What_cannot_be_scored_is_named()
    {
        var truth = Directory.EnumerateFiles(Path.Combine(shop.Data, "gtFine/val"), "*_labelIds.png", SearchOption.AllDirectories).First();
        var one = shop.At("one-prediction");
        Directory.CreateDirectory(one);
        var path = Path.Combine(one, Path.GetFileName(truth));
        void Fails(string message)
        {
            var line = CommandLine.Run("score", path, truth, "--layout", "cityscapes");
            Assert.Equal((1, ""), (line.Code, line.Output));
            Assert.Contains(message, line.Error, StringComparison.Ordinal);
        }

        Png.WriteGray(path, new LabelMap(3, 2));
        Fails($"{path}: is 3×2, its truth {truth} is 128×64");
        Png.Write(path, new RgbImage(128, 64, [1, 2, 3, .. new byte[128 * 64 * 3 - 3]]));
        Fails($"{path}: a colour PNG");
        File.WriteAllText(path, "no picture");
        Fails(path);
        File.Delete(path);
        Fails($"{path}: no such file or folder");
        Png.WriteGray(path, new LabelMap(128, 64, Enumerable.Repeat((byte)99, 128 * 64).ToArray()));
        var odd = CommandLine.Run("score", path, truth, "--layout", "cityscapes");
        Assert.Equal(0, odd.Code);
        Assert.Contains("warning: 100 % of the pixels are predicted as no class; are the values training indices (--values indices)",
            odd.Error, StringComparison.Ordinal);
        var rest = CommandLine.Run("score", one, Path.Combine(shop.Data, "gtFine/val"), "--layout", "cityscapes");
        Assert.Equal(1, rest.Code);
        Assert.Contains("3 of 4 truths have no prediction in it", rest.Error, StringComparison.Ordinal);
        var alone = CommandLine.Run("score", path, truth, "--layout", "cityscapes", "--against", path);
        Assert.Equal(2, alone.Code);
    }
}
