using Hwaso.Onnx;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Tests;

/// <summary>
/// Uses of a segmentation model: tiles, labels of other sizes, many threads, no allocation, cancelling, invalid images.
/// </summary>
public sealed class SegmentationRunTests
{
    static readonly RuntimeOptions two = new() { Threads = 2 };

    /// <summary>
    /// The network sees 3 pixels around each pixel and the tiles overlap by more, so tiles must give the whole image's labels, bit for bit.
    /// </summary>
    [Theory]
    [InlineData(200, 152, 700)]
    [InlineData(152, 200, 700)]
    [InlineData(400, 64, 400)]
    [InlineData(260, 260, 500)]
    public void An_image_labelled_in_tiles_has_the_labels_and_scores_of_the_whole(int width, int height, int mostKiB)
    {
        using var whole = SegmentationModel.Load(StreetModel.File(), "whole", two);
        using var tiled = SegmentationModel.Load(StreetModel.File(), "tiled", two with { MostBytes = mostKiB << 10 });
        var image = StreetModel.Image(width, height);

        var expected = whole.Segment(image, width, height, withScores: true);
        var result = tiled.Segment(image, width, height, withScores: true);

        Assert.Equal(1, expected.Tiles);
        Assert.InRange(result.Tiles, 2, 40);
        Assert.Equal(expected.Labels, result.Labels);
        Assert.Equal(expected.Scores, result.Scores);
        Assert.Equal(StreetModel.Classes, expected.Labels.Distinct().Count());
        // Once more, and one image that needs no tiles, in the memory that is allocated by now.
        Assert.Equal(expected.Labels, tiled.Segment(image, width, height).Labels);
        Assert.Equal(1, tiled.Segment(StreetModel.Image(64, 64), 64, 64).Tiles);
    }

