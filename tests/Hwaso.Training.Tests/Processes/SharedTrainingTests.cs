using Hwaso.Models;
using Hwaso.Models.Detectors;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Nn.Boxes;
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
    const int Side = 64, Classes = 5;

    // `make processes` trains for 20 steps, each network in 2, 3 and 4 processes.
    static readonly int steps = int.TryParse(Environment.GetEnvironmentVariable("HWASO_SHARED_STEPS"), out var given) ? given : 2;

    /// <summary>
    /// A network, the images of a batch, and the processes. Where those do not divide the images some have one more, which losses of pixels
    /// allow: poses, boxes and SANet's classes have means over images, and a recipe's batch must divide.
    /// </summary>
    public static TheoryData<string, int, int> Cases
    {
        get
        {
            string[] networks =
            [
                "hrnetv2-w18-small-v1", "sanet-resnet50", "unet-resnet50-multidecoder", "hrnet-w18-small-v1-pose",
                "faster-rcnn-hrnetv2p-w18",
            ];
            // The two decoders take as long as all others together.
            (int Images, int Size)[][] few = [[(5, 3)], [(4, 4)], [], [(3, 3)], [(2, 2)]];
            var cases = new TheoryData<string, int, int>();
            foreach (var (k, network) in networks.Index())
                foreach (var (images, size) in steps == 2 ? few[k] : [(4, 2), (k is 0 or 2 ? 5 : 3, 3), (4, 4)])
                    cases.Add(network, images, size);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Several_processes_learn_what_one_learns(string name, int images, int size)
    {
        var whole = Train(name, images, null);

        var parts = Ranks.RunGroup(size, group => Train(name, images, group));

        // Boxes are float32 whatever the network computes in, so their last digits are not the same.
        var (lossTolerance, tolerance) = name.StartsWith("faster-rcnn", StringComparison.Ordinal) ? (1e-6, 1e-5) : (1e-9, 1e-8);
        for (var step = 0; step < steps; step++)
            Assert.Equal(1, parts.Average(p => p.Losses[step]) / whole.Losses[step], lossTolerance);
        foreach (var part in parts)
            foreach (var (key, wanted) in whole.Weights)
            {
                var given = part.Weights[key];
                // Of the largest number of the tensor: a small one is the difference of large ones.
                var scale = wanted.Max(Math.Abs) + 1e-12;
                var worst = wanted.Zip(given, (a, b) => Math.Abs(a - b)).Max() / scale;
                Assert.True(worst < tolerance, $"{key}: {worst:g3} of its largest number");
            }
    }

    static (double[] Losses, Dictionary<string, double[]> Weights) Train(string name, int images, ProcessGroup? group)
    {
        var (rank, size) = (group?.Rank ?? 0, group?.Size ?? 1);
        var first = images * rank / size;
        var count = images * (rank + 1) / size - first;
        using var weights = Weights.Create(type: ScalarType.Float64);
        // The generator is the process's: only one thread may draw from it at a time.
        Func<Tensor, int, Tensor> loss;
        lock (Gate)
        {
            RandomState.Seed(3);
            loss = LossOf(name, weights, images, first, count);
        }
        using var optimiser = new Sgd([new ParameterGroup([.. weights.Parameters], 1, 1e-4)], 0.01, momentum: 0.9);
        using var exchange = group is null ? null : new GradientExchange(group, [.. weights.Parameters.Select(p => p.Value)]);
        // Exchanges of batch norms go in an order of their own; in tests one group is enough, since nothing runs beside them.
        var losses = new double[steps];
        for (var step = 0; step < steps; step++)
        {
            using var scope = new Scope();
            exchange?.Begin();
            using (group is null ? default : new SharedStep(group, joinsBatchNorms: true))
            {
                var value = loss(Numbers(images * 3 * Side * Side, 11 + step, -2, 2).Reshape(images, 3, Side, Side)
                    .Narrow(0, first, count), step);
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

    static Func<Tensor, int, Tensor> LossOf(string name, Weights weights, int all, int first, int count)
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
            return (images, _) => error.Of(images.Apply(poses),
                Numbers(all * Classes * 16 * 16, 5, 0, 1).Reshape(all, Classes, 16, 16).Narrow(0, first, count));
        }
        if (definition is DetectorDefinition boxes)
        {
            var detector = boxes.Build(weights, Classes);
            detector.Train();
            var losses = new DetectorLosses(detector, new SampleCounts(Anchors: 64, Proposals: 16));
            // What is drawn for an image depends on the image and the step alone, whoever has it.
            return (images, step) => losses.Of(images, [.. Enumerable.Repeat(new DetectorImage(Side, Side), count)],
                [.. Enumerable.Range(first, count).Select(TruthOf)],
                [.. Enumerable.Range(first, count).Select(k => new Random(100 * step + k))]).Total;
        }
        var net = ((SegmentationDefinition)definition).Build(weights, Classes);
        net.Train();
        // Every image has other ignored pixels, the first none but a few labelled ones.
        Tensor Labels() => Tensor.From([.. Enumerable.Range(0, all * Side * Side)
            .Select(k => (k / (Side * Side)) is 0 && k % 50 > 0 || k % 7 == 0 ? 255L : (k / 9 + k / Side) % Classes)], all, Side, Side)
            .Narrow(0, first, count);
        var entropy = new CrossEntropy();
        switch (net)
        {
            case SANet sanet:
                var three = new SqueezeAttentionLoss(entropy, new ClassPresence());
                return (images, _) => sanet.Outputs(images) is var o ? three.Of(o[0], o[1], o[2], Labels()) : null!;
            case UNetMultiDecoder decoders:
                Tensor Depth() => Numbers(all * Side * Side, 6, 0, 1).Reshape(all, Side, Side) is var depth
                    ? Aten.MaskedFill(depth, Aten.Lt(depth, 0.3), double.NaN).Narrow(0, first, count) : null!;
                return (images, _) => decoders.Outputs(images) is var o
                    ? new MaskedSquaredError().Of(o[0], Depth()) * 0.15 + new Focal().Of(o[1], Labels()) * 0.85 : null!;
            default:
                return (images, _) => entropy.Of(images.Apply(net), Labels());
        }
    }

    // Every image has another number of objects.
    static DetectorTruth TruthOf(int image) => new(
        [.. Enumerable.Range(0, 1 + image % 3).Select(k => new Box(5 + 3 * image, 4 + 9 * k, 30 + 5 * k, 40 + 4 * image))],
        [.. Enumerable.Range(0, 1 + image % 3).Select(k => (image + k) % Classes)]);

    static readonly Lock Gate = new();

    static Tensor Numbers(int count, int seed, double from, double to)
    {
        var random = new Random(seed);
        return Tensor.From([.. Enumerable.Range(0, count).Select(_ => from + (to - from) * random.NextDouble())], count);
    }
}
