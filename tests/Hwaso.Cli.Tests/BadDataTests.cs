using System.Text.Json;
using Hwaso.Imaging;

namespace Hwaso.Cli.Tests;

/// <summary>Data sets with something wrong: training stops at it, the check lists it, both by path and with what to do.</summary>
[Collection(WorkshopTests.Name)]
public sealed class BadDataTests(Workshop shop)
{
    /// <summary>What is done to a file of the training split.</summary>
    public enum Damage
    {
        CutShort,
        Corrupt,
        Empty,
        Removed,
        OtherSize,
        UnknownLabel,
    }

    const string Image = "_leftImg8bit.png", Label = "_gtFine_labelTrainIds.png";

    [Theory]
    [InlineData(Image, Damage.CutShort, "broken_file", "a PNG that is cut short or corrupt", "fetch or export it again")]
    [InlineData(Image, Damage.Corrupt, "broken_file", "a PNG that is cut short or corrupt", "fetch or export it again")]
    [InlineData(Image, Damage.Empty, "broken_file", "the file is empty", "")]
    [InlineData(Label, Damage.CutShort, "broken_file", "a PNG that is cut short or corrupt", "fetch or export it again")]
    [InlineData(Label, Damage.OtherSize, "size_mismatch", "is 64×32, its image", "they must be of one size")]
    [InlineData(Label, Damage.UnknownLabel, "unknown_label", "label 77 (", "is it of another data set")]
    public void A_bad_file_of_Cityscapes_is_named(string kind, Damage damage, string problem, string wrong, string advice)
    {
        var data = shop.CopyOf(shop.Data);
        var victim = Directory.EnumerateFiles(data, "hwaso_000003_*" + kind, SearchOption.AllDirectories).Single(
            f => f.Contains("/train/", StringComparison.Ordinal));
        Do(damage, victim);
        AssertNamed(data, "cityscapes", victim, problem, [wrong, advice], []);
    }

    [Theory]
    [InlineData(Damage.CutShort, "broken_file", "a JPEG that is cut short or corrupt", "fetch or export it again")]
    [InlineData(Damage.Removed, "missing_file", "is not there, but", "train.txt:2 names it")]
    public void A_bad_JPEG_of_VOC_is_named(Damage damage, string problem, string wrong, string advice)
    {
        var data = shop.CopyOf(shop.Voc);
        var lists = Path.Combine(data, "VOCdevkit/VOC2012");
        var victim = Path.Combine(
            lists, "JPEGImages", File.ReadAllLines(Path.Combine(lists, "ImageSets/Segmentation/train.txt"))[1] + ".jpg");
        Do(damage, victim);
        AssertNamed(data, "voc", victim, problem, [wrong, advice], ["--set", "data.layout=voc", "--set", "train.batch=2"]);
    }

    [Fact]
    public void An_image_without_its_label_is_named_with_the_label_wanted()
    {
        var data = shop.CopyOf(shop.Data);
        var image = Directory.EnumerateFiles(data, "hwaso_000003_*" + Image, SearchOption.AllDirectories).Single(
            f => f.Contains("/train/", StringComparison.Ordinal));
        foreach (var label in Directory.EnumerateFiles(data, "hwaso_000003_*_gtFine_label*.png", SearchOption.AllDirectories)
            .Where(f => f.Contains("/train/", StringComparison.Ordinal)))
            File.Delete(label);
        AssertNamed(data, "cityscapes", image, "missing_file", ["has no label: ", Label, "unpack gtFine, or take the image out"], []);
    }

    [Fact]
    public void An_empty_split_is_named()
    {
        var cityscapes = shop.CopyOf(shop.Data);
        var split = Path.Combine(cityscapes, "leftImg8bit/train");
        foreach (var image in Directory.EnumerateFiles(split, "*.png", SearchOption.AllDirectories))
            File.Delete(image);
        AssertNamed(cityscapes, "cityscapes", split, "missing_split", ["the split 'train' is empty", Image], []);

        var voc = shop.CopyOf(shop.Voc);
        var list = Path.Combine(voc, "VOCdevkit/VOC2012/ImageSets/Segmentation/train.txt");
        File.WriteAllText(list, "\n");
        AssertNamed(voc, "voc", list, "missing_split", ["the split 'train' has no images"], ["--set", "data.layout=voc"]);
    }

    [Fact]
    public void A_bad_image_in_the_middle_of_a_run_leaves_what_was_saved()
    {
        var data = shop.CopyOf(shop.Data);
        string[] train = ["train", shop.Recipe, "--data", data, "--run", shop.At("hurt"), "--threads", "1", "--device", "cpu"];
        using (var stop = new CancellationTokenSource())
        {
            // A run stopped before its first step has something to go on from, too.
            stop.Cancel();
            Assert.Equal(1, CommandLine.Run(Verbs.VerbList.All, stop.Token, train).Code);
        }
        var victim = Directory.EnumerateFiles(data, "*" + Image, SearchOption.AllDirectories).First(
            f => f.Contains("/train/", StringComparison.Ordinal));
        var whole = File.ReadAllBytes(victim);
        Do(Damage.CutShort, victim);
        Assert.Equal(1, CommandLine.Run([.. train, "--resume"]).Code);
        File.WriteAllBytes(victim, whole);

        Assert.Equal(0, CommandLine.Run([.. train, "--resume"]).Code);
    }

    void AssertNamed(string data, string layout, string path, string problem, string[] words, string[] more)
    {
        var run = Path.GetRandomFileName();
        var trained = CommandLine.Run(
            ["train", shop.Recipe, "--data", data, "--run", shop.At(run), "--threads", "1", "--device", "cpu", .. more]);
        var check = CommandLine.Run("dataset", "check", data, "--layout", layout, "--json");

        Assert.Equal((1, ""), (trained.Code, trained.Output));
        var line = trained.Error.TrimEnd().Split('\n')[^1];
        Assert.StartsWith($"hwaso train: {path}", line, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, line, StringComparison.Ordinal));
        Assert.Equal(1, check.Code);
        var found = Assert.Single(JsonDocument.Parse(check.Output).RootElement.GetProperty("problems").EnumerateArray(), p =>
            p.GetProperty("path").GetString() == path);
        Assert.Equal(problem, found.GetProperty("kind").GetString());
        Directory.Delete(data, recursive: true);
    }

    static void Do(Damage damage, string path)
    {
        var bytes = damage == Damage.Removed ? [] : File.ReadAllBytes(path);
        switch (damage)
        {
            case Damage.CutShort:
                File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
                break;
            case Damage.Corrupt:
                // In the middle of the compressed pixels, which a checksum guards.
                bytes[bytes.Length / 2] ^= 0x55;
                File.WriteAllBytes(path, bytes);
                break;
            case Damage.Empty:
                File.WriteAllBytes(path, []);
                break;
            case Damage.Removed:
                File.Delete(path);
                break;
            case Damage.OtherSize:
                Png.WriteIndexed(path, new LabelMap(64, 32, new byte[64 * 32]), Palette.Voc);
                break;
            case Damage.UnknownLabel:
                var labels = Png.ReadLabels(path);
                labels.Labels.AsSpan(100, 9).Fill(77);
                Png.WriteIndexed(path, labels, Palette.Voc);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(damage));
        }
    }
}
