using Hwaso.Data.Layouts;
using Hwaso.Data.Loading;

namespace Hwaso.Data.Tests;

public sealed class LoaderTests
{
    // What should take milliseconds, on a machine however busy.
    static readonly TimeSpan limit = TimeSpan.FromMinutes(1);

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
    public void Drawn_by_class_each_class_comes_as_often_and_an_epoch_is_as_long()
    {
        using var data = new LookAlike().Cityscapes(10);
        // One class in image 3 alone, one in all: of an epoch's draws 1/2 + 1/2 · 1/10 fall on image 3; a third is in none.
        var balance = new ClassBalance([[3], [.. Enumerable.Range(0, 10)], []], share: 1);
        var ids = Enumerable.Range(0, 60).SelectMany(epoch => Ids(data, balance, epoch)).ToArray();
        Assert.Equal(600, ids.Length);
        // 600 draws of probability 0.55: 330 ± 12.2; four deviations.
        Assert.InRange(ids.Count(id => id.Contains("000003", StringComparison.Ordinal)), 281, 379);
        // A share of 0 is the usual order, and an epoch is the same each time.
        Assert.Equal(Ids(data, null, 2), Ids(data, new ClassBalance([[3]], share: 0), 2));
        Assert.Equal(Ids(data, balance, 5), Ids(data, balance, 5));
        Assert.Equal(Ids(data, balance, 5).Skip(4), Ids(data, balance, 5, first: 2));
    }

    [Fact]
    public void An_image_drawn_twice_in_an_epoch_is_cropped_otherwise()
    {
        using var data = new LookAlike().Cityscapes(10);
        var loader = new Loader(Datasets.Open("cityscapes", data.Root, "train"), augmentation,
            new LoaderOptions { BatchSize = 10, Balance = new ClassBalance([[3]], share: 1) });
        using var batch = loader.Epoch(0).Single();
        Assert.Single(batch.Ids.Distinct());
        var pixels = batch.Images.ToArray();
        Assert.True(pixels.Chunk(pixels.Length / 10).Select(image => string.Join(' ', image)).Distinct().Count() > 5);
    }

