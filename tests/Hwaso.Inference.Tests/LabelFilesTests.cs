using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Inference.Tests;

public sealed class LabelFilesTests : TensorTest
{
    readonly SmallRun run = new();

    public override void Dispose()
    {
        run.Dispose();
        base.Dispose();
    }

    [Fact]
    public void Images_become_label_maps_and_overlays_of_their_names_and_a_damaged_one_is_listed()
    {
        string[] images = [Copy("a/street.png"), Damaged("damaged.png"), Copy("b/street.png"), Copy("lone.png")];
        var files = new LabelFiles(images, run.At("out"), overlay: true);
        using var segmenter = Segmenter.Open(run.Root, new() { Device = Device.Cpu });
        var (done, said) = (new List<int>(), new List<string>());
        var result = files.Write(segmenter, done.Add, said.Add);

        Assert.Equal(["a_street.png", "b_street.png", "lone.png"], result.Written.Select(f => Path.GetRelativePath(run.At("out"), f.File)));
        Assert.Equal([images[0], images[2], images[3]], result.Written.Select(f => f.Image));
        Assert.All(result.Written, f => Assert.True(f.Milliseconds > 0));
        Assert.Equal(images[1], Assert.Single(result.Failed).Image);
        Assert.Equal([result.Failed[0].Problem], said);
        Assert.Equal([1, 2, 3, 4], done);
        var labels = segmenter.Segment(run.Image);
        Assert.Equal(labels.Labels, Png.ReadLabels(run.At("out/lone.png")).Labels);
        Assert.Equal(Overlay.Blend(run.Image, labels, segmenter.Palette).Pixels, Png.ReadRgb(run.At("out/lone_overlay.png")).Pixels);
        Assert.Equal(6, Directory.GetFiles(run.At("out")).Length);
    }

    [Fact]
    public void A_bad_image_is_named_and_the_others_are_segmented_whatever_the_reason()
    {
        string[] images = [Copy("a.png"), Copy("text.png"), Copy("gone.png"), Damaged("cut.png"), Copy("small.png")];
        File.WriteAllText(images[1], "no image");
        Png.Write(images[4], new RgbImage(8, 8));
        using var segmenter = Segmenter.Open(run.Root, new() { Device = Device.Cpu, Engine = Engine.Runtime });
        var files = new LabelFiles(images, run.At("out"));
        File.Delete(images[2]);
        var result = files.Write(segmenter);

        Assert.Equal(["a.png", "small.png"], result.Written.Select(f => Path.GetFileName(f.File)));
        Assert.Equal(images[1..4], result.Failed.Select(f => f.Image));
        Assert.All(result.Failed, f => Assert.Contains(f.Image, f.Problem, StringComparison.Ordinal));
    }

    [Fact]
    public void A_disk_that_cannot_be_written_ends_the_work_at_once()
    {
        string[] images = [Copy("a.png"), Copy("b.png")];
        using var segmenter = Segmenter.Open(run.Root, new() { Device = Device.Cpu });
        Directory.CreateDirectory(run.At("out/a.png"));
        var done = new List<int>();
        Assert.ThrowsAny<Exception>(() => new LabelFiles(images, run.At("out")).Write(segmenter, done.Add));
        Assert.Empty(done);
    }

    [Fact]
    public void An_image_smaller_than_the_stride_is_padded_on_libtorch_and_gets_labels_of_its_size()
    {
        using var segmenter = Segmenter.Open(run.Root, new() { Device = Device.Cpu, Engine = Engine.Libtorch });
        var small = new RgbImage(20, 40);
        run.Image.Pixels.AsSpan(0, small.Pixels.Length).CopyTo(small.Pixels);
        var padded = new RgbImage(32, 40);
        for (var y = 0; y < 40; y++)
            small.Pixels.AsSpan(y * 60, 60).CopyTo(padded.Pixels.AsSpan(y * 96));
        var (labels, whole) = (segmenter.Segment(small), segmenter.Segment(padded));
        Assert.Equal((20, 40), (labels.Width, labels.Height));
        for (var y = 0; y < 40; y++)
            Assert.Equal(whole.Labels[(y * 32)..(y * 32 + 20)], labels.Labels[(y * 20)..(y * 20 + 20)]);
    }

    [Fact]
    public void A_submission_has_the_servers_names_and_numbers_and_wants_its_classes()
    {
        var image = Copy("berlin_000000_000019_leftImg8bit.png");
        using var segmenter = Segmenter.Open(run.Root, new() { Device = Device.Cpu });
        var file = new LabelFiles([image], run.At("out"), submission: Submission.All[0]).Write(segmenter).Written[0].File;

        Assert.Equal(run.At("out/berlin_000000_000019_pred_labelIds.png"), file);
        Assert.Equal(segmenter.Segment(run.Image).Labels.Select(k => (byte)LabelTable.CityscapesClassIds[k]), Png.ReadLabels(file).Labels);
        var voc = Assert.Throws<ArgumentException>(
            () => new LabelFiles([image], run.At("voc"), submission: Submission.All[1]).Write(segmenter));
        Assert.Equal($"submission voc-comp5 wants the 21 classes of {ClassList.Voc.Name}; {run.Checkpoint} has 19 others", voc.Message);
        Assert.False(Directory.Exists(run.At("voc")));
    }

    [Fact]
    public void What_cannot_be_written_is_refused_before_anything_is_segmented()
    {
        var image = Copy("street.png");
        Assert.Contains("would be replaced by labels", Refused([image], run.Folder), StringComparison.Ordinal);
        Assert.Contains("is given twice", Refused([image, image], run.At("out")), StringComparison.Ordinal);
        Assert.Contains("begin with CITY_SEQUENCE_FRAME", Refused([image], run.At("out"), Submission.All[0]), StringComparison.Ordinal);
        string[] twice = [Copy("x/ADE_1.png"), Copy("y/ADE_1.png")];
        Assert.Contains("would be written twice", Refused(twice, run.At("out"), Submission.All[3]), StringComparison.Ordinal);
        foreach (var (missing, message) in new[] { (run.Folder, "is a folder"), (run.At("none.png"), "no such image") })
            Assert.Contains(message, Assert.Throws<FileNotFoundException>(() => new LabelFiles([missing], run.At("out"))).Message,
                StringComparison.Ordinal);
    }

    static string Refused(string[] images, string folder, Submission? submission = null) =>
        Assert.Throws<ArgumentException>(() => new LabelFiles(images, folder, submission: submission)).Message;

    string Copy(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(run.At(name))!);
        Png.Write(run.At(name), run.Image);
        return run.At(name);
    }

    string Damaged(string name)
    {
        File.WriteAllBytes(run.At(name), File.ReadAllBytes(run.At("street.png"))[..200]);
        return run.At(name);
    }
}
