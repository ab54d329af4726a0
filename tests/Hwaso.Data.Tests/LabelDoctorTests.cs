using System.Text;
using Hwaso.Data.Checking;
using Hwaso.Data.Layouts;
using Hwaso.Data.Matlab;
using Hwaso.Imaging;
using Hwaso.Tests;

namespace Hwaso.Data.Tests;

/// <summary>What a check says of labels that are each readable and together wrong.</summary>
public sealed class LabelDoctorTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("hwaso-doctor").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    string At(string name)
    {
        var path = Path.Combine(root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    /// <summary>A list-file data set of one image a split, whose labels hold the values given.</summary>
    DatasetReport CheckList(byte[] values, params string[] names)
    {
        File.WriteAllLines(At("labels.txt"), names);
        foreach (var split in new[] { "train", "val" })
        {
            var image = new RgbImage(values.Length, 1);
            image.Pixels[0] = (byte)split.Length;
            Png.Write(At($"{split}.png"), image);
            Png.WriteGray(At($"{split}_mask.png"), new LabelMap(values.Length, 1, [.. values]));
            File.WriteAllText(At($"{split}.txt"), $"{split}.png {split}_mask.png\n");
        }
        return DatasetCheck.Run("list", root);
    }

    [Fact]
    public void Values_are_counted_with_what_they_mean()
    {
        var report = CheckList([0, 0, 1, 255, 7], "a", "b", "c");
        Assert.Equal([new ValueCount(0, 4, 2, "a"), new(1, 2, 2, "b"), new(7, 2, 2, null), new(255, 2, 2, "ignored")], report.Values);
        Assert.Equal([new("8-bit gray values", 2)], report.Encodings);
        Assert.Equal(2, report.Problems.Count(p => p.Kind == ProblemKind.UnknownLabel));
    }

    [Theory]
    [InlineData(new byte[] { 0, 255, 0, 255 }, "only 0 and 255 occur: two-class masks saved black and white")]
    [InlineData(new byte[] { 1, 2, 3, 3 }, "values run from 1 to 3 where 0 to 2 were wanted: the classes begin at 1")]
    [InlineData(new byte[] { 0, 1, 1, 1 }, "1 of 3 classes never occur: c")]
    [InlineData(new byte[] { 0, 1, 2, 3 }, "values run from 0 to 3, one more than the 3 classes")]
    [InlineData(new byte[] { 0, 127, 255, 0 }, "3 values, 0, 127, 255, of which 1 are no class: gray levels chosen to be seen?")]
    [InlineData(new byte[] { 255, 255, 255, 0 }, "75 % of all pixels are ignored")]
    public void Values_that_look_like_another_encoding_are_suspected(byte[] values, string suspicion) =>
        Assert.Contains(CheckList(values, "a", "b", "c").Suspicions, s => s.Contains(suspicion, StringComparison.Ordinal));

    [Fact]
    public void Labels_that_were_reduced_already_are_suspected_where_0_is_ignored()
    {
        foreach (var (name, k) in PublishedLookAlike.Write("pascal-context-59", root).Select((p, k) => (p.Labels, k)))
            Png.WriteIndexed(name, new LabelMap(64, 48, [.. Enumerable.Range(0, 64 * 48).Select(p => (byte)((p + k) % 59))]), Palette.Voc);
        Assert.Contains(DatasetCheck.Run("pascal-context-59", root, ["val"]).Suspicions, s =>
            s.Contains("values run from 0 to 58 where 1 to 59 were wanted, with 0 ignored", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_suspected_of_values_that_are_right() => Assert.Empty(CheckList([0, 1, 2, 255], "a", "b", "c").Suspicions);

    [Fact]
    public void A_class_of_one_split_alone_can_be_learnt_or_scored_but_not_both()
    {
        CheckList([0, 1, 2], "a", "b", "c");
        Png.WriteGray(At("train_mask.png"), new LabelMap(3, 1, [0, 1, 1]));
        Png.WriteGray(At("val_mask.png"), new LabelMap(3, 1, [0, 2, 2]));
        var report = DatasetCheck.Run("list", root);

        Assert.Equal(["1 of the classes that occur are not in train and cannot be learnt: c",
            "1 of the classes that occur are not in val and cannot be scored: b"], report.Suspicions);
        Assert.Equal([new("train", 2), new("val", 0)], report.Classes[1].PixelsBySplit);
        // Frequencies over the images that have the class: 2/6, 2/3, 2/3, of which 2/3 is the median; logarithms over a third of all
        // pixels each.
        Assert.Equal([2, 1, 1], report.Classes.Select(c => Math.Round(c.SuggestedWeight!.Value, 9)));
        Assert.All(report.Classes, c => Assert.Equal(1 / Math.Log(1.02 + 1.0 / 3), c.LogWeight!.Value, 1e-12));
    }

    [Fact]
    public void Names_of_a_published_data_set_in_another_order_are_suspected()
    {
        // As the list that comes with PASCAL Context has them: numbered, VOC's 20 objects first.
        string[] published = [.. ClassList.PascalContext59.Names];
        string[] voc = [.. ClassList.Voc.Names.Skip(1).Select(n => n == "diningtable" ? "table" : n)];
        string[] objectsFirst = [.. voc.Concat(published.Except(voc)).Select((n, k) => $"{k + 1}: {n}")];
        byte[] all = [.. Enumerable.Range(0, 59).Select(k => (byte)k)];

        Assert.Equal(59, objectsFirst.Length);
        Assert.Contains("the names are PASCAL Context (59)'s, but in another order than its label files have: there class 1 is bag, here "
            + "it is 2: bicycle", Assert.Single(CheckList(all, objectsFirst).Suspicions), StringComparison.Ordinal);
        Assert.Empty(CheckList(all, [.. published.Select((n, k) => $"{k + 1}: {n}")]).Suspicions);
    }

    [Fact]
    public void Masks_that_are_drawn_in_the_colours_of_other_classes_are_suspected()
    {
        CheckList([0, 1, 2, 255], "a", "b", "c");
        foreach (var split in new[] { "train", "val" })
            Png.WriteIndexed(At($"{split}_mask.png"), new LabelMap(4, 1, [0, 1, 2, 255]),
                Palette.FromColors([Palette.Voc[0], Palette.Voc[2], Palette.Voc[1]]));
        Assert.Contains("what counts as b is drawn in the colour of c", Assert.Single(DatasetCheck.Run("list", root).Suspicions),
            StringComparison.Ordinal);
        foreach (var split in new[] { "train", "val" })
            Png.WriteIndexed(At($"{split}_mask.png"), new LabelMap(4, 1, [0, 1, 2, 255]), Palette.Voc);
        Assert.Empty(DatasetCheck.Run("list", root).Suspicions);
    }

    [Fact]
    public void PASCAL_Contexts_labels_in_the_order_of_its_list_are_suspected_where_VOCs_masks_say_otherwise()
    {
        var written = PublishedLookAlike.Write("pascal-context-59", root);
        // VOC's mask of an image with a person (15) and a tvmonitor (20).
        var voc = new LabelMap(64, 48);
        voc.Labels.AsSpan(0, 1000).Fill(15);
        voc.Labels.AsSpan(1000, 1000).Fill(20);
        Png.WriteIndexed(At($"VOC2010/SegmentationClass/{written[0].Name}.png"), voc, Palette.Voc);
        bool Suspected() =>
            DatasetCheck.Run("pascal-context-59", root).Suspicions.Any(s =>
                s.Contains("100 % agree if the labels count in the order of 59_labels.txt", StringComparison.Ordinal));

        Png.WriteIndexed(written[0].Labels, voc, Palette.Voc);
        Assert.True(Suspected());
        // In alphabetical order they are 37 and 55.
        Png.WriteIndexed(written[0].Labels,
            new LabelMap(64, 48, Array.ConvertAll(voc.Labels, v => (byte)(v == 15 ? 37 : v == 20 ? 55 : 0))), Palette.Voc);
        Assert.False(Suspected());
    }

    [Fact]
    public void Everything_bad_is_named_by_its_path_and_counted_and_the_rest_is_checked()
    {
        PublishedLookAlike.Write("list", root);
        void Mask(int k, Action<string> write) => write(At($"labels/{k}.png"));
        for (var k = 6; k <= 12; k++)
        {
            File.Copy(At("images/0.jpg"), At($"images/{k}.jpg"));
            // Each with bytes of its own: after the end of a JPEG nobody reads on.
            File.AppendAllText(At($"images/{k}.jpg"), $"{k}");
            File.Copy(At("labels/0.png"), At($"labels/{k}.png"));
        }
        Mask(0, path => Png.Write(path, new RgbImage(64, 48, [9, 8, 7, .. new byte[64 * 48 * 3 - 3]])));
        Mask(1, path => Png.WriteGray(path, new LabelMap(64, 48, Enumerable.Repeat((byte)77, 64 * 48).ToArray())));
        Mask(2, path => Png.WriteGray(path, new LabelMap(60, 48)));
        Mask(6, path => Png.WriteGray16(path, new Gray16Image(64, 48, [300, .. new ushort[64 * 48 - 1]])));
        Mask(7, path => File.WriteAllBytes(path, File.ReadAllBytes(path)[..^20]));
        File.WriteAllBytes(At("images/3.jpg"), File.ReadAllBytes(At("images/3.jpg"))[..^200]);
        var deep = File.ReadAllBytes(At("images/8.jpg"));
        deep[deep.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xff, 0xc0]) + 4] = 12;
        File.WriteAllBytes(At("images/8.jpg"), deep);
        Png.WriteGray16(At("images/9.png"), new Gray16Image(64, 48));
        File.WriteAllText(At("images/10.jpg"), "");
        File.Copy(Fixtures.Path("matlab/version4.mat"), At("labels/11.mat"));
        File.AppendAllLines(At("train.txt"),
        [
            "images/6.jpg labels/6.png", "images/7.jpg labels/7.png", "images/8.jpg labels/8.png", "images/9.png labels/9.png",
            "images/10.jpg labels/10.png", "images/11.jpg labels/11.mat", "images/12.jpg labels/12.png", "images/12.jpg labels/12.png",
            "images/none.jpg labels/0.png",
        ]);
        var report = DatasetCheck.Run("list", root, threads: 2);
        var found = report.Problems.Select(p => (Path.GetRelativePath(root, p.Path), p.Kind)).ToHashSet();

        Assert.Equal(
            new HashSet<(string, ProblemKind)>
            {
                ("labels/0.png", ProblemKind.BrokenFile), ("labels/1.png", ProblemKind.UnknownLabel),
                    ("labels/2.png", ProblemKind.SizeMismatch), ("labels/6.png", ProblemKind.BrokenFile),
                ("labels/7.png", ProblemKind.BrokenFile), ("images/3.jpg", ProblemKind.BrokenFile),
                ("images/8.jpg", ProblemKind.BrokenFile), ("images/9.png", ProblemKind.DeepImage),
                ("images/10.jpg", ProblemKind.BrokenFile), ("labels/11.mat", ProblemKind.BrokenFile),
                ("images/12.jpg", ProblemKind.Duplicate), ("images/none.jpg", ProblemKind.MissingFile),
            },
            found);
        string Said(string path) => report.Problems.First(p => p.Path == At(path)).Message;
        Assert.Contains("a colour PNG (8-bit Rgb) where class indices were expected", Said("labels/0.png"), StringComparison.Ordinal);
        Assert.Contains("labels that are no class: 77 (3072 pixels)", Said("labels/1.png"), StringComparison.Ordinal);
        Assert.Contains("is 60×48, its image is 64×48", Said("labels/2.png"), StringComparison.Ordinal);
        Assert.Contains("a 16-bit gray PNG where class indices from 0 to 255 were expected: pixel (0, 0) is 300",
            Said("labels/6.png"), StringComparison.Ordinal);
        Assert.Contains("a JPEG that is cut short or corrupt", Said("images/3.jpg"), StringComparison.Ordinal);
        Assert.Contains("a JPEG of 12 bits a colour", Said("images/8.jpg"), StringComparison.Ordinal);
        Assert.Contains("a MATLAB 4 file; version 5 to 7 was wanted", Said("labels/11.mat"), StringComparison.Ordinal);
        Assert.Equal(14, report.Images);
        // Counted are the masks of images 3, 4, 5, 8, 9, 10 and, listed twice, 12, and that of the wrong size.
        Assert.Equal(8 * 64 * 48 + 60 * 48, report.Pixels);
        // The worst come first: what cannot be read, then what does not fit.
        Assert.Equal(4, report.Pictures[0].Badness);
        Assert.Equal(7, report.Pictures.Count(p => p.Badness == 4));
        Assert.Equal(3, report.Pictures[7].Badness);
    }

    [Fact]
    public void Annotations_that_the_conversion_left_out_are_named()
    {
        PublishedLookAlike.Write("voc-aug", root);
        File.Copy(Fixtures.Path("matlab/version4.mat"), At("benchmark_RELEASE/dataset/cls/2008_000009.mat"));
        File.Copy(Fixtures.Path("matlab/version4.mat"), At("benchmark_RELEASE/dataset/cls/2008_000001.mat"));
        var problem = Assert.Single(DatasetCheck.Run("voc-aug", root).Problems);
        Assert.Equal((At("benchmark_RELEASE/dataset/cls/2008_000009.mat"), ProblemKind.BrokenFile), (problem.Path, problem.Kind));

        File.Copy(Fixtures.Path("matlab/sbd/dataset/cls/2008_000002.mat"), At("benchmark_RELEASE/dataset/cls/2008_000010.mat"));
        var more = DatasetCheck.Run("voc-aug", root).Problems;
        Assert.Contains(more, p =>
            p.Path == At("benchmark_RELEASE/dataset/cls")
            && p.Message.StartsWith("1 of its 3 annotations have no label PNG; `hwaso dataset convert voc-aug", StringComparison.Ordinal));
    }

    [Fact]
    public void MATLAB_files_are_masks_too()
    {
        File.WriteAllText(At("dataset.yaml"), "images: i/*.png\nmasks: m/*.mat\nclasses: [background, a, b, c]\nignore: 255\n");
        File.Copy(Fixtures.Path("matlab/sbd/dataset/cls/2008_000001.mat"), At("m/one.mat"));
        var labels = MatFile.Read(At("m/one.mat"))["GTcls"].Fields["Segmentation"];
        Png.Write(At("i/one.png"), new RgbImage(labels.Columns, labels.Rows));
        var report = DatasetCheck.Run("folder", root, ["all"]);

        Assert.Equal([new("MATLAB matrices", 1)], report.Encodings);
        Assert.Equal(labels.Numbers!.Distinct().Order().Select(v => (int)v), report.Values.Select(v => v.Value));
        Assert.Equal(labels.Numbers![labels.Rows], Datasets.LabelsOf("folder", root).Read(At("m/one.mat")).Labels[1]);
    }

    [Fact]
    public void The_same_image_under_another_name_in_the_other_split_is_found_by_its_bytes()
    {
        PublishedLookAlike.Write("list", root);
        File.Copy(At("images/0.jpg"), At("images/5.jpg"), overwrite: true);
        File.AppendAllText(At("val.txt"), "images/4.jpg labels/4.png\n");
        var problems = DatasetCheck.Run("list", root).Problems;

        Assert.Equal(2, problems.Count);
        Assert.Contains(problems, p =>
            p.Kind == ProblemKind.Duplicate && p.Message.Contains("is, byte for byte,", StringComparison.Ordinal));
        Assert.Contains(problems, p =>
            p.Path == At("images/4.jpg") && p.Message.Contains("the name images/4 is in val twice", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(6, true)]
    [InlineData(3, false)]
    public void An_image_that_viewers_turn_is_named(int orientation, bool little)
    {
        PublishedLookAlike.Write("list", root);
        var plain = File.ReadAllBytes(At("images/1.jpg"));
        byte[] Number16(int v) => little ? [(byte)v, 0] : [0, (byte)v];
        byte[] Number32(int v) => little ? [(byte)v, 0, 0, 0] : [0, 0, 0, (byte)v];
        // Tag 0x0112, kind 3 (16 bits), one of them.
        byte[] entry = [.. little ? (byte[])[0x12, 0x01] : [0x01, 0x12], .. Number16(3), .. Number32(1), .. Number16(orientation), 0, 0];
        byte[] tiff =
            [.. Encoding.ASCII.GetBytes(little ? "II" : "MM"), .. Number16(42), .. Number32(8), .. Number16(1), .. entry, 0, 0, 0, 0];
        byte[] exif = [.. "Exif\0\0"u8, .. tiff];
        File.WriteAllBytes(At("images/1.jpg"), [0xff, 0xd8, 0xff, 0xe1, 0, (byte)(exif.Length + 2), .. exif, .. plain[2..]]);
        var problem = Assert.Single(DatasetCheck.Run("list", root).Problems);

        Assert.Equal((At("images/1.jpg"), ProblemKind.Rotated), (problem.Path, problem.Kind));
        Assert.Contains($"(orientation {orientation})", problem.Message, StringComparison.Ordinal);
        Assert.Equal(1, ExifOrientation.Of(plain));
        // Cut anywhere, it says nothing or the same, and never fails.
        var whole = File.ReadAllBytes(At("images/1.jpg"));
        Assert.All(Enumerable.Range(0, 80), k => Assert.Contains(ExifOrientation.Of(whole.AsSpan(0, k)), new[] { 1, orientation }));
    }

    [Fact]
    public void An_image_of_16_bits_a_colour_is_named()
    {
        CheckList([0, 1, 2, 255], "a", "b", "c");
        Png.WriteGray16(At("train.png"), new Gray16Image(4, 1, [0, 256, 512, 65535]));
        Assert.Equal((At("train.png"), ProblemKind.DeepImage),
            DatasetCheck.Run("list", root).Problems is [var only] ? (only.Path, only.Kind) : default);
    }
}
