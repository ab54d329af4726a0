using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Processes;

namespace Hwaso.Nn.Tests.Processes;

/// <summary>Several processes with parts of a batch compute what one computes with all of it; in float64, to see mistakes.</summary>
public sealed class SharedStepTests : TensorTest
{
    const int Classes = 4;

    public static TheoryData<string> Losses => ["cross entropy", "weighted", "smooth", "focal", "hard pixels of a threshold"];

    [Theory]
    [InlineData(new[] { 2, 2 })]
    [InlineData(new[] { 3, 1 })]
    [InlineData(new[] { 1, 2, 3 })]
    public void Batch_norm_counts_over_all_processes_whatever_each_has(int[] parts)
    {
        var (x, dy) = (Numbers(parts.Sum(), 3, 4, 5, seed: 1), Numbers(parts.Sum(), 3, 4, 5, seed: 2));
        var whole = Norm(x, dy, null);

        var results = Ranks.RunGroup(parts.Length, group =>
        {
            var first = parts.Take(group.Rank).Sum() * 60;
            var count = parts[group.Rank] * 60;
            return Norm(x[first..(first + count)], dy[first..(first + count)], group);
        });

        Near(whole.Y, [.. results.SelectMany(r => r.Y)]);
        Near(whole.Dx, [.. results.SelectMany(r => r.Dx)]);
        foreach (var result in results)
            Near(whole.Running, result.Running);
        // Each process's gradients of scale and shift are of its own part; their sum is of all.
        for (var k = 0; k < 6; k++)
            Assert.Equal(whole.Parameters[k], results.Sum(r => r.Parameters[k]), 9);
    }

    [Fact]
    public void One_value_per_channel_is_enough_where_another_process_has_one_too()
    {
        var results = Ranks.RunGroup(2, group => Norm([1.0 + group.Rank, 5, 6 - group.Rank], [1, 0, 0], group, side: 1).Y);

        Assert.All(results, y => Assert.All(y, v => Assert.True(double.IsFinite(v))));
        Assert.Equal(results[0][0], -results[1][0], 12);
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void The_mean_of_all_processes_losses_is_that_of_all_pixels(string name)
    {
        // One image is hardly labelled: the mean of both means would be another number.
        var logits = Numbers(2, Classes, 6, 5, seed: 3);
        var labels = Enumerable.Range(0, 60).Select(k => k < 27 ? 255L : k % Classes).ToArray();
        var whole = Loss(name, logits, labels, null);

        var results = Ranks.RunGroup(2, group => Loss(name, logits[(group.Rank * 120)..(group.Rank * 120 + 120)],
            labels[(group.Rank * 30)..(group.Rank * 30 + 30)], group));

        Assert.Equal(whole.Value, results.Average(r => r.Value), 12);
        Near(whole.Gradient, [.. results.SelectMany(r => r.Gradient.Select(g => g / 2))]);
    }

    [Fact]
    public void A_process_without_labels_adds_nothing()
    {
        var logits = Numbers(2, Classes, 6, 5, seed: 4);
        long[] labels = [.. Enumerable.Repeat(255L, 30), .. Enumerable.Range(0, 30).Select(k => (long)(k % Classes))];
        var whole = Loss("cross entropy", logits, labels, null);

        var results = Ranks.RunGroup(2, group => Loss("cross entropy", logits[(group.Rank * 120)..(group.Rank * 120 + 120)],
            labels[(group.Rank * 30)..(group.Rank * 30 + 30)], group));

        Assert.Equal(whole.Value, results.Average(r => r.Value), 12);
        Assert.All(results[0].Gradient, g => Assert.Equal(0, g));
    }

    static (double Value, double[] Gradient) Loss(string name, double[] logits, long[] labels, ProcessGroup? group)
    {
        using var scope = new Scope();
        using var loss = name switch
        {
            "weighted" => new CrossEntropy(classWeights: [0.2, 3, 0, 1]),
            "smooth" => new CrossEntropy(labelSmoothing: 0.1),
            "focal" => new Focal(alpha: 0.5),
            // So few are kept at least that the threshold alone decides; the threshold of the least number is each process's own.
            "hard pixels of a threshold" => new HardPixels(threshold: 0.5, keep: 1),
            _ => (IPixelLoss)new CrossEntropy(),
        };
        var z = Tensor.From(logits, labels.Length / 30, Classes, 6, 5);
        z.RequiresGrad = true;
        using var step = group is null ? default : new SharedStep(group, joinsBatchNorms: true);
        var value = loss.Of(z, Tensor.From(labels, labels.Length / 30, 6, 5));
        value.Backward();
        return (value.Item(), z.Grad!.ToArray<double>());
    }

    static (double[] Y, double[] Dx, double[] Running, double[] Parameters) Norm(double[] x, double[] dy, ProcessGroup? group, int side = 0)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(type: ScalarType.Float64);
        var norm = new BatchNorm2d(weights, 3);
        Aten.Call(new Operator("aten::copy_"), weights["weight"].Detach(), Tensor.From([0.5, 2, -1], 3), false);
        long[] shape = side > 0 ? [x.Length / 3, 3, side, side] : [x.Length / 60, 3, 4, 5];
        var input = Tensor.From(x, shape);
        input.RequiresGrad = true;
        Tensor y;
        using (group is null ? default : new SharedStep(group, joinsBatchNorms: true))
        {
            y = input.Apply(norm);
            (y * Tensor.From(dy, shape)).Sum().Backward();
        }
        return (y.ToArray<double>(), input.Grad!.ToArray<double>(),
            [.. weights["running_mean"].ToArray<double>(), .. weights["running_var"].ToArray<double>()],
            [.. weights["weight"].Grad!.ToArray<double>(), .. weights["bias"].Grad!.ToArray<double>()]);
    }

    static double[] Numbers(int n, int c, int h, int w, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, n * c * h * w).Select(_ => random.NextDouble() * 4 - 1)];
    }

    static void Near(double[] wanted, double[] given)
    {
        Assert.Equal(wanted.Length, given.Length);
        for (var k = 0; k < wanted.Length; k++)
            Assert.Equal(wanted[k], given[k], 9);
    }
}
