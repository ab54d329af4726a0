using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Inference.Tests;

/// <summary>One network opened in each form and on each engine.</summary>
public sealed class SegmenterTests : TensorTest
{
    static readonly SegmenterOptions onCpu = new() { Device = Device.Cpu };

    readonly SmallRun run = new();

    public override void Dispose()
    {
        run.Dispose();
        base.Dispose();
    }

    [Fact]
    public void A_run_its_checkpoint_and_its_exported_file_give_the_same_labels()
    {
        using var ofRun = Segmenter.Open(run.Root, onCpu);
        using var ofCheckpoint = Segmenter.Open(run.Checkpoint, onCpu);
        using var exported = Segmenter.Open(run.Exported());

        Segmenter[] all = [ofRun, ofCheckpoint, exported];
        var expected = ofRun.Segment(run.Image);
        Assert.True(expected.Labels.Distinct().Count() > 2, "one class everywhere shows nothing");
        foreach (var segmenter in all)
        {
            Assert.Equal(("Hwaso.Runtime", 19), (segmenter.Engine, segmenter.ClassCount));
            Assert.Equal(ClassList.Cityscapes.Names, segmenter.Classes.Select(c => c.Name));
            Assert.Equal(expected.Labels, segmenter.Segment(run.Image).Labels);
            Assert.Equal(ofRun.Segment(run.Image, 30, 50).Labels, segmenter.Segment(run.Image, 30, 50).Labels);
        }
        Assert.Equal([run.Checkpoint, run.Checkpoint, run.At("mine.onnx")], all.Select(s => s.Source));
    }

    [Fact]
    public void Both_engines_give_the_same_labels_but_for_ties()
    {
        using var managed = Segmenter.Open(run.Root, onCpu with { Engine = Engine.Runtime });
        using var native = Segmenter.Open(run.Root, onCpu with { Engine = Engine.Libtorch });
        // A window of the image's size is the image itself.
        using var window = Segmenter.Open(run.Root, onCpu with { Views = new() { Crop = new(64, 96) } });

        Assert.Equal(("Hwaso.Runtime", "libtorch", "libtorch"), (managed.Engine, native.Engine, window.Engine));
        Assert.Equal(native.Segment(run.Image).Labels, window.Segment(run.Image).Labels);
        AssertSameButForTies(native.Segment(run.Image), managed.Segment(run.Image));
        AssertSameButForTies(native.Segment(run.Image, 40, 30), managed.Segment(run.Image, 40, 30));
    }

    [Theory]
    [InlineData(Engine.Libtorch, false, "an exported network runs on Hwaso.Runtime; open the run that it came from on libtorch")]
    [InlineData(Engine.Automatic, true, "an exported network sees an image once and whole")]
    public void An_exported_network_refuses_another_engine_and_further_views(Engine engine, bool flip, string message)
    {
        var options = new SegmenterOptions { Engine = engine, Views = new() { Flip = flip } };
        var error = Assert.Throws<ArgumentException>(() => Segmenter.Open(run.At("any.onnx"), options));
        Assert.StartsWith($"{run.At("any.onnx")}: {message}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_exported_network_refuses_a_GPU_and_the_managed_engine_further_views()
    {
        var onGpu = Assert.Throws<ArgumentException>(() => Segmenter.Open(run.At("any.onnx"), new() { Device = Device.Cuda(1) }));
        Assert.Contains("runs on the processor, not on cuda:1; leave the device out", onGpu.Message, StringComparison.Ordinal);
        var flipped = onCpu with { Engine = Engine.Runtime, Views = new() { Flip = true } };
        var views = Assert.Throws<ArgumentException>(() => Segmenter.Open(run.Root, flipped));
        Assert.Contains("for cpu or other views use Engine.Libtorch", views.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Views_are_checked_and_files_looked_for_before_anything_is_read()
    {
        var skipping = new SegmenterOptions { Views = new() { Crop = new(8, 8), Stride = new(9, 9) } };
        Assert.Contains("pixels are skipped", Assert.Throws<ArgumentException>(() => Segmenter.Open(run.Root, skipping)).Message,
            StringComparison.Ordinal);
        foreach (var missing in new[] { "none.onnx", "none.safetensors", "runs/none" })
            Assert.Contains(
                missing, Assert.Throws<FileNotFoundException>(() => Segmenter.Open(run.At(missing))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_of_LIPs_classes_swaps_left_and_right_where_an_image_is_mirrored()
    {
        using var lip = new SmallRun([.. ClassList.Lip.Entries.Take(19)]);
        using var other = Segmenter.Open(lip.Root, onCpu);
        Assert.Empty(other.FlipPairs);
        using var own = new SmallRun(ClassList.Lip.Entries);
        using var segmenter = Segmenter.Open(own.Root, onCpu);
        Assert.Equal(ClassList.Lip.FlipPairs, segmenter.FlipPairs);
    }

    [Fact]
    public void A_checkpoint_without_classes_has_VOCs_colours()
    {
        using var unnamed = new SmallRun([]);
        using var segmenter = Segmenter.Open(unnamed.Root, onCpu);
        Assert.Empty(segmenter.Classes);
        Assert.Same(Palette.Voc, segmenter.Palette);
    }

    static void AssertSameButForTies(LabelMap expected, LabelMap actual)
    {
        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
        var same = expected.Labels.Zip(actual.Labels).Count(p => p.First == p.Second);
        // Both engines compute in float32 and round otherwise: scores that are as good as equal may change places.
        Assert.True(same >= 0.999 * expected.Labels.Length, $"{same} of {expected.Labels.Length}");
    }
}
