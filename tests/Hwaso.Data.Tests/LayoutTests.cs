using Hwaso.Data.Checking;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;

namespace Hwaso.Data.Tests;

public sealed class LayoutTests
{
    [Fact]
    public void Cityscapes_ids_and_train_ids_are_read_alike()
    {
        using var ids = new LookAlike().Cityscapes(3);
        using var trainIds = new LookAlike().Cityscapes(3, trainIds: true);
        var (a, b) = (Datasets.Open("cityscapes", ids.Root, "train"), Datasets.Open("cityscapes", trainIds.Root, "train"));
        Assert.Equal(["city_000000_000019", "city_000001_000019", "city_000002_000019"], a.Samples.Select(s => s.Id));
        for (var k = 0; k < 3; k++)
            Assert.Equal(a.Read(k).Labels.Labels, b.Read(k).Labels.Labels);
        Assert.EndsWith("labelTrainIds.png", b.Samples[0].LabelPath, StringComparison.Ordinal);
    }

    [Fact]
    public void Void_ids_are_ignored_and_numbers_beyond_the_list_are_errors()
    {
        var labels = new LabelMap(4, 1, [0, 7, 34, 255]);
        var error = Assert.Throws<DatasetException>(() => LabelTable.CityscapesIds.Apply(labels, "x_labelIds.png"));
        Assert.Contains("x_labelIds.png: label 34 (1 pixels)", error.Message, StringComparison.Ordinal);
        var fine = new LabelMap(6, 1, [0, 7, 33, 255, 29, 30]);
        LabelTable.CityscapesIds.Apply(fine, "x");
        Assert.Equal([255, 0, 18, 255, 255, 255], fine.Labels);
    }

    [Theory]
    [InlineData("")]
    [InlineData("VOCdevkit")]
    [InlineData("VOCdevkit/VOC2012")]
    public void Voc_is_found_from_any_of_its_folders(string below)
    {
        using var data = new LookAlike().Voc(4);
        var split = Datasets.Open("voc", Path.Combine(data.Root, below), "train");
        Assert.Equal(4, split.Samples.Count);
        var item = split.Read(1);
        Assert.Equal((20, 15), (item.Image.Width, item.Image.Height));
        Assert.Contains((byte)255, item.Labels.Labels);
        Assert.Equal(21, split.Classes.Count);
    }

    [Fact]
    public void What_is_missing_is_named_with_what_is_there()
    {
        using var data = new LookAlike().Cityscapes(2).Voc(2);
        Refused("no split 'test'; there are train", () => Datasets.Open("cityscapes", data.Root, "test"));
        Refused("there are train, val", () => Datasets.Open("voc", data.Root, "trainval"));
        Refused("no such folder", () => Datasets.Open("cityscapes", Path.Combine(data.Root, "none"), "train"));
        Assert.Contains("cityscapes or voc", Assert.Throws<ArgumentException>(() => Datasets.Open("cityscape", data.Root, "train")).Message,
            StringComparison.Ordinal);

        Directory.CreateDirectory(data.Make("leftImg8bit", "empty", "city", "x")[..^2]);
        Refused("is empty", () => Datasets.Open("cityscapes", data.Root, "empty"));
        File.WriteAllText(data.Make("VOCdevkit", "VOC2012", "ImageSets", "Segmentation", "none.txt"), "\n");
        Refused("is empty", () => Datasets.Open("voc", data.Root, "none"));
        File.AppendAllText(data.Make("VOCdevkit", "VOC2012", "ImageSets", "Segmentation", "train.txt"), "2009_999999\n");
        Refused("train.txt:3 names it", () => Datasets.Open("voc", data.Root, "train"));
        File.Delete(Path.Combine(data.Root, "gtFine/train/city/city_000001_000019_gtFine_labelIds.png"));
        Refused("city_000001_000019_leftImg8bit.png: has no label", () => Datasets.Open("cityscapes", data.Root, "train"));
    }

