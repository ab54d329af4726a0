using Hwaso.Data.Checking;
using Hwaso.Data.Layouts;
using Hwaso.Data.Loading;
using Hwaso.Imaging;

namespace Hwaso.Data.Tests;

/// <summary>Descriptions and folders that are wrong in ways of their own: one error with the file and what to do.</summary>
public sealed class BadDescriptionTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("hwaso-description").FullName;

    string Description => Path.Combine(root, "dataset.yaml");

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData("[a:b\n?")]
    [InlineData("images: [a:b\n?")]
    [InlineData("{images: 'x")]
    [InlineData("images: &a [*b]")]
    public void Text_that_is_no_YAML_is_refused_with_its_line(string yaml) =>
        Assert.Matches($"^{Description}:[0-9]+: is not YAML: ", Refused(yaml));

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    [InlineData('-')]
    public void Text_that_is_nested_deeply_is_refused_before_the_stack_overflows(char opening)
    {
        var deep = string.Concat(Enumerable.Repeat(opening == '-' ? "- " : $"{opening}", 200_000));
        Assert.Matches($"^{Description}:1: is nested deeper than 16 levels$", Refused(deep));
    }

    [Theory]
    [InlineData("ignore: 0", 4, "'bg'")]
    [InlineData("ignore: [0, 255]", 4, "'bg'")]
    [InlineData("ignore:\n- 255\n- 0", 6, "'bg'")]
    public void Value_that_is_both_a_class_and_ignored_is_refused_with_reason_and_line(string ignore, int line, string name) =>
        Assert.Equal($"{Description}:{line}: value 0 is both class {name} and ignored; give first_value: 1 and leave {name} out of "
            + "classes, or take 0 out of 'ignore'", Refused($"images: i/*.png\nmasks: m/*.png\nclasses: [bg, a, b]\n{ignore}\n"));

    [Fact]
    public void Value_of_a_later_class_that_is_ignored_too_is_refused_with_another_remedy() =>
        Assert.Equal($"{Description}:4: value 1 is both class 'a' and ignored; take 1 out of 'ignore', or leave the class out and give the "
            + "others their values as {name: …, value: …}",
            Refused("images: i/*.png\nmasks: m/*.png\nclasses: [bg, a, b]\nignore: 1\n"));

    [Fact]
    public void Ignored_value_other_than_255_means_the_same_in_data_padding_and_check()
    {
        File.WriteAllText(Description, "images: i/*.png\nmasks: m/*.png\nclasses: [a, b]\nignore: 254\n");
        Directory.CreateDirectory(Path.Combine(root, "i"));
        Directory.CreateDirectory(Path.Combine(root, "m"));
        Png.Write(Path.Combine(root, "i/x.png"), new RgbImage(4, 1));
        Png.WriteGray(Path.Combine(root, "m/x.png"), new LabelMap(4, 1, [0, 254, 1, 1]));
        var data = Datasets.Open("folder", root, "any");
        Assert.Equal([0, 255, 1, 1], data.Read(0).Labels.Labels);
        var loader = new Loader(data, new Augmentation { CropHeight = 2, CropWidth = 4, MinScale = 1, MaxScale = 1, Flip = false },
            new LoaderOptions { BatchSize = 1 });
        using var batch = loader.Epoch(0).First();
        Assert.Equal([0, 255, 1, 1, 255, 255, 255, 255], batch.Labels.ToArray());
        Assert.Equal((1L, 4L), (DatasetCheck.Run("folder", root, ["any"]).IgnoredPixels, DatasetCheck.Run("folder", root, ["any"]).Pixels));
    }

    [Fact]
    public void Folder_of_something_else_is_refused_by_every_layout_in_words()
    {
        File.WriteAllText(Path.Combine(root, "readme.txt"), "something else");
        Assert.All(Datasets.Layouts, layout =>
        {
            var error = Assert.Throws<DatasetException>(() => Datasets.Open(layout, root, "train"));
            Assert.StartsWith(root, error.Path, StringComparison.Ordinal);
            Assert.DoesNotContain("Could not find", error.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Split_named_twice_is_refused() =>
        Assert.Equal("split 'val' is named twice; name each split once",
            Assert.Throws<ArgumentException>(() => DatasetCheck.Run("list", root, ["train", "val", "val"])).Message);

    [Fact]
    public void Batch_larger_than_an_array_can_be_is_refused_in_words()
    {
        using var look = new LookAlike().Voc(4);
        var loader = new Loader(Datasets.Open("voc", look.Root, "train"), new Augmentation { CropHeight = 20_000, CropWidth = 20_000 },
            new LoaderOptions { BatchSize = 4 });
        Assert.Contains("too little memory for 4 images of 20000×20000; use a smaller batch",
            Assert.Throws<DatasetException>(() => loader.Epoch(0).First()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_cut_short_missing_or_of_another_size_are_found_without_reading_whole_ones()
    {
        using var look = new LookAlike().Voc(5);
        var data = Datasets.Open("voc", look.Root, "train");
        Assert.Empty(FileCheck.Run(data, threads: 2));
        string Image(int k) => data.Samples[k].ImagePath;
        File.WriteAllBytes(Image(0), File.ReadAllBytes(Image(0))[..^40]);
        File.WriteAllBytes(data.Samples[1].LabelPath!, File.ReadAllBytes(data.Samples[1].LabelPath!)[..^20]);
        File.Delete(Image(2));
        Jpeg.Write(Image(3), new RgbImage(7, 9));
        // Harmless bytes behind the end, as some cameras write.
        File.AppendAllText(Image(4), "behind the end");
        Assert.Equal(
            [
                (Image(0), ProblemKind.BrokenFile), (data.Samples[1].LabelPath!, ProblemKind.BrokenFile),
                (Image(2), ProblemKind.MissingFile), (data.Samples[3].LabelPath!, ProblemKind.SizeMismatch),
            ],
            FileCheck.Run(data, threads: 2).Select(p => (p.Path, p.Kind)));
    }

    string Refused(string yaml)
    {
        File.WriteAllText(Description, yaml);
        return Assert.Throws<DatasetException>(() => Datasets.Open("folder", root, "train")).Message;
    }
}