    [Fact]
    public void A_network_that_gives_labels_is_asked_in_tiles_too_and_has_no_scores()
    {
        using var whole = SegmentationModel.Load(StreetModel.File(labels: true), "whole", two);
        using var tiled = SegmentationModel.Load(StreetModel.File(labels: true), "tiled", two with { MostBytes = 700 << 10 });
        var image = StreetModel.Image(200, 152);
        var result = tiled.Segment(image, 200, 152);

        Assert.True(result.Tiles > 1);
        Assert.Equal(whole.Segment(image, 200, 152).Labels, result.Labels);
        Assert.Null(whole.ClassCount);
        Assert.Contains("the network's output is labels; it has no scores",
            Assert.Throws<ArgumentException>(() => whole.Segment(image, 200, 152, withScores: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tiles_that_do_not_fit_the_network_are_reported_with_their_size_and_the_images()
    {
        using var document = new OnnxDocument();
        document.Input("image", OnnxDataType.Float32, (1, ""), (3, ""), (null, "height"), (null, "width"));
        document.Weight("w", [64, 3, 1, 1], new float[192]);
        document.Weight("v", [1, 3, 304, 400], new float[3 * 304 * 400]);
        document.Node("Add", "size", ["image", "v"], ["fixed"]);
        document.Node("Conv", "wide", ["fixed", "w"], ["scores"]);
        document.Output("scores", OnnxDataType.Float32, (1, ""), (64, ""), (null, "h"), (null, "w"));
        using var model = SegmentationModel.Load(document.ToArray([]), "model", two with { MostBytes = 4 << 20 });

        var error = Assert.Throws<ArgumentException>(() => model.Segment(StreetModel.Image(400, 304), 400, 304));

        Assert.Matches("an image of 400×304 pixels needs too much memory as a whole, and its tiles of \\d+×\\d+ do not fit the network: "
            + ".*allow more memory", error.Message);
    }

    [Fact]
    public void Memory_for_not_even_a_small_tile_is_told()
    {
        using var model = SegmentationModel.Load(StreetModel.File(), "model", two with { MostBytes = 64 << 10 });
        var error = Assert.Throws<ArgumentException>(() => model.Segment(StreetModel.Image(200, 152), 200, 152));
        Assert.Contains("an image of 200×152 pixels: even its smallest tiles need more memory", error.Message,
            StringComparison.Ordinal);
        Assert.Contains("RuntimeOptions.MostBytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_of_another_size_come_from_the_scores_resized_to_it()
    {
        using var model = SegmentationModel.Load(StreetModel.File(), "model", two);
        var image = StreetModel.Image(96, 64);
        var labels = new byte[24 * 16];

        model.Segment(image, 96, 64, labels, 24, 16);

        // At the scores' own size each label is the best score; at the image's size scores are averages of four.
        using var network = OnnxModel.Load(StreetModel.File(), "model", two);
        var session = network.Open([1, 3, 64, 96]);
        var (mean, deviation) = (model.Metadata.Mean, model.Metadata.Deviation);
        for (var k = 0; k < image.Length; k++)
            session.Input(0)[(k % 3 * 96 * 64) + (k / 3)] = (float)(((image[k] / 255.0) - mean[k % 3]) / deviation[k % 3]);
        session.Run();
        var scores = session.Output(0).ToArray();
        byte Best(int pixel) => (byte)Enumerable.Range(0, StreetModel.Classes).MaxBy(c => scores[(c * labels.Length) + pixel]);
        Assert.Equal(Enumerable.Range(0, labels.Length).Select(Best), labels);
        Assert.Throws<ArgumentException>(() => model.Segment(image, 96, 64, labels, 24, 17));
        Assert.Throws<ArgumentException>(() => model.Segment(image, 96, 64, [], 0, 0));
    }

    /// <summary>The calling thread allocates no byte, for the whole image or in tiles, including the first call after warming up.</summary>
    [Theory]
    [InlineData(2L << 30)]
    [InlineData(700L << 10)]
    public void Nothing_is_allocated_for_an_image_of_a_size_that_was_warmed_up(long most)
    {
        using var model = SegmentationModel.Load(StreetModel.File(), "model", two with { MostBytes = most });
        var (image, labels) = (StreetModel.Image(200, 152), new byte[200 * 152]);
        model.WarmUp(200, 152);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var run = 0; run < 20; run++)
            model.Segment(image, 200, 152, labels);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(StreetModel.Classes, labels.Distinct().Count());
    }

    [Fact]
    public void Many_threads_use_one_model_at_images_of_several_sizes()
    {
        (int Width, int Height)[] sizes = [(96, 64), (64, 96), (133, 75), (200, 152), (97, 65), (160, 40)];
        using var model = SegmentationModel.Load(StreetModel.File(), "model", two with { MostBytes = 700 << 10 });
        var expected = sizes.Select(s => model.Segment(StreetModel.Image(s.Width, s.Height), s.Width, s.Height).Labels).ToArray();

        var wrong = 0;
        var threads = Enumerable.Range(0, 8).Select(thread => new Thread(() =>
        {
            for (var run = 0; run < 30; run++)
            {
                var (k, random) = ((thread + run) % sizes.Length, (thread * 7) + run);
                var image = StreetModel.Image(sizes[k].Width, sizes[k].Height);
                using var stop = new CancellationTokenSource();
                if (random % 5 == 0)
                    stop.Cancel();
                try
                {
                    if (!model.Segment(image, sizes[k].Width, sizes[k].Height, stop: stop.Token).Labels.SequenceEqual(expected[k]))
                        Interlocked.Increment(ref wrong);
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    // The other threads must not be affected.
                }
            }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();

        Assert.Equal(0, wrong);
    }

    [Fact]
    public void Stopping_ends_it_whenever_it_comes_and_the_next_image_is_right()
    {
        using var model = SegmentationModel.Load(StreetModel.File(), "model", two with { MostBytes = 700 << 10 });
        var image = StreetModel.Image(400, 300);
        var expected = model.Segment(image, 400, 300).Labels;
        using (var stop = new CancellationTokenSource())
        {
            stop.Cancel();
            Assert.Throws<OperationCanceledException>(() => model.Segment(image, 400, 300, stop: stop.Token));
        }
        using (var stop = new CancellationTokenSource())
        using (var began = new ManualResetEventSlim())
        {
            Exception? ended = null;
            var caller = new Thread(() => ended = Record.Exception(() =>
            {
                while (!began.IsSet || !stop.IsCancellationRequested)
                {
                    model.Segment(image, 400, 300, stop: stop.Token);
                    began.Set();
                }
            }));
            caller.Start();
            began.Wait();
            stop.Cancel();
            caller.Join();
            Assert.True(ended is null or OperationCanceledException, $"{ended}");
        }
        Assert.Equal(expected, model.Segment(image, 400, 300).Labels);
    }

    [Fact]
    public void An_image_smaller_than_the_networks_stride_is_refused()
    {
        using var model = SegmentationModel.Load(StreetModel.File(), "model", two);
        Assert.Equal("an image of 9×3 pixels is smaller than the stride of the network, 4 pixels; enlarge it, or give it a border",
            Assert.Throws<ArgumentException>(() => model.Segment(StreetModel.Image(9, 3), 9, 3)).Message);
        Assert.Throws<ArgumentException>(() => model.WarmUp(3, 9));
        Assert.Equal(16, model.Segment(StreetModel.Image(4, 4), 4, 4).Labels.Length);
    }

    [Fact]
    public void A_file_that_names_other_classes_than_it_scores_is_refused()
    {
        var file = StreetModel.File();
        using var model = SegmentationModel.Load(file, "model", two);
        Assert.Equal((StreetModel.Classes, 0), (model.ClassCount, model.Classes.Count));
        const string classes = """[{"name": "road", "color": [1, 2, 3]}, {"name": "sky", "color": [4, 5, 6]}]""";
        Assert.Equal("model: names 2 classes, but has scores of 5", Assert.Throws<ModelFormatException>(() => SegmentationModel.Load(
            StreetModel.File(metadata: new() { [SegmentationMetadata.ClassesKey] = classes }), "model", two)).Message);
    }
}
