using Hwaso.Imaging;

namespace Hwaso.Inference.Tests;

public sealed class SubmissionTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("hwaso-submission").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    // Cityscapes: its label ids of road, sky and bicycle. VOC: as they are, in its palette. ADE20K: from 1 on.
    [Theory]
    [InlineData("cityscapes", "leftImg8bit/test/berlin/berlin_000000_000019_leftImg8bit.png", "berlin_000000_000019_pred_labelIds.png",
        PngColorType.Gray, new byte[] { 7, 23, 33 }, new byte[] { 0, 10, 18 })]
    [InlineData("voc-comp5", "JPEGImages/2008_000006.jpg", "results/VOC2012/Segmentation/comp5_test_cls/2008_000006.png",
        PngColorType.Indexed, new byte[] { 0, 15, 20 }, new byte[] { 0, 15, 20 })]
    [InlineData("voc-comp6", "JPEGImages/2008_000006.jpg", "results/VOC2012/Segmentation/comp6_test_cls/2008_000006.png",
        PngColorType.Indexed, new byte[] { 0, 15, 20 }, new byte[] { 0, 15, 20 })]
    [InlineData("ade20k", "ADE_test_00000001.jpg", "ADE_test_00000001.png", PngColorType.Gray, new byte[] { 1, 2, 150 },
        new byte[] { 0, 1, 149 })]
    public void Labels_are_written_as_the_server_takes_them(
        string name, string image, string file, PngColorType kind, byte[] values, byte[] labels)
    {
        var submission = Submission.All.Single(s => s.Name == name);
        Assert.Equal(file, submission.FileOf(image));
        var path = Path.Combine(root, file);
        submission.Write(path, new LabelMap(3, 1, labels));
        var info = Png.Info(path);

        Assert.Equal((kind, 8, 3, 1), (info.ColorType, info.BitDepth, info.Width, info.Height));
        Assert.Equal(values, Png.ReadLabels(path).Labels);
        if (kind == PngColorType.Indexed)
            Assert.Equal([(0, 0, 0), (192, 128, 128), (0, 64, 128)],
                values.Select(v => ((int)info.Palette![v].R, (int)info.Palette[v].G, (int)info.Palette[v].B)));
    }

    [Fact]
    public void An_image_that_Cityscapes_would_not_know_is_refused() =>
        Assert.Contains("begin with CITY_SEQUENCE_FRAME",
            Assert.Throws<ArgumentException>(() => Submission.All[0].FileOf("street.png")).Message, StringComparison.Ordinal);
}
