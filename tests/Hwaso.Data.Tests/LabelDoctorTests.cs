using System.Text;
using Hwaso.Data.Checking;
using Hwaso.Imaging;

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
    [InlineData(new byte[] { 255, 255, 255, 0 }, "75 % of all pixels are ignored")]
    public void Values_that_look_like_another_encoding_are_suspected(byte[] values, string suspicion) =>
        Assert.Contains(CheckList(values, "a", "b", "c").Suspicions, s => s.Contains(suspicion, StringComparison.Ordinal));

    [Fact]
    public void Labels_that_were_reduced_already_are_suspected_where_0_is_ignored()
    {
        foreach (var (name, k) in PublishedLookAlike.Write("pascal-context-59", root).Select((p, k) => (p.Labels, k)))
            Png.WriteIndexed(name, new LabelMap(64, 48, [.. Enumerable.Range(0, 64 * 48).Select(p => (byte)((p + k) % 59))]), Palette.Voc);
        Assert.Contains(DatasetCheck.Run("pascal-context-59", root, ["val"]).Suspicions, s => s.Contains("values run from 0 to 58 where 1 to 59 were wanted, with 0 ignored", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_suspected_of_values_that_are_right() => Assert.Empty(CheckList([0, 1, 2, 255], "a", "b", "c").Suspicions);

    [Fact]
    public void The_same_image_under_another_name_in_the_other_split_is_found_by_its_bytes()
    {
        PublishedLookAlike.Write("list", root);
        File.Copy(At("images/0.jpg"), At("images/5.jpg"), overwrite: true);
        File.AppendAllText(At("val.txt"), "images/4.jpg labels/4.png\n");
        var problems = DatasetCheck.Run("list", root).Problems;

        Assert.Equal(2, problems.Count);
        Assert.Contains(problems, p => p.Kind == ProblemKind.Duplicate && p.Message.Contains("is, byte for byte,", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.Path == At("images/4.jpg") && p.Message.Contains("the name images/4 is in val twice", StringComparison.Ordinal));
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
        byte[] tiff = [.. Encoding.ASCII.GetBytes(little ? "II" : "MM"), .. Number16(42), .. Number32(8), .. Number16(1), .. entry, 0, 0, 0, 0];
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
        Assert.Equal((At("train.png"), ProblemKind.DeepImage), DatasetCheck.Run("list", root).Problems is [var only] ? (only.Path, only.Kind) : default);
    }
}
