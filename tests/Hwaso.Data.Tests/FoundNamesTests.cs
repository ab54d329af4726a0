using Hwaso.Data.Checking;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;
using Hwaso.Tests;

namespace Hwaso.Data.Tests;

/// <summary>Files and lists as other systems and other people name them.</summary>
public sealed class FoundNamesTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("hwaso-names").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    // PaddlePaddle/PaddleSeg#284, PaddlePaddle/PaddleX#1153: lists made on Windows, and lists with other separators.
    [Theory]
    [InlineData("img\\a b.png\tlab\\a.png", "img/a b")]
    [InlineData("img/a b.png\tlab/a.png", "img/a b")]
    [InlineData("img\\c.png lab\\a.png", "img/c")]
    [InlineData("img/c.png,lab/a.png", "img/c")]
    [InlineData("img/a b.png; lab/a.png", "img/a b")]
    public void A_list_is_read_with_backslashes_and_every_separator(string line, string id)
    {
        Image("img/a b.png");
        Image("img/c.png");
        Mask("lab/a.png");
        File.WriteAllText(At("labels.txt"), "\ufeffbg\r\na\r\n");
        File.WriteAllText(At("train.txt"), $"\ufeff{line}\r\n");
        var data = Datasets.Open("list", root, "train");
        Assert.Equal(id, Assert.Single(data.Samples).Id);
        Assert.Equal(2, data.Read(0).Labels.Width);
        Assert.Equal(["bg", "a"], data.Classes.Names);
    }

    [Fact]
    public void A_space_as_separator_and_in_names_is_refused_with_the_remedy()
    {
        Image("img/a b.png");
        Mask("lab/a.png");
        File.WriteAllText(At("labels.txt"), "bg\na\n");
        File.WriteAllText(At("train.txt"), "img/a b.png lab/a.png\n");
        Assert.Contains("line 1 has 3 parts: an image and its label were wanted; where a path has spaces, separate them by a tab",
            Assert.Throws<DatasetException>(() => Datasets.Open("list", root, "train")).Message, StringComparison.Ordinal);
    }

    // PeterL1n/BackgroundMattingV2#51, open-edge-platform/datumaro#151, aim-uofa/AdelaiDet#67.
    [Theory]
    [InlineData("images/{split}/*.png", "a.PNG", "b.png")]
    [InlineData("images/{split}/*", "a.JPG", "b.jpeg", "c.png", "d.tif", "e.TIFF", "Thumbs.db", ".DS_Store")]
    [InlineData("images/{split}/*.{png, jpg,jpeg}", "a.JPG", "b.jpeg", "c.png", "d.bmp", "Thumbs.db")]
    [InlineData("images\\{split}\\*.png", "a.png", "b.PNG")]
    public void Every_image_that_a_pattern_means_is_found(string pattern, params string[] files)
    {
        Describe(pattern, "classes: [bg, a]");
        foreach (var file in files)
        {
            Image($"images/train/{file}");
            Mask($"masks/train/{file[0]}.png");
        }
        var wanted = files.Where(f => f is not ("Thumbs.db" or ".DS_Store" or "d.bmp")).Select(f => f[..1]);
        Assert.Equal(wanted, Datasets.Open("folder", root, "train").Samples.Select(s => s.Id));
    }

    [Fact]
    public void Two_files_of_one_name_are_refused_and_an_empty_split_says_what_is_there()
    {
        Describe("images/{split}/*", "classes: [bg, a]");
        Image("images/train/a.png");
        Image("images/train/a.jpg");
        Assert.Contains("has the same name as a.jpg", Refused(), StringComparison.Ordinal);

        Describe("images/{split}/*.tif", "classes: [bg, a]");
        Assert.Contains("the split 'train' is empty; there are 1 *", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_mask_is_named_by_training_and_by_the_check()
    {
        Describe("images/{split}/*", "classes: [bg, a]");
        Image("images/train/a.png");
        Image("images/train/b.png");
        Mask("masks/train/b.png");
        Assert.Contains($"has no mask: {At("masks/train/a.png")} was wanted", Refused(), StringComparison.Ordinal);
        Assert.Equal($"has no label: {At("masks/train/a.png")} was wanted",
            Assert.Single(DatasetCheck.Run("folder", root, ["train"]).Problems).Message);
    }

    [Fact]
    public void VOC_s_lists_and_images_may_have_other_extensions()
    {
        using var data = new LookAlike().Voc(3);
        var voc = Path.Combine(data.Root, "VOCdevkit/VOC2012");
        void Rename(int k, string end) =>
            File.Move(Path.Combine(voc, $"JPEGImages/2007_{k:000000}.jpg"), Path.Combine(voc, $"JPEGImages/2007_{k:000000}{end}"));
        Rename(0, ".JPG");
        Rename(1, ".jpeg");
        File.WriteAllText(Path.Combine(voc, "ImageSets/Segmentation/train.txt"), "2007_000000\n2007_000001.jpeg\n2007_000002.jpg\n");
        var train = Datasets.Open("voc", data.Root, "train");
        Assert.Equal(["2007_000000", "2007_000001", "2007_000002"], train.Samples.Select(s => s.Id));
        Assert.All(Enumerable.Range(0, 3), k => Assert.Equal(20, train.Read(k).Image.Width));
    }

    [Fact]
    public void A_list_of_a_described_folder_may_name_files()
    {
        Describe("images/*.png", "list: '{split}.txt'\nclasses: [bg, a]");
        foreach (var name in "abc")
        {
            Image($"images/{name}.png");
            Mask($"masks/train/{name}.png");
        }
        File.WriteAllText(At("train.txt"), "a.png\nimages/b.png\nimages\\c.png\n");
        Assert.Equal(["a", "b", "c"], Datasets.Open("folder", root, "train").Samples.Select(s => s.Id));
    }

    [Fact]
    public void Names_may_carry_their_values()
    {
        Describe("images/{split}/*.png", "names: {7: road, 0: bg, 3: car}");
        Image("images/train/a.png");
        Png.WriteGray(Make("masks/train/a.png"), new LabelMap(2, 1, [7, 3]));
        var data = Datasets.Open("folder", root, "train");
        Assert.Equal(["bg", "car", "road"], data.Classes.Names);
        Assert.Equal([2, 1], data.Read(0).Labels.Labels);

        Describe("images/{split}/*.png", "names: [bg, car]");
        Assert.Equal(["bg", "car"], Datasets.ClassesOf("folder", root).Names);
    }

    [Theory]
    [InlineData("names: {0: a, 1: b}\nfirst_value: 1", ":4: first_value counts values for a list of names")]
    [InlineData("classes: [a, b]\nnames: {0: a, 1: b}", ":4: names and classes both give the classes")]
    [InlineData("classes:\n  - a\n  - b\n  - a", ":6: 'a' is the name of the class on line 4 already")]
    [InlineData("names: {0: a, 300: b}", ":3: '300': a whole number from 0 to 255 was wanted")]
    public void Classes_that_contradict_themselves_are_refused_with_the_line(string classes, string message)
    {
        Describe("images/{split}/*.png", classes);
        Assert.Contains(message, Assert.Throws<DatasetException>(() => Datasets.ClassesOf("folder", root)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_that_a_list_names_twice_is_refused()
    {
        File.WriteAllText(At("labels.txt"), "bg\na\nbg\n");
        Assert.Contains("names the class bg 2 times",
            Assert.Throws<DatasetException>(() => Datasets.ClassesOf("list", root)).Message, StringComparison.Ordinal);
    }

    // opencv/opencv#20683: the CRC of IDAT is wrong and the zlib check sum right.
    [Fact]
    public void A_wrong_CRC_alone_is_reported_by_the_check()
    {
        Describe("images/{split}/*.png", "classes: [bg, a]");
        Image("images/train/a.png");
        Mask("masks/train/a.png");
        var bytes = File.ReadAllBytes(At("masks/train/a.png"));
        bytes[bytes.AsSpan().IndexOf("IEND"u8) - 6] ^= 1;
        File.WriteAllBytes(At("masks/train/a.png"), bytes);
        var problem = Assert.Single(DatasetCheck.Run("folder", root, ["train"]).Problems);
        Assert.Equal((At("masks/train/a.png"), ProblemKind.WrongChecksum), (problem.Path, problem.Kind));
        Assert.StartsWith("the check sum (CRC) of its chunk IDAT is wrong", problem.Message, StringComparison.Ordinal);
        Assert.Equal(2, Datasets.Open("folder", root, "train").Read(0).Labels.Width);
    }

    [Fact]
    public void Masks_that_are_no_PNG_are_named_for_what_they_are()
    {
        Describe("images/{split}/*.png", "classes: [bg, a]", masks: "masks/{split}/*");
        Image("images/train/a.png");
        Jpeg.Write(Make("masks/train/a.jpg"), new RgbImage(2, 1));
        Assert.Equal("a JPEG where a PNG was expected: JPEG blurs labels; export the masks as PNG",
            Assert.Single(DatasetCheck.Run("folder", root, ["train"]).Problems).Message);
    }

    [Theory]
    [InlineData("gray-8.tif", "")]
    [InlineData("gray-16-lzw.tif", "")]
    [InlineData("palette.tif", "")]
    [InlineData("truth.png", "")]
    [InlineData("above-255.tif", "a TIFF of 16 bits where class indices from 0 to 255 were expected: pixel (3, 2) is 300")]
    public void Masks_of_a_TIFF_are_read_or_refused_by_name(string name, string problem)
    {
        Describe("images/{split}/*.png", "classes: [a, b, c, d, e, f, g]\nignore: [254, 255]", masks: "masks/{split}/*");
        Png.Write(Make("images/train/a.png"), new RgbImage(26, 19));
        File.Copy(Fixtures.Path($"imaging/masks/{name}"), Make($"masks/train/a{Path.GetExtension(name).ToUpperInvariant()}"));
        var report = DatasetCheck.Run("folder", root, ["train"]);
        if (problem.Length > 0)
        {
            Assert.StartsWith(problem, Assert.Single(report.Problems).Message, StringComparison.Ordinal);
            return;
        }
        Assert.Empty(report.Problems);
        Assert.Equal(name.EndsWith(".tif", StringComparison.Ordinal) ? "TIFF or BMP" : "8-bit gray values", report.Encodings[0].Key);
        // record_masks.py: column ÷ 5 + row ÷ 4, modulo 7; two corners are ignored.
        var labels = Datasets.Open("folder", root, "train").Read(0).Labels;
        for (var k = 1; k < 26 * 19 - 1; k++)
            Assert.Equal((k % 26 / 5 + k / 26 / 4) % 7, labels.Labels[k]);
        Assert.Equal((255, 255), (labels.Labels[0], labels.Labels[^1]));
    }

    [Theory]
    [InlineData("a.png")]
    [InlineData("a.bmp")]
    public void Masks_of_colours_are_read_from_every_kind_that_keeps_them(string name)
    {
        Describe("images/{split}/*.png", "encoding: color\nclasses: [{name: bg, color: [0, 0, 0]}, {name: a, color: [255, 0, 0]}]",
            masks: "masks/{split}/*");
        Image("images/train/a.png");
        // Two pixels, black and red: the header of 14 bytes, that of 40, a row from the bottom in blue, green, red.
        byte[] bmp = [.. "BM"u8, 62, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0, .. new byte[24],
            0, 0, 0, 0, 0, 255, 0, 0];
        File.WriteAllBytes(Make($"masks/train/{name}"), name == "a.bmp" ? bmp : Png.Encode(new RgbImage(2, 1, [0, 0, 0, 255, 0, 0])));
        Assert.Equal([0, 1], Datasets.Open("folder", root, "train").Read(0).Labels.Labels);
    }

    string Refused() => Assert.Throws<DatasetException>(() => Datasets.Open("folder", root, "train")).Message;

    void Describe(string images, string classes, string masks = "masks/{split}/*.png") =>
        File.WriteAllText(At("dataset.yaml"), $"images: {images}\nmasks: {masks}\n{classes}\n");

    void Image(string path) => Png.Write(Make(path), new RgbImage(2, 1, [1, 2, 3, (byte)path.Length, (byte)path[^5], 6]));

    void Mask(string path) => Png.WriteGray(Make(path), new LabelMap(2, 1, [0, 1]));

    string Make(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        return At(path);
    }

    string At(string path) => Path.Combine(root, path);
}
