using Hwaso.Models.Networks;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Inference.Tests;

public sealed class BenchmarkTests : TensorTest
{
    [Theory]
    [InlineData(1, 0.5, 0.5)]
    [InlineData(4, 1.25, 2)]
    [InlineData(21, 5.5, 10)]
    public void Median_and_95th_percentile_are_those_of_the_ordered_times(int runs, double median, double p95)
    {
        // 0.5, 1, 1.5, …: of 21 times 20 are at most 10.
        var times = new Latency([.. Enumerable.Range(1, runs).Select(k => k / 2.0)]);
        Assert.Equal((0.5, median, p95), (times.Least, times.Median, times.P95));
    }

    [Fact]
    public void An_exported_network_and_one_of_the_zoo_are_timed_as_often_as_asked_and_stop()
    {
        using var run = new SmallRun();
        using var exported = Benchmark.OfFile(run.Exported(), new(64, 96), threads: 1);
        using var network = Benchmark.OfModel(Zoo.Find("hrnetv2-w18-small-v1"), 19, new(64, 64), Device.Cpu);
        Assert.Equal(("Hwaso.Runtime", "cpu"), (exported.Engine, exported.Device));
        Assert.Equal(($"libtorch {TorchInfo.Version}", "hrnetv2-w18-small-v1"), (network.Engine, network.Name));
        foreach (var benchmark in new[] { exported, network })
        {
            var times = benchmark.Measure(runs: 3);
            Assert.Equal(3, times.Milliseconds.Count);
            Assert.True(times.Least > 0 && times.Milliseconds.SequenceEqual(times.Milliseconds.Order()),
                string.Join(", ", times.Milliseconds));
            Assert.Throws<OperationCanceledException>(() => benchmark.Measure(stop: new CancellationToken(canceled: true)));
        }
    }

    [Fact]
    public void A_size_that_an_exported_network_does_not_take_is_refused()
    {
        using var run = new SmallRun();
        var file = run.Exported(new ExportOptions(new(64, 96)));
        Assert.Contains("[1, 3, 64, 96] was wanted", Assert.Throws<ArgumentException>(() => Benchmark.OfFile(file, new(96, 64))).Message,
            StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => Benchmark.OfFile(run.At("none.onnx"), new(96, 64)));
    }
}