    [Fact]
    public void Which_classes_are_where_is_read_from_the_labels()
    {
        using var data = new LookAlike().Cityscapes(6);
        var split = Datasets.Open("cityscapes", data.Root, "train");
        var there = Enumerable.Range(0, 6).Select(k => split.Read(k).Labels.Labels.Distinct().Where(l => l < 19).ToArray()).ToArray();
        var expected =
            new ClassBalance(Enumerable.Range(0, 19).Select(c => Enumerable.Range(0, 6).Where(k => there[k].Contains((byte)c)).ToArray()),
                1);
        for (var epoch = 0; epoch < 5; epoch++)
            Assert.Equal(Ids(data, expected, epoch), Ids(data, ClassBalance.Of(split, 1, 2), epoch));
        Assert.Contains("0 to 1", Assert.Throws<ArgumentException>(() => new ClassBalance([[1]], 1.5)).Message, StringComparison.Ordinal);
        Assert.Contains("no class is in any image", Assert.Throws<ArgumentException>(() => new ClassBalance([[], []], 1)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_image_surfaces_at_its_batch_with_its_path()
    {
        using var data = new LookAlike().Cityscapes(8);
        var victim = Path.Combine(data.Root, "leftImg8bit/train/city/city_000006_000019_leftImg8bit.png");
        File.WriteAllBytes(victim, File.ReadAllBytes(victim)[..100]);
        var loader = new Loader(Datasets.Open("cityscapes", data.Root, "train"), augmentation,
            new LoaderOptions { BatchSize = 2, Threads = 3, Shuffle = false });
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
    public void Of_several_broken_images_the_first_of_the_batch_is_named()
    {
        using var data = new LookAlike().Cityscapes(8);
        foreach (var k in new[] { 2, 3, 5 })
            File.WriteAllText(data.Make("leftImg8bit", "train", "city", $"city_{k:000000}_000019_leftImg8bit.png"), "broken");
        var loader = new Loader(Datasets.Open("cityscapes", data.Root, "train"), augmentation,
            new LoaderOptions { BatchSize = 8, Threads = 4, Shuffle = false });
        for (var again = 0; again < 20; again++)
            Assert.Contains("city_000002_", Assert.Throws<Imaging.ImageFormatException>(() => loader.Epoch(0).First()).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_that_is_no_class_is_named_with_its_file()
    {
        using var data = new LookAlike().Cityscapes(2);
        var victim = data.Make("gtFine", "train", "city", "city_000001_000019_gtFine_labelIds.png");
        Imaging.Png.WriteGray(victim, new Imaging.LabelMap(24, 16, Enumerable.Repeat((byte)77, 24 * 16).ToArray()));
        var error = Assert.Throws<DatasetException>(() => Loader(data, 2, 1, 0).Epoch(0).ToArray());
        Assert.Contains(victim, error.Message, StringComparison.Ordinal);
        Assert.Contains("label 77 (384 pixels)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_that_fill_no_batch_are_dropped_or_make_a_smaller_one()
    {
        using var data = new LookAlike().Cityscapes(5);
        var split = Datasets.Open("cityscapes", data.Root, "train");
        int[] Counts(bool dropLast, int size) =>
            new Loader(split, augmentation, new LoaderOptions { BatchSize = size, Threads = 2, DropLast = dropLast }).Epoch(0)
            .Select(batch =>
            {
                using (batch)
                {
                    Assert.Equal((batch.Count * 3 * 12 * 16, batch.Count * 12 * 16, batch.Count),
                        (batch.Images.Length, batch.Labels.Length, batch.Ids.Length));
                    return batch.Count;
                }
            }).ToArray();
        Assert.Equal([2, 2], Counts(true, 2));
        Assert.Equal([2, 2, 1], Counts(false, 2));
        Assert.Empty(Counts(true, 8));
        Assert.Equal([5], Counts(false, 8));
    }

    [Fact]
    public void Settings_out_of_range_are_refused_by_name()
    {
        using var data = new LookAlike().Cityscapes(1);
        var split = Datasets.Open("cityscapes", data.Root, "train");
        void Refused(string name, Augmentation a, LoaderOptions o) =>
            Assert.Contains(name, Assert.ThrowsAny<ArgumentException>(() => new Loader(split, a, o)).Message, StringComparison.Ordinal);
        var options = new LoaderOptions { BatchSize = 1 };
        Refused("BatchSize", augmentation, options with { BatchSize = 0 });
        Refused("Threads", augmentation, options with { Threads = 0 });
        Refused("Prefetch", augmentation, options with { Prefetch = 0 });
        Refused("crop", augmentation with { CropHeight = 0 }, options);
        Refused("scales", augmentation with { MinScale = 2, MaxScale = 1 }, options);
        Refused("Std", augmentation with { Std = [1, 0, 1] }, options);
    }

    [Fact]
    public async Task A_requested_stop_ends_the_wait_for_a_batch()
    {
        using var stop = new CancellationTokenSource();
        using var reading = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        var options = new LoaderOptions { BatchSize = 1, Threads = 2 };
        using var line = new AssemblyLine<Batch>(0, 4, options, _ => new Batch(1, 3, 1, 1), () => (_, _, _) =>
        {
            reading.Set();
            gate.Wait();
        });
        try
        {
            var waiting = Task.Run(() => Assert.ThrowsAny<OperationCanceledException>(() => line.Take(stop.Token)));
            Assert.True(reading.Wait(limit));
            Assert.False(waiting.IsCompleted);
            stop.Cancel();
            await waiting.WaitAsync(limit);
        }
        finally
        {
            // The threads end with the image each is at.
            gate.Set();
        }
    }

    [Fact]
    public void A_stop_that_was_requested_comes_before_batches_that_are_ready()
    {
        using var data = new LookAlike().Cityscapes(4);
        using var stop = new CancellationTokenSource();
        var options = new LoaderOptions { BatchSize = 1, Threads = 2, Stop = stop.Token };
        var loader = new Loader(Datasets.Open("cityscapes", data.Root, "train"), augmentation, options);
        var taken = 0;
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (var batch in loader.Epoch(0))
            {
                batch.Dispose();
                if (++taken == 2) stop.Cancel();
            }
        });
        Assert.Equal(2, taken);
    }

    [Fact]
    public async Task Leaving_early_ends_the_threads()
    {
        using var data = new LookAlike().Cityscapes(11);
        var left = Task.Run(() => Loader(data, 4, 1, 0).Epoch(0).First().Dispose());
        await left.WaitAsync(limit);
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
        Datasets.Open("cityscapes", data.Root, "train"), augmentation,
        new LoaderOptions { BatchSize = 2, Threads = threads, Seed = seed, CacheBytes = cache });

    static string[] Ids(LookAlike data, ClassBalance? balance, int epoch, int first = 0) =>
    [
        .. new Loader(Datasets.Open("cityscapes", data.Root, "train"), augmentation,
            new LoaderOptions { BatchSize = 2, Threads = 2, Balance = balance }).Epoch(epoch, first).SelectMany(b =>
        {
            using (b)
                return b.Ids.ToArray();
        }),
    ];
}
