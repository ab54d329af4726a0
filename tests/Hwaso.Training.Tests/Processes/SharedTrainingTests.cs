using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Processes;

namespace Hwaso.Training.Tests.Processes;

/// <summary>
/// Networks of each kind learn in several processes what they learn in one: in float64, where rounding cannot hide a mistake. (In float32
/// training itself drifts: a ReLU whose input rounds over zero changes a gradient by a thousandth.)
/// </summary>
public sealed class SharedTrainingTests : TensorTest
{
    const int Images = 4, Side = 64, Steps = 2, Classes = 5;

    public static TheoryData<string, int> Cases => new()
    {
        { "hrnetv2-w18-small-v1", 4 },
        { "sanet-resnet50", 2 },
        { "unet-resnet50-multidecoder", 2 },
        { "hrnet-w18-small-v1-pose", 2 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Several_processes_learn_what_one_learns(string name, int size)
    {
        var whole = Train(name, null);

        var parts = Ranks.RunGroup(size, group => Train(name, group));

        for (var step = 0; step < Steps; step++)
            Assert.Equal(1, parts.Average(p => p.Losses[step]) / whole.Losses[step], 1e-9);
        foreach (var part in parts)
            foreach (var (key, wanted) in whole.Weights)
            {
                var given = part.Weights[key];
                // Of the largest number of the tensor: a small one is the difference of large ones.
                var scale = wanted.Max(Math.Abs) + 1e-12;
                var worst = wanted.Zip(given, (a, b) => Math.Abs(a - b)).Max() / scale;
                Assert.True(worst < 1e-8, $"{key}: {worst:g3} of its largest number");
            }
    }

    static (double[] Losses, Dictionary<string, double[]> Weights) Train(string name, ProcessGroup? group)
    {
        var (rank, count) = (group?.Rank ?? 0, Images / (group?.Size ?? 1));
        using var weights = Weights.Create(type: ScalarType.Float64);
        // The generator is the process's: only one thread may draw from it at a time.
        Func<Tensor, Tensor> loss;
        lock (Gate)
        {
            RandomState.Seed(3);
            loss = LossOf(name, weights, rank * count, count);
        }
        using var optimiser = new Sgd([new ParameterGroup([.. weights.Parameters], 1, 1e-4)], 0.01, momentum: 0.9);
        using var exchange = group is null ? null : new GradientExchange(group, [.. weights.Parameters.Select(p => p.Value)]);
        // Exchanges of batch norms go in an order of their own; in tests one group is enough, since nothing runs beside them.
        var losses = new double[Steps];
        for (var step = 0; step < Steps; step++)
        {
            using var scope = new Scope();
            exchange?.Begin();
            using (group is null ? default : new SharedStep(group, joinsBatchNorms: true))
            {
                var value = loss(Numbers(Images * 3 * Side * Side, 11 + step, -2, 2).Reshape(Images, 3, Side, Side)
                    .Narrow(0, rank * count, count));
                losses[step] = value.Item();
                value.Backward();
            }
            exchange?.Finish();
            optimiser.Step();
            optimiser.ZeroGrad();
        }
        return (losses, weights.State.Where(s => s.Value.Type == ScalarType.Float64)
            .ToDictionary(s => s.Key, s => s.Value.ToArray<double>()));
    }

    static Func<Tensor, Tensor> LossOf(string name, Weights weights, int first, int count)
    {
        var definition = ReducedNetwork.Of(Zoo.Define(new Recipes.ModelRecipe { Name = name }));
        // Each process drops other channels.
        if (definition is SANetDefinition dropping)
            definition = dropping with { Fcn = dropping.Fcn with { Dropout = 0 } };
        if (definition is PoseDefinition pose)
        {
            var poses = pose.Build(weights, Classes);
            poses.Train();
            var error = new JointsError();
            return images => error.Of(images.Apply(poses),
                Numbers(Images * Classes * 16 * 16, 5, 0, 1).Reshape(Images, Classes, 16, 16).Narrow(0, first, count));
        }
        var net = ((SegmentationDefinition)definition).Build(weights, Classes);
        net.Train();
        // Every image has other ignored pixels, the first none but a few labelled ones.
        Tensor Labels() => Tensor.From([.. Enumerable.Range(0, Images * Side * Side)
            .Select(k => (k / (Side * Side)) is 0 && k % 50 > 0 || k % 7 == 0 ? 255L : (k / 9 + k / Side) % Classes)], Images, Side, Side)
            .Narrow(0, first, count);
        var entropy = new CrossEntropy();
        switch (net)
        {
            case SANet sanet:
                var three = new SqueezeAttentionLoss(entropy, new ClassPresence());
                return images => sanet.Outputs(images) is var o ? three.Of(o[0], o[1], o[2], Labels()) : null!;
            case UNetMultiDecoder decoders:
                Tensor Depth() => Numbers(Images * Side * Side, 6, 0, 1).Reshape(Images, Side, Side) is var depth
                    ? Aten.MaskedFill(depth, Aten.Lt(depth, 0.3), double.NaN).Narrow(0, first, count) : null!;
                return images => decoders.Outputs(images) is var o
                    ? new MaskedSquaredError().Of(o[0], Depth()) * 0.15 + new Focal().Of(o[1], Labels()) * 0.85 : null!;
            default:
                return images => entropy.Of(images.Apply(net), Labels());
        }
    }

    static readonly Lock Gate = new();

    static Tensor Numbers(int count, int seed, double from, double to)
    {
        var random = new Random(seed);
        return Tensor.From([.. Enumerable.Range(0, count).Select(_ => from + (to - from) * random.NextDouble())], count);
    }
}
