using Hwaso.Data.Annotations;
using Hwaso.Data.Boxes;
using Hwaso.Data.Converting;
using Hwaso.Imaging;

namespace Hwaso.Data.Tests.Boxes;

/// <summary>Boxes of other programs in COCO's form: read back through the layout that trains on them.</summary>
public sealed class BoxConversionTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("hwaso-convert").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Voc_counts_pixels_from_1_and_its_difficult_objects_become_crowds()
    {
        WriteImage("voc/JPEGImages/a.jpg", 40, 30);
        WriteImage("voc/JPEGImages/b.jpg", 40, 30);
        WriteVoc("a", "<object><name>dog</name><difficult>0</difficult>"
            + "<bndbox><xmin>1</xmin><ymin>11</ymin><xmax>40</xmax><ymax>20</ymax></bndbox></object>"
            + "<object><name>zebra</name><difficult>1</difficult>"
            + "<bndbox><xmin>3</xmin><ymin>3</ymin><xmax>4</xmax><ymax>5</ymax></bndbox></object>");
        WriteVoc("b", "<object><name>dog</name><bndbox><xmin>9</xmin><ymin>9</ymin><xmax>8</xmax><ymax>9</ymax></bndbox></object>");
        WriteText("voc/ImageSets/Main/train.txt", "a\n");
        WriteText("voc/ImageSets/Main/val.txt", "b 1\nmissing\n");

        var summary = VocBoxConversion.Run(At("voc"), At("out"));

        Assert.Equal([KeyValuePair.Create("train", 1), KeyValuePair.Create("val", 1)], summary.Splits);
        Assert.Equal(["object 1 (dog) has no area and is left out", "no such annotation, which a list of the split names"],
            summary.Problems.Select(p => p.Message));
        var data = BoxLayouts.Open(BoxLayouts.Coco, At("out"), "train");
        // VOC's twenty, then what is not among them.
        Assert.Equal((21, "aeroplane", "zebra"), (data.Categories.Count, data.Categories[0].Name, data.Categories[^1].Name));
        var objects = Assert.Single(data.Images).Objects;
        Assert.Equal((new CocoBox(0, 10, 40, 10), "dog", false),
            (objects[0].Box, data.Categories[objects[0].Label].Name, objects[0].IsCrowd));
        Assert.Equal((new CocoBox(2, 2, 2, 3), true), (objects[1].Box, objects[1].IsCrowd));
        Assert.Empty(BoxLayouts.Open(BoxLayouts.Coco, At("out"), "val").Images.Single().Objects);
        Assert.Empty(BoxCheck.Run(At("out"), ["train", "val"]).Problems);
        Assert.Throws<DatasetException>(() => VocBoxConversion.Run(At("voc"), At("out")));
    }

    [Fact]
    public void Labelme_s_shapes_of_a_group_are_one_object()
    {
        WriteImage("labelme/a.png", 40, 30);
        WriteText("labelme/a.json", """
            {"version": "5", "imagePath": "a.png", "imageWidth": 40, "imageHeight": 30, "imageData": null, "shapes": [
              {"label": "leaf", "shape_type": "polygon", "group_id": 4, "points": [[1, 1], [11, 1], [11, 6], [1, 6]]},
              {"label": "leaf", "shape_type": "rectangle", "group_id": 4, "points": [[21, 1], [31, 6]]},
              {"label": "leaf", "shape_type": "circle", "group_id": null, "points": [[20, 20], [25, 20]]},
              {"label": "stem", "shape_type": "line", "group_id": null, "points": [[1, 1], [9, 9]]}]}
            """);
        WriteText("labelme/b.json", """{"imagePath": "b.png", "shapes": []}""");

        var summary = LabelmeConversion.Run(At("labelme"), At("out"));

        Assert.Equal([KeyValuePair.Create("leaf", 2)], summary.Categories);
        Assert.Equal(2, summary.Problems.Count);
        Assert.Contains("shapes[3] (stem) is a line of 2 points and is left out", summary.Problems[0].Message, StringComparison.Ordinal);
        Assert.Equal(At("labelme/b.png"), summary.Problems[1].Path);
        var data = BoxLayouts.Open(BoxLayouts.Coco, At("out"), "train", outlines: true);
        var boxes = data.Images.Single().Objects.Select(o => o.Box).ToArray();
        Assert.Equal(new CocoBox(1, 1, 30, 5), boxes[0]);
        Assert.Equal((15.0, 15.0, 10.0, 10.0), (boxes[1].X, boxes[1].Y, boxes[1].Width, boxes[1].Height));
        // Two rectangles of 10×5; a circle of radius 5 as 64 corners has 78.4 square pixels, its mask whole ones near them.
        Assert.Equal(100, data.Truth.Annotations[0].Area);
        Assert.InRange(data.Truth.Annotations[1].Area!.Value, 70, 87);
        Assert.Empty(BoxCheck.Run(At("out"), ["train"]).Problems);
    }

    [Fact]
    public void Cityscapes_instances_keep_their_pixels_and_groups_become_crowds()
    {
        foreach (var split in new[] { "train", "val" })
        {
            WriteImage($"city/leftImg8bit/{split}/a/a_1_2_leftImg8bit.png", 8, 6);
            var labels = new LabelMap(8, 6);
            var instances = new Gray16Image(8, 6);
            for (var k = 0; k < 12; k++)
                instances.Values[k % 4 + 8 * (k / 4) + 10] = 26_003;
            instances.Values[0] = instances.Values[47] = 24;
            instances.Values[5] = 7;
            Directory.CreateDirectory(At($"city/gtFine/{split}/a"));
            Png.WriteGray(At($"city/gtFine/{split}/a/a_1_2_gtFine_labelIds.png"), labels);
            Png.WriteGray16(At($"city/gtFine/{split}/a/a_1_2_gtFine_instanceIds.png"), instances);
        }

        var summary = CityscapesBoxConversion.Run(At("city"), At("out"));

        Assert.Empty(summary.Problems);
        var data = BoxLayouts.Open(BoxLayouts.Coco, At("out"), "val", outlines: true);
        Assert.Equal(["person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle"], data.Categories.Select(c => c.Name));
        var objects = data.Images.Single().Objects;
        Assert.Equal([(new CocoBox(0, 0, 8, 6), 0, true), (new CocoBox(2, 1, 4, 3), 2, false)],
            objects.Select(o => (o.Box, o.Label, o.IsCrowd)));
        Assert.Equal([2.0, 12.0], data.Truth.Annotations.Select(a => a.Area!.Value));
        Assert.Equal(12, data.Truth.Annotations[1].Outline!.ToMask(6, 8).Area);
        Assert.Empty(BoxCheck.Run(At("out"), ["train", "val"]).Problems);
    }

    [Theory]
    [InlineData("<annotation><object></object></annotation>", "object 1 has no 'name' or no 'bndbox'")]
    [InlineData("<annotation><object><name>dog</name><bndbox><xmin>x</xmin></bndbox></object></annotation>",
        "<bndbox> has no number in <xmin>")]
    [InlineData("<other/>", "begins with <other>; <annotation> was wanted")]
    [InlineData("<annotation>", "is no XML")]
    [InlineData("<!DOCTYPE a [<!ENTITY x \"y\">]><annotation/>", "is no XML")]
    public void A_file_that_is_no_annotation_is_named(string xml, string wanted)
    {
        WriteImage("voc/JPEGImages/a.jpg", 40, 30);
        WriteText("voc/Annotations/a.xml", xml);

        var error = Assert.Throws<DatasetException>(() => VocBoxConversion.Run(At("voc"), At("out")));

        Assert.Contains(wanted, error.Message, StringComparison.Ordinal);
    }

    void WriteVoc(string id, string objects) => WriteText($"voc/Annotations/{id}.xml",
        $"<annotation><filename>{id}.jpg</filename><size><width>40</width><height>30</height></size>{objects}</annotation>");

    void WriteText(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), text);
    }

    void WriteImage(string name, int width, int height)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        if (name.EndsWith(".jpg", StringComparison.Ordinal))
            Jpeg.Write(At(name), new RgbImage(width, height));
        else
            Png.Write(At(name), new RgbImage(width, height));
    }

    string At(string name) => Path.Combine(root, name);
}
