using Hwaso.Data.Loading;

namespace Hwaso.Data.Tests;

public sealed class LoaderTests
{
    static readonly Augmentation augmentation = new() { CropHeight = 12, CropWidth = 16, PhotometricDistortion = true };

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void Batches_do_not_depend_on_threads(int threads)
    {
        using var data = new LookAlike().Cityscapes(11);
        Assert.Equal(Epoch(data, threads: 1), Epoch(data, threads));
        Assert.Equal(Epoch(data, threads: 1), Epoch(data, threads, cache: 1 << 20));
        Assert.Equal(Epoch(data, threads: 1), Epoch(data, threads, cache: 1500));
    }

    [Fact]
    public void An_epoch_can_begin_at_any_batch()
    {
        using var data = new LookAlike().Cityscapes(11);
        var whole = Epoch(data, 2);
        Assert.Equal(5, whole.Count);
        for (var first = 0; first <= 5; first++)
            Assert.Equal(whole.Skip(first), Epoch(data, 2, first: first));
    }

    [Fact]
    public void Epochs_and_seeds_differ_and_each_image_comes_once()
    {
        using var data = new LookAlike().Cityscapes(10);
        Assert.NotEqual(Epoch(data, 2, epoch: 0), Epoch(data, 2, epoch: 1));
        Assert.NotEqual(Epoch(data, 2, seed: 1), Epoch(data, 2, seed: 2));
        var ids = Loader(data, 2, 1, 0).Epoch(3).SelectMany(b =>
        {
            using (b)
                return b.Ids.ToArray();
        }).ToArray();
        Assert.Equal(10, ids.Distinct().Count());
    }

    [Fact]
    public void A_broken_image_surfaces_at_its_batch_with_its_path()
    {
        using var data = new LookAlike().Cityscapes(8);
        var victim = Path.Combine(data.Root, "leftImg8bit/train/city/city_000006_000019_leftImg8bit.png");
        File.WriteAllBytes(victim, File.ReadAllBytes(victim)[..100]);
        var loader = new Loader(Datasets.Open("cityscapes", data.Root, "train"), augmentation, new LoaderOptions { BatchSize = 2, Threads = 3, Shuffle = false });
        var taken = 0;
        var error = Assert.Throws<Imaging.ImageFormatException>(() =>
        {
            foreach (var batch in loader.Epoch(0))
            {
                batch.Dispose();
                taken++;
            }
        });
        Assert.Contains(victim, error.Message, StringComparison.Ordinal);
        Assert.Equal(3, taken);
    }

    [Fact]
    public async Task Leaving_early_ends_the_threads()
    {
        using var data = new LookAlike().Cityscapes(11);
        var left = Task.Run(() => Loader(data, 4, 1, 0).Epoch(0).First().Dispose());
        Assert.Same(left, await Task.WhenAny(left, Task.Delay(TimeSpan.FromSeconds(20))));
        await left;
    }

    static List<(string, long)> Epoch(LookAlike data, int threads, int epoch = 0, int first = 0, int seed = 1, long cache = 0) =>
        Loader(data, threads, seed, cache).Epoch(epoch, first).Select(batch =>
        {
            using (batch)
            {
                var hash = new HashCode();
                foreach (var value in batch.Images)
                    hash.Add(BitConverter.SingleToInt32Bits(value));
                hash.AddBytes(batch.Labels);
                return (string.Join(",", batch.Ids), (long)hash.ToHashCode());
            }
        }).ToList();

    static Loader Loader(LookAlike data, int threads, int seed, long cache) => new(
        Datasets.Open("cityscapes", data.Root, "train"), augmentation, new LoaderOptions { BatchSize = 2, Threads = threads, Seed = seed, CacheBytes = cache });
}
