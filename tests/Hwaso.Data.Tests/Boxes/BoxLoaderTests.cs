using Hwaso.Data.Boxes;
using Hwaso.Data.Loading;

namespace Hwaso.Data.Tests.Boxes;

public sealed class BoxLoaderTests : IDisposable
{
    readonly BoxFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Batches_are_the_same_on_any_number_of_threads_and_from_the_middle_of_an_epoch()
    {
        var data = Data();
        BoxLoader Loader(int threads) => new(
            data, Sampling with { Sizes = [Half, Whole] },
            new LoaderOptions { BatchSize = 2, Seed = 9, Threads = threads, CacheBytes = threads == 2 ? 1 << 20 : 0 });
        var (one, two) = (Read(Loader(1), 1, 0), Read(Loader(2), 1, 0));

        Assert.Equal(4, one.Count);
        Assert.Equal(one, two);
        Assert.Equal(one.Skip(2), Read(Loader(2), 1, 2));
        Assert.NotEqual(one, Read(Loader(1), 2, 0));
    }

    [Fact]
    public void Wide_and_high_images_never_share_a_batch_and_every_epoch_has_as_many_as_fit()
    {
        // Five wide and three high ones: two pairs, a pair, and one of each left, of which one is taken twice.
        var loader = new BoxLoader(Data(), Sampling, new LoaderOptions { BatchSize = 2, Seed = 4 });
        for (var epoch = 0; epoch < 4; epoch++)
        {
            var batches = 0;
            foreach (var batch in loader.Epoch(epoch))
                using (batch)
                {
                    Assert.Single(batch.Samples.Select(s => s.Size.Width > s.Size.Height).Distinct());
                    batches++;
                }
            Assert.Equal((4, 4), (batches, loader.BatchesPerEpoch));
        }
    }

    [Fact]
    public void Images_lie_in_the_upper_left_corner_of_planes_of_zeros()
    {
        folder.Write([(40, 50)], (1, 7, [1, 2, 10, 8], ""));
        var data = BoxLayouts.Open(BoxLayouts.Coco, folder.Root, "train");
        var loader = new BoxLoader(data, Sampling, new LoaderOptions { BatchSize = 1 });
        using var batch = loader.Epoch(0).First();

        Assert.Equal((64, 64), (batch.Height, batch.Width));
        var image = data.Images[0].Read();
        for (var c = 0; c < 3; c++)
            for (var y = 0; y < 64; y++)
                for (var x = 0; x < 64; x++)
                {
                    var value = batch.Images[(c * 64 + y) * 64 + x];
                    var wanted = y < 50 && x < 40
                        ? (image.Pixels[(y * 40 + x) * 3 + c] / 255.0 - Sampling.Mean[c]) / Sampling.Deviation[c] : 0;
                    Assert.Equal(wanted, value, 1e-6);
                }
    }

    // By hand from mmdetection 0.6 (a box includes its last pixel; the flip of w - x - 1) and from mmdetection 2 (w - x), at half the size.
    [Theory]
    [InlineData(1, false, new float[] { 5, 2, 9.5f, 5.5f })]
    [InlineData(1, true, new float[] { 9.5f, 2, 14, 5.5f })]
    [InlineData(0, false, new float[] { 5, 2, 10, 6 })]
    [InlineData(0, true, new float[] { 10, 2, 15, 6 })]
    public void Boxes_follow_each_convention(float extent, bool mirrored, float[] wanted)
    {
        var image = new BoxImage(1, "a.png", 40, 32, [new BoxObject(new(10, 4, 10, 8), 3, false), new BoxObject(new(0, 0, 9, 9), 1, true)]);
        var size = new SampledSize(16, 20, 0.5f, 0.5f);

        var (boxes, labels, _) = (Sampling with { Extent = extent, ClipsFirst = extent == 0 }).BoxesOf(image, size, mirrored);

        Assert.Equal(wanted, boxes);
        Assert.Equal([3], labels);
    }

    [Fact]
    public void Boxes_end_at_the_border_of_the_image()
    {
        var image = new BoxImage(1, "a.png", 40, 32, [new BoxObject(new(-5, 20, 60, 60), 0, false)]);
        var size = new SampledSize(32, 40, 1, 1);

        Assert.Equal([0f, 20, 39, 31], (Sampling with { Extent = 1, ClipsFirst = false }).BoxesOf(image, size, false).Boxes);
        Assert.Equal([0f, 20, 40, 32], Sampling.BoxesOf(image, size, false).Boxes);
    }

    [Fact]
    public void A_missing_image_is_named()
    {
        var data = Data();
        File.Delete(data.Images[0].Path);
        var loader = new BoxLoader(data, Sampling, new LoaderOptions { BatchSize = 1, Shuffle = false });

        Assert.Equal(data.Images[0].Path, Assert.Throws<DatasetException>(() => loader.Epoch(0).First()).Path);
    }

    static readonly Func<int, int, SampledSize> Whole = (height, width) => new SampledSize(height, width, 1, 1);

    static readonly Func<int, int, SampledSize> Half =
        (height, width) => new SampledSize(height / 2, width / 2, (float)(width / 2) / width, (float)(height / 2) / height);

    static readonly BoxSampling Sampling = new() { Sizes = [Whole] };

    BoxDataset Data()
    {
        (int, int)[] sizes = [(40, 32), (33, 50), (64, 32), (48, 40), (32, 32), (90, 70), (41, 40), (32, 60)];
        folder.Write(sizes, [.. sizes.Select((_, k) => (k + 1, 7, new double[] { 1, 2, 10 + k, 8 }, ""))]);
        return BoxLayouts.Open(BoxLayouts.Coco, folder.Root, "train");
    }

    static List<string> Read(BoxLoader loader, int epoch, int first)
    {
        var batches = new List<string>();
        foreach (var batch in loader.Epoch(epoch, first))
            using (batch)
            {
                var hash = new HashCode();
                foreach (var sample in batch.Samples)
                    hash.Add(sample.Seed);
                foreach (var value in batch.Images)
                    hash.Add(value);
                foreach (var value in batch.Samples.SelectMany(s => s.Boxes))
                    hash.Add(value);
                batches.Add($"{string.Join(' ', batch.Samples.Select(s => Path.GetFileName(s.File)))} {hash.ToHashCode()}");
            }
        return batches;
    }
}
