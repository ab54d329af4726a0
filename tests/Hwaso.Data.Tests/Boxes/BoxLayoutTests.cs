using Hwaso.Data.Boxes;

namespace Hwaso.Data.Tests.Boxes;

public sealed class BoxLayoutTests : IDisposable
{
    readonly BoxFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_folder_of_ones_own_opens_with_classes_in_the_order_of_numbers()
    {
        folder.Write([(40, 32), (32, 40)],
            (1, 7, [1, 2, 10, 8], ""), (1, 3, [0, 0, 0.5, 9], ""), (1, 3, [50, 0, 9, 9], ""), (2, 3, [4, 4, 9, 9], ", \"iscrowd\": 1"));

        var data = BoxLayouts.Open(BoxLayouts.Coco, folder.Root, "train");

        Assert.Equal(["dog", "car"], data.Categories.Select(c => c.Name));
        // A side below a pixel, and an object beside the image, are left out as the authors' code leaves them out.
        var car = Assert.Single(data.Images[0].Objects);
        Assert.Equal((1, 1.0, 2.0, 10.0, 8.0, false), (car.Label, car.Box.X, car.Box.Y, car.Box.Width, car.Box.Height, car.IsCrowd));
        Assert.True(Assert.Single(data.Images[1].Objects).IsCrowd);
        Assert.Equal(1, Assert.Single(data.ForTraining(background: false).Images).Id);
        Assert.Equal(2, data.ForTraining(background: true).Images.Count);
        Assert.Equal((true, false), (data.Images[0].IsWide, data.Images[1].IsWide));
    }

    [Fact]
    public void Annotations_beside_their_images_are_found()
    {
        folder.Write([(40, 32)], (1, 7, [1, 2, 10, 8], ""));
        Directory.Move(Path.Combine(folder.Root, "images"), Path.Combine(folder.Root, "valid"));
        File.Move(folder.Annotations, Path.Combine(folder.Root, "valid", "_annotations.coco.json"));

        Assert.Equal(Path.Combine(folder.Root, "valid", "1.png"),
            Assert.Single(BoxLayouts.Open(BoxLayouts.Coco, folder.Root, "valid").Images).Path);
        var error = Assert.Throws<DatasetException>(() => BoxLayouts.Open(BoxLayouts.Coco, folder.Root, "train"));
        Assert.Contains("holds no annotations of split 'train'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_list_of_polygons_is_as_none()
    {
        folder.Write([(40, 32)], (1, 7, [1, 2, 10, 8], ", \"segmentation\": []"));

        var one = Assert.Single(BoxLayouts.Open(BoxLayouts.Coco, folder.Root, "train", outlines: true).Images[0].Objects);

        Assert.Equal((1, null), (one.Id, one.Outline));
        Assert.Empty(BoxCheck.Run(folder.Root, ["train"]).Problems);
    }

    [Fact]
    public void A_category_that_the_file_does_not_list_is_named()
    {
        folder.Write([(40, 32)], (1, 7, [1, 2, 10, 8], ""), (1, 5, [1, 2, 10, 8], ""));

        var error = Assert.Throws<DatasetException>(() => BoxLayouts.Open(BoxLayouts.Coco, folder.Root, "train"));

        Assert.Equal(
            $"{folder.Annotations}: annotations[1] (id 2): category 5 is not among the 2 categories 3, 7; list it", error.Message);
    }

    [Fact]
    public void An_image_of_another_size_than_annotated_is_named_when_it_is_read()
    {
        folder.Write([(40, 32)], (1, 7, [1, 2, 10, 8], ""));
        File.WriteAllText(folder.Annotations, File.ReadAllText(folder.Annotations).Replace("40", "41", StringComparison.Ordinal));
        var image = BoxLayouts.Open(BoxLayouts.Coco, folder.Root, "train").Images[0];

        var error = Assert.Throws<DatasetException>(() => image.Read());

        Assert.Equal($"{image.Path}: is 40×32; the annotations say 41×32 for image 1", error.Message);
    }

    [Fact]
    public void Ten_thousand_boxes_on_one_image_open()
    {
        folder.Write([(40, 32)], [.. Enumerable.Range(0, 10_000).Select(k => (1, 7, new double[] { k % 30, k % 20, 5, 6 }, ""))]);

        Assert.Equal(10_000, BoxLayouts.Open(BoxLayouts.Coco, folder.Root, "train").Images[0].Objects.Count);
    }

    [Theory]
    [InlineData(1, 7, "[1, 2, 10, 0]", "", "its box [1, 2, 10, 0] has no area")]
    [InlineData(1, 7, "[40, 2, 5, 5]", "", "its box [40, 2, 5, 5] lies outside the image of 40×32")]
    [InlineData(1, 9, "[1, 2, 5, 5]", "", "category 9 is not among the categories 7, 3")]
    [InlineData(4, 7, "[1, 2, 5, 5]", "", "image 4 is not among the 1 images")]
    [InlineData(1, 7, "[1, 2, 5, 5]", ", \"segmentation\": [[1, 2, 5, 6]]", "a polygon of 4 numbers")]
    [InlineData(1, 7, "[1, 2, 5, 5]", ", \"segmentation\": {\"size\": [32, 40], \"counts\": [4, 1277]}",
        "run lengths fill 1281 pixels; 32×40 = 1280 were wanted")]
    [InlineData(1, 7, "[1, 2, 5, 5]", ", \"segmentation\": {\"size\": [40, 32], \"counts\": [4, 1276]}",
        "run lengths of 32×40, on an image of 40×32")]
    public void A_check_names_the_entry(int image, int category, string box, string more, string wanted)
    {
        folder.Write([(40, 32)], (image, category, [.. box.Trim('[', ']').Split(',').Select(double.Parse)], more));

        var problems = BoxCheck.Run(folder.Root, ["train"]).Problems;

        Assert.Contains(problems, p => p.Message.StartsWith("annotations[0] (id 1): ", StringComparison.Ordinal)
            && p.Message.Contains(wanted, StringComparison.Ordinal));
        Assert.All(problems, p => Assert.Equal(folder.Annotations, p.Path));
    }

    [Fact]
    public void A_check_counts_objects_crowds_and_empty_images()
    {
        folder.Write([(40, 32), (40, 32), (40, 32)],
            (1, 7, [1, 2, 10, 8], ""), (1, 7, [3, 2, 10, 8], ""), (2, 3, [4, 4, 9, 9], ", \"iscrowd\": 1"));

        var report = BoxCheck.Run(folder.Root, ["train"]);

        Assert.Empty(report.Problems);
        Assert.Equal([KeyValuePair.Create("dog", 0), KeyValuePair.Create("car", 2)], report.Categories);
        Assert.Equal((1, 1), (report.Crowds, report.Empty));
    }
}