    [Fact]
    public void Sizes_that_differ_name_both_files()
    {
        using var data = new LookAlike().Cityscapes(1);
        Png.WriteGray(data.Make("gtFine", "train", "city", "city_000000_000019_gtFine_labelIds.png"), new LabelMap(3, 3));
        Refused("is 3×3, its image", () => Datasets.Open("cityscapes", data.Root, "train").Read(0));
    }

    [Fact]
    public void A_check_tells_everything_wrong_at_once()
    {
        using var data = new LookAlike().Cityscapes(6).Cityscapes(1, "val");
        string Label(int k) => data.Make("gtFine", "train", "city", $"city_{k:000000}_000019_gtFine_labelIds.png");
        Png.WriteGray(Label(0), new LabelMap(5, 5));
        Png.WriteGray(Label(1), new LabelMap(24, 16, Enumerable.Repeat((byte)99, 24 * 16).ToArray()));
        File.Delete(Label(2));
        var cut = data.Make("leftImg8bit", "train", "city", "city_000003_000019_leftImg8bit.png");
        File.WriteAllBytes(cut, File.ReadAllBytes(cut)[..150]);
        Png.Write(Label(4), new RgbImage(24, 16, [1, 2, 3, .. new byte[24 * 16 * 3 - 3]]));

        var report = DatasetCheck.Run("cityscapes", data.Root, threads: 2);
        Assert.Equal(7, report.Images);
        Assert.Equal(
            [
                ProblemKind.MissingFile, ProblemKind.BrokenFile, ProblemKind.BrokenFile, ProblemKind.SizeMismatch, ProblemKind.UnknownLabel,
                ProblemKind.NothingLabelled, ProblemKind.Duplicate,
            ],
            report.Problems.Select(p => p.Kind).Order());
        Assert.Contains(report.Problems, p => p.Path == cut && p.Message.Contains("cut short", StringComparison.Ordinal));
        Assert.Contains(report.Problems, p => p.Path == Label(1) && p.Message.Contains("99 (384 pixels)", StringComparison.Ordinal));
        // Readable labels: 0 (5×5), 3 and 5 of train, 0 of val.
        Assert.Equal(25 + 3 * 24 * 16, report.Pixels);
        Assert.Equal(report.Pixels, report.IgnoredPixels + report.Classes.Sum(c => c.Pixels));
        var none = DatasetCheck.Run("voc", data.Root);
        Assert.Equal(2, none.Problems.Count(p => p.Kind == ProblemKind.MissingSplit));
    }

    [Theory]
    [InlineData("data/leftImg8bit", "data/gtFine", "data")]
    [InlineData("data/leftImg8bit", "data/gtFine", "data/leftImg8bit")]
    [InlineData("data/leftImg8bit_trainvaltest/leftImg8bit", "data/gtFine_trainvaltest/gtFine", "data")]
    public void Cityscapes_is_found_however_its_archives_were_unpacked(string images, string truths, string root)
    {
        using var data = new LookAlike().Cityscapes(2);
        foreach (var (from, to) in new[] { ("leftImg8bit", images), ("gtFine", truths) })
            Directory.Move(Path.Combine(data.Root, from),
                Path.GetDirectoryName(data.Make(to, "x"))! is var made && Remove(made) ? made : "");
        var split = Datasets.Open("cityscapes", Path.Combine(data.Root, root), "train");
        Assert.Equal(2, split.Samples.Count);
        Assert.Equal(24, split.Read(1).Labels.Width);
        Assert.Equal("cityscapes", Datasets.LayoutOf(Path.Combine(data.Root, root)));

        static bool Remove(string folder)
        {
            Directory.Delete(folder);
            return true;
        }
    }

    [Fact]
    public void A_split_without_any_labels_can_be_listed_but_not_read()
    {
        using var data = new LookAlike().Cityscapes(2, "test");
        Directory.Delete(Path.Combine(data.Root, "gtFine"), recursive: true);
        var split = Datasets.Open("cityscapes", data.Root, "test");
        Assert.All(split.Samples, s => Assert.Null(s.LabelPath));
        Refused(split.Samples[0].ImagePath + ": has no label", () => split.Read(0));
    }

