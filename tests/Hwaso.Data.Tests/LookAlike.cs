using Hwaso.Imaging;

namespace Hwaso.Data.Tests;

/// <summary>Small data sets in the published layouts, written for a test.</summary>
public sealed class LookAlike : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("hwaso-look").FullName;

    public void Dispose() => Directory.Delete(Root, recursive: true);

    /// <summary>Cityscapes with so many images of 24×16, labelled by ids (and train ids where asked).</summary>
    public LookAlike Cityscapes(int images, string split = "train", bool trainIds = false)
    {
        for (var k = 0; k < images; k++)
        {
            var name = $"city_{k:000000}_000019";
            var (image, ids) = Pair(k, 24, 16, v => (byte)LabelTable.CityscapesClassIds[v % 19]);
            Png.Write(Make("leftImg8bit", split, "city", name + "_leftImg8bit.png"), image);
            Png.WriteGray(Make("gtFine", split, "city", name + "_gtFine_labelIds.png"), ids);
            if (trainIds)
                Png.WriteGray(Make("gtFine", split, "city", name + "_gtFine_labelTrainIds.png"),
                    Pair(k, 24, 16, v => (byte)(v % 19)).Labels);
        }
        return this;
    }

    /// <summary>VOC 2012 with so many images of 20×15 in train and one in val.</summary>
    public LookAlike Voc(int images)
    {
        for (var k = 0; k <= images; k++)
        {
            var (image, labels) = Pair(k, 20, 15, v => (byte)(v % 22 == 21 ? 255 : v % 22));
            Jpeg.Write(Make("VOCdevkit", "VOC2012", "JPEGImages", $"2007_{k:000000}.jpg"), image);
            Png.WriteIndexed(Make("VOCdevkit", "VOC2012", "SegmentationClass", $"2007_{k:000000}.png"), labels, Palette.Voc);
        }
        File.WriteAllLines(Make("VOCdevkit", "VOC2012", "ImageSets", "Segmentation", "train.txt"),
            Enumerable.Range(0, images).Select(k => $"2007_{k:000000}"));
        File.WriteAllText(Make("VOCdevkit", "VOC2012", "ImageSets", "Segmentation", "val.txt"), $"2007_{images:000000}\n");
        return this;
    }

    public string Make(params string[] parts)
    {
        var path = Path.Combine([Root, .. parts]);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    static (RgbImage Image, LabelMap Labels) Pair(int seed, int width, int height, Func<int, byte> label)
    {
        var random = new Random(seed);
        var (image, labels) = (new RgbImage(width, height), new LabelMap(width, height));
        random.NextBytes(image.Pixels);
        for (var k = 0; k < labels.Labels.Length; k++)
            labels.Labels[k] = label(random.Next(1000));
        return (image, labels);
    }
}
