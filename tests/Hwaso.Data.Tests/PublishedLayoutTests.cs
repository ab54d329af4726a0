using Hwaso.Data.Checking;
using Hwaso.Data.Layouts;
using Hwaso.Data.Loading;
using Hwaso.Imaging;

namespace Hwaso.Data.Tests;

public sealed class PublishedLayoutTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("hwaso-layout").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    public static TheoryData<string> Layouts => [.. Datasets.Layouts];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_look_alike_is_recognised_listed_read_and_found_without_fault(string layout)
    {
        PublishedLookAlike.Write(layout, root);
        var (train, val) = (Datasets.Open(layout, root, "train"), Datasets.Open(layout, root, "val"));
        var report = DatasetCheck.Run(layout, root, threads: 2);

        Assert.Contains(layout, Datasets.LayoutsOf(root));
        Assert.Equal((4, 2), (train.Samples.Count, val.Samples.Count));
        Assert.Equal(train.Classes.Names, Datasets.ClassesOf(layout, root).Names);
        Assert.Empty(report.Problems);
        Assert.Equal(6 * 64 * 48, report.Pixels);
        // Four areas; the layouts that count from 0, and Cityscapes' ids, ignore one of them, and LIP and PASCAL Context with
        // background none.
        Assert.Equal(layout is "lip" or "pascal-context-60" ? 4 : layout == "voc-aug" ? 4 : 3, report.Classes.Count(c => c.Pixels > 0));
        Assert.All(Enumerable.Range(0, 4), k => Assert.Equal((64, 48), (train.Read(k).Labels.Width, train.Read(k).Labels.Height)));
    }

    // The first bytes of a file say what it is: its own extension is another one here.
    [Theory]
    [InlineData("voc")]
    [InlineData("voc-aug")]
    [InlineData("pascal-context-60")]
    [InlineData("lip")]
    [InlineData("ade20k")]
    [InlineData("coco-stuff")]
    public void Images_of_every_kind_are_found_in_either_case(string layout)
    {
        PublishedLookAlike.Write(layout, root);
        var before = Datasets.Open(layout, root, "train").Samples;
        string[] ends = [.. ImageFile.Extensions, .. ImageFile.Extensions.Select(e => e.ToUpperInvariant())];
        foreach (var end in ends)
        {
            foreach (var sample in Datasets.Open(layout, root, "train").Samples)
            {
                File.Move(sample.ImagePath, sample.ImagePath + "~");
                File.Move(sample.ImagePath + "~", Path.ChangeExtension(sample.ImagePath, end));
            }
            var after = Datasets.Open(layout, root, "train");
            Assert.Equal(before.Select(s => (s.Id, s.LabelPath)), after.Samples.Select(s => (s.Id, s.LabelPath)));
            Assert.All(after.Samples, s => Assert.EndsWith(end, s.ImagePath, StringComparison.Ordinal));
            Assert.Equal(64, after.Read(0).Image.Width);
        }
    }

    [Theory]
    [InlineData("cityscapes-coarse", new byte[] { 0, 2, 10, 255 })]
    [InlineData("voc-aug", new byte[] { 0, 15, 20, 255 })]
    [InlineData("pascal-context-59", new byte[] { 255, 0, 54, 58 })]
    [InlineData("pascal-context-60", new byte[] { 0, 1, 55, 59 })]
    [InlineData("lip", new byte[] { 0, 14, 15, 19 })]
    [InlineData("ade20k", new byte[] { 255, 0, 1, 149 })]
    // Things without the 11 unused are 0 to 79; stuff 91 to 181 follows as 80 to 170.
    [InlineData("coco-stuff", new byte[] { 0, 80, 170, 255 })]
    [InlineData("coco-panoptic", new byte[] { 0, 1, 2, 255 })]
    [InlineData("list", new byte[] { 0, 1, 2, 255 })]
    [InlineData("folder", new byte[] { 0, 1, 2, 255 })]
    public void Label_values_become_training_indices(string layout, byte[] areas)
    {
        PublishedLookAlike.Write(layout, root);
        var labels = Datasets.Open(layout, root, "train").Read(0).Labels.Labels;
        Assert.Equal(areas, (byte[])[labels[0], labels[63], labels[47 * 64], labels[^1]]);
    }

    [Fact]
    public void Class_lists_are_the_published_ones()
    {
        Assert.Equal([19, 21, 59, 60, 20, 150, 171],
            new[] { ClassList.Cityscapes, ClassList.Voc, ClassList.PascalContext59, ClassList.PascalContext60, ClassList.Lip,
                ClassList.Ade20k, ClassList.CocoStuff }.Select(l => l.Count));
        Assert.All([ClassList.Ade20k, ClassList.CocoStuff, ClassList.Lip, ClassList.PascalContext60], l =>
            Assert.Equal(l.Count, l.Names.Distinct().Count()));
        Assert.Equal(("wall", "bicycle", "flag"), (ClassList.Ade20k.Names[0], ClassList.Ade20k.Names[127], ClassList.Ade20k.Names[149]));
        Assert.Equal(("person", "toothbrush", "banner", "wood"),
            (ClassList.CocoStuff.Names[0], ClassList.CocoStuff.Names[79], ClassList.CocoStuff.Names[80], ClassList.CocoStuff.Names[170]));
        // The 91 stuffs are alphabetical.
        Assert.Equal(ClassList.CocoStuff.Names.Skip(80).Order(StringComparer.Ordinal), ClassList.CocoStuff.Names.Skip(80));
        Assert.Equal(["left-arm/right-arm", "left-leg/right-leg", "left-shoe/right-shoe"],
            ClassList.Lip.FlipPairs.Select(p => $"{ClassList.Lip.Names[p.Left]}/{ClassList.Lip.Names[p.Right]}"));
        Assert.Equal(ClassList.PascalContext59.Palette[3], ClassList.PascalContext60.Palette[4]);
    }

    [Fact]
    public void Left_and_right_change_places_in_a_mirrored_image()
    {
        var item = new LabelledImage(new Sample("a", "a", "a"), new RgbImage(4, 1), new LabelMap(4, 1, [14, 17, 5, 255]));
        var augmentation = new Augmentation { CropHeight = 1, CropWidth = 6 };
        var labels = new byte[6];
        byte[] Filled(bool flip)
        {
            var random = new KeyedRandom(0, 0, 0);
            new CropSampler(augmentation, ClassList.Lip.FlipPairs)
                .Fill(item, new CropPlan(4, 1, 0, 0, flip), ref random, new float[18], labels);
            return labels;
        }
        Assert.Equal([14, 17, 5, 255, 255, 255], Filled(flip: false));
        Assert.Equal([255, 255, 255, 5, 16, 15], Filled(flip: true));
    }

    [Theory]
    [InlineData("images: a/*.jpg\nmasks: b/*.png\nclasses: [x]\nextra: 1\n", "dataset.yaml:4: 'extra' is no key of it")]
    [InlineData("images: a/*.jpg\nmasks: b/*.png\n", "classes: missing")]
    [InlineData("masks: b/*.png\nclasses: [x]\n", "images: missing; wants a path below this folder")]
    [InlineData("images: a.jpg\nmasks: b/*.png\nclasses: [x]\n",
        "dataset.yaml:1: 'a.jpg': a path below this folder was wanted whose last part has one star")]
    [InlineData("images: /a/*.jpg\nmasks: b/*.png\nclasses: [x]\n", "dataset.yaml:1: '/a/*.jpg'")]
    [InlineData("images: a/*.jpg\nmasks: b/*.png\nencoding: rgb\nclasses: [x]\n",
        "dataset.yaml:3: encoding 'rgb': index (gray or palette values) or color was wanted")]
    [InlineData("images: a/*.jpg\nmasks: b/*.png\nencoding: color\nclasses: [x]\n", "dataset.yaml:4: 'x' has no colour")]
    [InlineData("images: a/*.jpg\nmasks: b/*.png\nclasses:\n  - {name: x, value: 256}\n",
        "dataset.yaml:4: '256': a whole number from 0 to 255 was wanted")]
    [InlineData("images: a/*.jpg\nmasks: b/*.png\nclasses:\n  - {name: x, value: 3}\n  - {name: y, value: 3}\n", "each once")]
    [InlineData("images: a/*.jpg\nmasks: b/*.png\nclasses:\n  - {name: x, hue: 3}\n", "dataset.yaml:4: a class has name, value and color")]
    [InlineData("images: [\n", "is not YAML")]
    [InlineData("just text\n", "wants keys such as 'images:' at the top")]
    public void A_description_that_cannot_be_is_told_with_its_line(string yaml, string message)
    {
        File.WriteAllText(Path.Combine(root, "dataset.yaml"), yaml);
        Assert.Contains(message, Assert.Throws<DatasetException>(() => Datasets.Open("folder", root, "train")).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    // Two classes saved black and white; classes that begin at 1; a class named by its value, and another ignored.
    [InlineData("classes:\n  - {name: no, value: 0}\n  - {name: yes, value: 255}\n", new byte[] { 0, 255, 255, 0 },
        new byte[] { 0, 1, 1, 0 })]
    [InlineData("first_value: 1\nclasses: [a, b]\n", new byte[] { 0, 1, 2, 255 }, new byte[] { 255, 0, 1, 255 })]
    [InlineData("ignore: [7, 9]\nclasses:\n  - {name: a, value: 100}\n  - b\n", new byte[] { 7, 100, 1, 9 }, new byte[] { 255, 0, 1, 255 })]
    public void Masks_of_values_are_read_as_described(string more, byte[] mask, byte[] expected)
    {
        File.WriteAllText(Path.Combine(root, "dataset.yaml"), $"images: i/*.png\nmasks: m/*.png\nlist: '{{split}}.txt'\n{more}");
        foreach (var folder in new[] { "i", "m" })
            Directory.CreateDirectory(Path.Combine(root, folder));
        foreach (var name in new[] { "one", "two" })
        {
            Png.Write(Path.Combine(root, $"i/{name}.png"), new RgbImage(4, 1));
            Png.WriteGray(Path.Combine(root, $"m/{name}.png"), new LabelMap(4, 1, mask));
        }
        File.WriteAllText(Path.Combine(root, "val.txt"), "two\n");
        var split = Datasets.Open("folder", root, "val");
        Assert.Equal("two", Assert.Single(split.Samples).Id);
        Assert.Equal(expected, split.Read(0).Labels.Labels);
        File.AppendAllText(Path.Combine(root, "val.txt"), "three\n");
        Assert.Contains("line 2 names three", Assert.Throws<DatasetException>(() => Datasets.Open("folder", root, "val")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_colour_that_is_no_class_is_named_with_its_pixels()
    {
        var labels = PublishedLookAlike.Write("folder", root)[0].Labels;
        var image = Png.ReadRgb(labels);
        for (var p = 0; p < 5; p++)
            (image.Pixels[3 * p], image.Pixels[3 * p + 1], image.Pixels[3 * p + 2]) = (1, 2, 3);
        Png.Write(labels, image);
        Assert.Contains($"{labels}: the colour (1, 2, 3) (5 pixels) is none of the 3 classes",
            Assert.Throws<DatasetException>(() => Datasets.Open("folder", root, "val").Read(0)).Message, StringComparison.Ordinal);
        var problem = Assert.Single(DatasetCheck.Run("folder", root).Problems);
        Assert.Equal((labels, ProblemKind.UnknownLabel), (problem.Path, problem.Kind));
    }

    [Fact]
    public void A_list_that_names_what_is_not_there_is_told_with_its_line()
    {
        PublishedLookAlike.Write("list", root);
        var list = Path.Combine(root, "train.txt");
        File.AppendAllText(list, "images/9.jpg labels/0.png\nimages/0.jpg labels/9.png\nonly\n\nimages/0.jpg\tlabels/0.png\n");
        var problems = DatasetCheck.Run("list", root).Problems;
        Assert.Contains(problems, p =>
            p.Path == Path.Combine(root, "images/9.jpg") && p.Message.Contains("train.txt:5 names it as image", StringComparison.Ordinal));
        Assert.Contains(problems, p =>
            p.Path == Path.Combine(root, "labels/9.png") && p.Message.Contains("train.txt:6 names it as label", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.Path == list && p.Message.Contains("line 7 has 1 parts", StringComparison.Ordinal));
        File.Delete(Path.Combine(root, "labels.txt"));
        Assert.Contains("no such file; it should hold the class names",
            Assert.Throws<DatasetException>(() => Datasets.Open("list", root, "train")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_without_its_label_is_refused_unless_none_has_one()
    {
        var labels = PublishedLookAlike.Write("ade20k", root);
        File.Delete(labels[0].Labels);
        Assert.Contains("has no label", Assert.Throws<DatasetException>(() => Datasets.Open("ade20k", root, "val")).Message,
            StringComparison.Ordinal);
        Assert.Equal(ProblemKind.MissingFile, Assert.Single(DatasetCheck.Run("ade20k", root).Problems).Kind);
        File.Delete(labels[1].Labels);
        Assert.Equal(2, Datasets.Open("ade20k", root, "val").Samples.Count);
    }

    [Fact]
    public void COCO_stuffs_prepared_train_ids_are_read_where_they_are()
    {
        foreach (var (name, labels) in PublishedLookAlike.Write("coco-stuff", root))
            Png.WriteGray(Path.Combine(Path.GetDirectoryName(labels)!, name + "_labelTrainIds.png"),
                new LabelMap(64, 48, Enumerable.Repeat((byte)170, 64 * 48).ToArray()));
        Assert.All(Datasets.Open("coco-stuff", root, "val").Read(1).Labels.Labels, v => Assert.Equal(170, v));
        Assert.Equal(2, Datasets.Open("coco-stuff", root, "val").Samples.Count);
    }
}
