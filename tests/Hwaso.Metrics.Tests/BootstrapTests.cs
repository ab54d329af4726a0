using Hwaso.Data;

namespace Hwaso.Metrics.Tests;

public sealed class BootstrapTests
{
    [Fact]
    public void An_image_counts_as_often_as_a_Poisson_variable_of_mean_one()
    {
        const int replicates = 200_000;
        var bootstrap = new Bootstrap(classes: 1, replicates);
        // A hit, 1 of 1 true pixels: the weight itself is then the true pixels.
        bootstrap.Add("a", [1, 1, 1]);
        bootstrap.Add("b", [0, 1000, 0]);
        var drawn = bootstrap.Ious(0).Zip(bootstrap.PixelAccuracies()).ToArray();

        // Only a: hits w, truth w + 1000 v. A replicate without either has no score: chance e⁻². Five standard errors are 0.004.
        Assert.Equal(Math.Exp(-2), drawn.Count(d => d.First is null) / (double)replicates, 0.004);
        // Only a drawn, any number of times: IoU 1; chance (1 − e⁻¹) e⁻¹.
        Assert.Equal((1 - Math.Exp(-1)) * Math.Exp(-1), drawn.Count(d => d.First == 1) / (double)replicates, 0.005);
        // a once, b once: 1 of 1001 pixels; chance e⁻². Also a twice, b twice (e⁻² ÷ 4), three times (÷ 36), four (÷ 576): the same ratio.
        Assert.Equal(Math.Exp(-2) * (1 + 1 / 4.0 + 1 / 36.0 + 1 / 576.0),
            drawn.Count(d => d.Second is { } s && Math.Abs(s - 1 / 1001.0) < 1e-12) / (double)replicates, 0.005);
    }

    [Fact]
    public void Resampling_does_not_depend_on_order_or_threads_but_on_names()
    {
        var random = new Random(3);
        var images = Enumerable.Range(0, 20).Select(k => (Name: $"city/{k}", Counts: Counts(random, 4))).ToArray();
        var inOrder = new Bootstrap(4, 100);
        foreach (var (name, counts) in images)
            inOrder.Add(name, counts);
        random.Shuffle(images);
        var parts = Enumerable.Range(0, 3).Select(_ => new Bootstrap(4, 100)).ToArray();
        Parallel.For(0, 3, thread =>
        {
            for (var k = thread; k < images.Length; k += 3)
                parts[thread].Add(images[k].Name, images[k].Counts);
        });
        parts[0].Add(parts[1]);
        parts[0].Add(parts[2]);
        var renamed = new Bootstrap(4, 100);
        foreach (var (name, counts) in images)
            renamed.Add(name + "x", counts);

        Assert.Equal(inOrder.MeanIous(AbsentClasses.LeaveOut), parts[0].MeanIous(AbsentClasses.LeaveOut));
        Assert.NotEqual(inOrder.MeanIous(AbsentClasses.LeaveOut), renamed.MeanIous(AbsentClasses.LeaveOut));
        Assert.Throws<ArgumentException>(() => inOrder.Add(new Bootstrap(4, 99)));
        Assert.Throws<ArgumentException>(() => inOrder.Add("y", new long[11]));
    }

    [Fact]
    public void The_interval_of_the_pixel_accuracy_is_the_textbooks_when_images_are_alike()
    {
        // 400 images of one pixel, 300 right: the mean of a binomial, with standard error sqrt(0.75 × 0.25 ÷ 400) = 0.0217.
        var bootstrap = new Bootstrap(classes: 2, replicates: 4000);
        for (var k = 0; k < 400; k++)
            bootstrap.Add($"{k}", k % 4 == 0 ? [0, 0, 1, 0, 0, 1] : [1, 0, 1, 0, 1, 0]);
        var interval = Interval.Of(bootstrap.PixelAccuracies().OfType<double>())!;

        // 1.96 standard errors either side; the ends of 4000 replicates are good to some 5 % of that.
        Assert.Equal(0.75 - 1.96 * 0.0217, interval.Low, 0.004);
        Assert.Equal(0.75 + 1.96 * 0.0217, interval.High, 0.004);
    }

    [Fact]
    public void Percentiles_lie_between_neighbouring_values()
    {
        // 41 values, so that 2.5 % is exactly the second.
        var interval = Interval.Of(Enumerable.Range(0, 41).Select(k => 40.0 - k))!;
        Assert.Equal((1.0, 39.0), (interval.Low, interval.High));
        Assert.Equal(new Interval(0.025, 0.975), Interval.Of([1, 0]));
        Assert.Equal(new Interval(7, 7), Interval.Of([7]));
        Assert.Null(Interval.Of([]));
    }

    static long[] Counts(Random random, int classes)
    {
        var counts = new long[3 * classes];
        for (var k = 0; k < classes; k++)
        {
            counts[k] = random.Next(100);
            counts[classes + k] = counts[k] + random.Next(100);
            counts[2 * classes + k] = counts[k] + random.Next(100);
        }
        return counts;
    }
}
