using System.Text.Json;
using Hwaso.Data.Converting;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;
using Hwaso.Tests;

namespace Hwaso.Data.Tests;

public sealed class ConversionTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("hwaso-convert").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    string At(string name)
    {
        var path = Path.Combine(root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    static byte[] Recorded(string name) => [.. RecordedIds(name).Select(v => (byte)v)];

    static int[] RecordedIds(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("matlab/expected.json")));
        return [.. json.RootElement.GetProperty(name).EnumerateArray().SelectMany(row => row.EnumerateArray().Select(v => v.GetInt32()))];
    }

    /// <summary>VOC with own labels of 2008_000003 in val and 2008_000009 in train.</summary>
    void Voc2012()
    {
        foreach (var id in new[] { "2008_000001", "2008_000002", "2008_000003", "2008_000009" })
            Jpeg.Write(At($"VOC2012/JPEGImages/{id}.jpg"), new RgbImage(20, 15));
        foreach (var id in new[] { "2008_000003", "2008_000009" })
            Png.WriteIndexed(At($"VOC2012/SegmentationClass/{id}.png"), new LabelMap(20, 15), Palette.Voc);
        File.WriteAllText(At("VOC2012/ImageSets/Segmentation/train.txt"), "2008_000009\n");
        File.WriteAllText(At("VOC2012/ImageSets/Segmentation/val.txt"), "2008_000003\n");
    }

    [Fact]
    public void SBD_becomes_the_augmented_list_without_VOCs_validation_images()
    {
        Voc2012();
        var summary = SbdConversion.Run(Fixtures.Path("matlab/sbd"), root, threads: 2);

        Assert.Equal(2, summary.Labels);
        Assert.Empty(summary.Problems);
        Assert.Equal([new("aug", 2), new("trainaug", 3)], summary.Lists);
        Assert.Equal(["2008_000001", "2008_000002", "2008_000009"], File.ReadAllLines(At("VOC2012/ImageSets/Segmentation/trainaug.txt")));
        Assert.False(File.Exists(At("VOC2012/SegmentationClassAug/2008_000003.png")));
        var train = Datasets.Open("voc-aug", root, "train");
        Assert.Equal(Recorded("sbd/2008_000001"), train.Read(0).Labels.Labels);
        Assert.Equal(Recorded("sbd/2008_000002"), train.Read(1).Labels.Labels);
        Assert.Equal(Palette.Voc[15], Png.Info(At("VOC2012/SegmentationClassAug/2008_000001.png")).Palette![15]);
        Assert.Single(Datasets.Open("voc-aug", root, "val").Samples);
    }

    [Fact]
    public void A_file_that_cannot_be_used_is_told_and_left_out()
    {
        Voc2012();
        foreach (var id in new[] { "2008_000001", "2008_000002" })
            File.Copy(Fixtures.Path($"matlab/sbd/dataset/cls/{id}.mat"), At($"sbd/cls/{id}.mat"));
        File.WriteAllBytes(At("sbd/cls/2008_000002.mat"), File.ReadAllBytes(At("sbd/cls/2008_000001.mat"))[..300]);
        File.Copy(Fixtures.Path("matlab/context/trainval/2008_000011.mat"), At("sbd/cls/2008_000004.mat"));
        var summary = SbdConversion.Run(At("sbd"), root);

        Assert.Equal([At("sbd/cls/2008_000002.mat"), At("sbd/cls/2008_000004.mat")], summary.Problems.Select(p => p.Path));
        Assert.Contains("cut short or corrupt", summary.Problems[0].Message, StringComparison.Ordinal);
        Assert.Contains("has no GTcls.Segmentation", summary.Problems[1].Message, StringComparison.Ordinal);
        Assert.Equal(["2008_000001", "2008_000009"], File.ReadAllLines(At("VOC2012/ImageSets/Segmentation/trainaug.txt")));
        Assert.Contains("no cls in it", Assert.Throws<DatasetException>(() => SbdConversion.Run(root, root)).Message,
            StringComparison.Ordinal);
        File.Delete(At("VOC2012/ImageSets/Segmentation/val.txt"));
        Assert.Contains("keep its validation images out of training",
            Assert.Throws<DatasetException>(() => SbdConversion.Run(At("sbd"), root)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("matlab/context")]
    [InlineData("matlab/context/trainval")]
    [InlineData("matlab/context/trainval_merged.json")]
    public void Pascal_context_becomes_59_classes_from_either_form(string source)
    {
        foreach (var id in new[] { "2008_000011", "2008_000012", "2008_000013", "2008_000014" })
            Jpeg.Write(At($"VOC2010/JPEGImages/{id}.jpg"), new RgbImage(20, 15));
        File.WriteAllText(At("VOC2010/ImageSets/Main/train.txt"), "2008_000011\n2008_000012\n");
        File.WriteAllText(At("VOC2010/ImageSets/Main/val.txt"), "2008_000013\n2008_000014\n");
        var summary = ContextConversion.Run(Fixtures.Path(source), root, threads: 2);

        Assert.Equal(3, summary.Labels);
        Assert.Empty(summary.Problems);
        Assert.Equal([new("train", 2), new("val", 1)], summary.Lists);
        // By the alphabetical list: aeroplane 1, bicycle 6, table 50, tvmonitor 55, window 58, wood 59; 1 and 100 are none of the 59.
        var expected =
            new Dictionary<int, byte> { [2] = 0, [23] = 5, [397] = 49, [427] = 54, [454] = 57, [458] = 58, [1] = 255, [100] = 255 };
        foreach (var (split, index, id) in new[] { ("train", 0, "2008_000011"), ("train", 1, "2008_000012"), ("val", 0, "2008_000013") })
        {
            Assert.Equal(RecordedIds($"context/{id}").Select(v => expected[v]),
                Datasets.Open("pascal-context-59", root, split).Read(index).Labels.Labels);
            Assert.Equal(RecordedIds($"context/{id}").Select(v => (byte)(expected[v] + 1)),
                Datasets.Open("pascal-context-60", root, split).Read(index).Labels.Labels);
        }
        foreach (var (id, label) in expected.Where(e => e.Value < 255))
            Assert.Equal(label + 1, PublishedLabels.ContextLabelOfId[id]);
    }

    [Theory]
    [InlineData("[1, 2]", "no object at the top")]
    [InlineData("{\"info\": {}}", "no 'images'")]
    [InlineData("{\"images\": [{\"image_id\": 1}]}", "cannot be read as PASCAL Context's annotations")]
    [InlineData("{\"images\": [", "cannot be read as PASCAL Context's annotations")]
    [InlineData("{\"images\": [{\"image_id\": 1, \"file_name\": \"a.jpg\", \"width\": 2, \"height\": 2, \"phase\": \"val\"}]}",
        "no annotation of any image")]
    [InlineData("{\"images\": [{\"image_id\": 1, \"file_name\": \"a.jpg\", \"width\": 2, \"height\": 2, \"phase\": \"val\"}], "
        + "\"annos_segmentation\": [{\"image_id\": 1, \"category_id\": 2, \"segmentation\": {\"size\": [2, 3], \"counts\": [6]}}]}",
        "a mask of 3×2 for an image of 2×2")]
    [InlineData("{\"images\": [{\"image_id\": 1, \"file_name\": \"a.jpg\", \"width\": 2, \"height\": 2, \"phase\": \"val\"}], "
        + "\"annos_segmentation\": [{\"image_id\": 1, \"category_id\": 2, \"segmentation\": {\"size\": [2, 2], \"counts\": [3, 2]}}]}",
        "its runs leave the 4 pixels")]
    [InlineData("{\"images\": [{\"image_id\": 1, \"file_name\": \"a.jpg\", \"width\": 2, \"height\": 2, \"phase\": \"val\"}], "
        + "\"annos_segmentation\": [{\"image_id\": 1, \"category_id\": 2, \"segmentation\": {\"size\": [2, 2], \"counts\": \"o\"}}]}",
        "its runs end in the middle of a number")]
    [InlineData("{\"images\": [{\"image_id\": 1, \"file_name\": \"a.jpg\", \"width\": 2, \"height\": 2, \"phase\": \"val\"}], "
        + "\"annos_segmentation\": [{\"image_id\": 1, \"category_id\": 460, \"segmentation\": {\"size\": [2, 2], \"counts\": [4]}}]}",
        "category 460; 0 to 459 were wanted")]
    public void Json_that_is_no_annotation_is_told(string text, string message)
    {
        Directory.CreateDirectory(At("VOC2010/JPEGImages"));
        File.WriteAllText(At("a.json"), text);
        var error = Assert.Throws<DatasetException>(() => ContextConversion.Run(At("a.json"), root));
        Assert.StartsWith(At("a.json"), error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
