using Hwaso.Data.Panoptic;
using Hwaso.Imaging;

namespace Hwaso.Data.Tests;

/// <summary>
/// A small data set in each published layout: 4 images of 64×48 in train and 2 in val, each of four areas of one class, with the
/// layout's own label values, file names, lists and PNG kinds.
/// </summary>
static class PublishedLookAlike
{
    const int Width = 64, Height = 48, TrainImages = 4, ValImages = 2;

    /// <summary>Writes one; returns the names of the validation images with their label files.</summary>
    public static IReadOnlyList<(string Name, string Labels)> Write(string layout, string root)
    {
        var written = new List<(string, string)>();
        for (var k = 0; k < TrainImages + ValImages; k++)
        {
            var val = k >= TrainImages;
            var path = Image(layout, root, k, val ? "val" : "train");
            if (val)
                written.Add(path);
        }
        Lists(layout, root);
        return written;
    }

    static (string, string) Image(string layout, string root, int k, string split)
    {
        string At(params string[] parts)
        {
            var path = Path.Combine([root, .. parts]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return path;
        }
        var (id, named) = ($"2008_{k:000000}", k.ToString("000000000000"));
        var full = split == "train" ? "training" : "validation";
        var (name, image, label, values) = layout switch
        {
            "cityscapes" or "cityscapes-coarse" =>
                ($"city_{k:000000}_000019", At("leftImg8bit", split, "city", $"city_{k:000000}_000019_leftImg8bit.png"),
                At(layout == "cityscapes" ? "gtFine" : "gtCoarse", split, "city",
                    $"city_{k:000000}_000019_{(layout == "cityscapes" ? "gtFine" : "gtCoarse")}_labelIds.png"), [7, 11, 23, 0]),
            "voc" => (id, At("VOCdevkit", "VOC2012", "JPEGImages", id + ".jpg"),
                At("VOCdevkit", "VOC2012", "SegmentationClass", id + ".png"), [0, 15, 20, 255]),
            // Two of the training images have SBD's labels only.
            "voc-aug" =>
                (id, At("VOC2012", "JPEGImages", id + ".jpg"),
                    At("VOC2012", k is 1 or 2 ? "SegmentationClassAug" : "SegmentationClass", id + ".png"),
                    [0, 15, 20, k is 1 or 2 ? 7 : 255]),
            "pascal-context-59" =>
                (id, At("VOC2010", "JPEGImages", id + ".jpg"), At("VOC2010", "SegmentationClassContext", id + ".png"), [0, 1, 55, 59]),
            "pascal-context-60" => (id, At("VOC2010", "JPEGImages", id + ".jpg"), At("VOC2010", "Context", id + ".png"), [0, 1, 55, 59]),
            "lip" => ($"{k}_1", At("TrainVal_images", $"{split}_images", $"{k}_1.jpg"),
                At("TrainVal_parsing_annotations", $"{split}_segmentations", $"{k}_1.png"), [0, 14, 15, 19]),
            "ade20k" => ($"ADE_{split}_{k:00000000}", At("ADEChallengeData2016", "images", full, $"ADE_{split}_{k:00000000}.jpg"),
                At("ADEChallengeData2016", "annotations", full, $"ADE_{split}_{k:00000000}.png"), [0, 1, 2, 150]),
            "coco-stuff" =>
                (named, At("images", split + "2017", named + ".jpg"), At("annotations", split + "2017", named + ".png"), [0, 91, 181, 255]),
            "coco-panoptic" =>
                (named, At("images", split + "2017", named + ".jpg"), At("annotations", $"panoptic_{split}2017", named + ".png"),
                    [Segment(k, 0), Segment(k, 1), Segment(k, 2), 0]),
            "list" => ($"images/{k}", At("images", $"{k}.jpg"), At("labels", $"{k}.png"), [0, 1, 2, 255]),
            "folder" => ($"{k}", At("images", split, $"{k}.jpg"), At("masks", split, $"{k}_mask.png"), (int[])[0, 1, 2, 3]),
            _ => throw new ArgumentException($"no look-alike of '{layout}'"),
        };
        var labels = new LabelMap(Width, Height);
        var picture = new RgbImage(Width, Height);
        new Random(k).NextBytes(picture.Pixels);
        for (var p = 0; p < labels.Labels.Length; p++)
        {
            var area = (p % Width >= Width / 2 + k ? 1 : 0) + (p / Width >= Height / 2 ? 2 : 0);
            labels.Labels[p] = (byte)values[area];
            picture.Pixels[3 * p] = (byte)(60 * area + picture.Pixels[3 * p] % 30);
        }
        if (image.EndsWith(".png", StringComparison.Ordinal))
            Png.Write(image, picture);
        else
            Jpeg.Write(image, picture);
        if (layout == "coco-panoptic")
            Png.Write(label, new PanopticMap(Width, Height, [.. labels.Labels], []).ToColours());
        else if (layout == "folder")
            Png.Write(label, Colored(labels));
        else if (layout.StartsWith("voc", StringComparison.Ordinal) || layout.StartsWith("pascal", StringComparison.Ordinal))
            Png.WriteIndexed(label, labels, Palette.Voc);
        else
            Png.WriteGray(label, labels);
        return (name, label);
    }

    // Numbers that mean something else in each image, as COCO's do.
    static int Segment(int image, int area) => 10 * image + area + 1;

    static RgbImage Colored(LabelMap labels)
    {
        (byte, byte, byte)[] colors = [(0, 0, 0), (128, 64, 128), (70, 130, 180), (255, 255, 255)];
        var image = new RgbImage(labels.Width, labels.Height);
        for (var p = 0; p < labels.Labels.Length; p++)
            (image.Pixels[3 * p], image.Pixels[3 * p + 1], image.Pixels[3 * p + 2]) = colors[labels.Labels[p]];
        return image;
    }

    static void Lists(string layout, string root)
    {
        void List(string path, IEnumerable<string> lines)
        {
            path = Path.Combine(root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllLines(path, lines);
        }
        var train = Enumerable.Range(0, TrainImages).ToArray();
        var val = Enumerable.Range(TrainImages, ValImages).ToArray();
        var ids = (Func<int, string>)(k => $"2008_{k:000000}");
        foreach (var (split, images) in new[] { ("train", train), ("val", val) })
            switch (layout)
            {
                case "voc":
                    List($"VOCdevkit/VOC2012/ImageSets/Segmentation/{split}.txt", images.Select(ids));
                    break;
                case "voc-aug":
                    List($"VOC2012/ImageSets/Segmentation/{(split == "train" ? "trainaug" : split)}.txt", images.Select(ids));
                    break;
                case "pascal-context-59":
                    List($"VOC2010/ImageSets/SegmentationContext/{split}.txt", images.Select(ids));
                    break;
                case "pascal-context-60":
                    List($"VOC2010/ImageSets/Segmentation/{split}_context.txt", images.Select(ids));
                    break;
                case "coco-panoptic":
                    List($"annotations/panoptic_{split}2017.json",
                    [
                        "{\"categories\": [{\"id\": 3, \"name\": \"car\", \"isthing\": 1}, {\"id\": 7, \"name\": \"sky\", \"isthing\": 0}, "
                            + "{\"id\": 9, \"name\": \"person\", \"isthing\": 1}], \"annotations\": [",
                        string.Join(",\n", images.Select(k => $"{{\"image_id\": {k}, \"file_name\": \"{k:000000000000}.png\", \"segments_info\": ["
                            + string.Join(", ", new[] { 3, 7, 9 }.Select((c, n) => $"{{\"id\": {Segment(k, n)}, \"category_id\": {c}}}")) + "]}")),
                        "]}",
                    ]);
                    break;
                case "list":
                    List($"{split}.txt", images.Select(k => $"images/{k}.jpg labels/{k}.png"));
                    List("labels.txt", ["floor", "wall", "light"]);
                    break;
                case "folder":
                    File.WriteAllText(Path.Combine(root, "dataset.yaml"), """
                        images: images/{split}/*.jpg
                        masks: masks/{split}/*_mask.png
                        encoding: color
                        ignore: [255, 255, 255]
                        background: true
                        classes:
                          - {name: nothing, color: [0, 0, 0]}
                          - {name: road, color: [128, 64, 128]}
                          - {name: sky, color: [70, 130, 180]}
                        """);
                    break;
            }
    }
}