    [Theory]
    [InlineData("SegmentationClassContext", "SegmentationContext/val.txt")]
    [InlineData("Context", "Segmentation/val_context.txt")]
    public void Pascal_context_counts_its_classes_from_one_and_ignores_the_rest(string labels, string list)
    {
        using var data = new LookAlike();
        Jpeg.Write(data.Make("VOC2010", "JPEGImages", "2008_000002.jpg"), new RgbImage(4, 1));
        var path = data.Make("VOC2010", labels, "2008_000002.png");
        Png.WriteGray(path, new LabelMap(4, 1, [0, 1, 55, 59]));
        File.WriteAllText(data.Make("VOC2010", "ImageSets", list), "2008_000002\n");
        var split = Datasets.Open("pascal-context-59", data.Root, "val");
        Assert.Equal([255, 0, 54, 58], split.Read(0).Labels.Labels);
        // Label 55 of image 2008_000002 is its television: the order is the label files' own, not that of 59_labels.txt.
        Assert.Equal((59, "aeroplane", "tvmonitor", "wood"),
            (split.Classes.Count, split.Classes.Names[0], split.Classes.Names[54], split.Classes.Names[58]));
        Assert.Equal(split.Classes.Names.Order(StringComparer.Ordinal), split.Classes.Names);
        Assert.Equal("pascal-context-59", Datasets.LayoutOf(data.Root));
        Png.WriteGray(path, new LabelMap(4, 1, [0, 1, 60, 59]));
        Refused($"{path}: label 60 (1 pixels)", () => split.Read(0));
    }

    [Fact]
    public void An_unknown_layout_is_told_its_nearest_name() => Assert.Contains(
        "is it pascal-context-59?", Assert.Throws<ArgumentException>(() => Datasets.Open("pascal", "x", "train")).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_check_weighs_classes_by_median_frequency_and_reads_instances()
    {
        using var data = new LookAlike().Cityscapes(2, trainIds: true);
        string Truth(int k, string end) => data.Make("gtFine", "train", "city", $"city_{k:000000}_000019_gtFine_{end}.png");
        byte[] Fill(params (byte Value, int Pixels)[] runs) => runs.SelectMany(r => Enumerable.Repeat(r.Value, r.Pixels)).ToArray();
        // 384 pixels each: road 288 of 768, car 96 of 768, sky 192 of 384 (in one image only), the rest ignored.
        Png.WriteGray(Truth(0, "labelTrainIds"), new LabelMap(24, 16, Fill((0, 96), (13, 48), (10, 192), (255, 48))));
        Png.WriteGray(Truth(1, "labelTrainIds"), new LabelMap(24, 16, Fill((0, 192), (13, 48), (255, 144))));
        Png.WriteGray16(Truth(0, "instanceIds"), new Gray16Image(24, 16));
        Png.WriteGray16(Truth(1, "instanceIds"), new Gray16Image(2, 2));
        var report = DatasetCheck.Run("cityscapes", data.Root, ["train"], threads: 2);
        var problem = Assert.Single(report.Problems);
        Assert.Equal((Truth(1, "instanceIds"), ProblemKind.SizeMismatch), (problem.Path, problem.Kind));
        // Frequencies 0.375, 0.125 and 0.5: the median is 0.375.
        Assert.Equal([("road", 1.0), ("sky", 0.75), ("car", 3.0)],
            report.Classes.Where(c => c.Pixels > 0).Select(c => (c.Name, Math.Round(c.SuggestedWeight!.Value, 12))));
        Assert.Equal((192, 768), (report.IgnoredPixels, report.Pixels));
        Assert.All(report.Classes.Where(c => c.Pixels == 0), c => Assert.Null(c.SuggestedWeight));
    }

    static void Refused(string message, Action open) =>
        Assert.Contains(message, Assert.Throws<DatasetException>(open).Message, StringComparison.Ordinal);
}
