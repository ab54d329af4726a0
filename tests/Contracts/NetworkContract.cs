using Hwaso.Checkpoints;
using Hwaso.Graph;
using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Tests;

/// <summary>What every network keeps to, whatever its architecture; a network's own tests hold its numbers against its authors'.</summary>
static class NetworkContract
{
    /// <summary>Outputs have the shapes of the task, and the images of a batch do not see each other.</summary>
    public static void Answers_in_the_shapes_of_its_task(NetworkCase network)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var built = new Built(network, seed: 1);
        built.Net.Eval();
        var x = built.Image();
        var outputs = network.Outputs(built.Net, x);
        // What else its losses look at has shapes of its own.
        CheckShape(network, outputs[^1].Shape);
        var alone = network.Outputs(built.Net, x.Narrow(0, 1, 1));
        // Float32, and other sizes of batch are computed in other orders: some thousand terms of 6e-8 each.
        foreach (var (output, single) in outputs.Zip(alone))
            AssertClose(output.Narrow(0, 1, 1).ToArray<float>(), single.ToArray<float>(), 1e-4, $"{network.Name}: the second image alone");
    }

    /// <summary>In training mode every learnable weight gets a finite gradient that is not all zero, but for the declared ones.</summary>
    public static void Gradients_reach_every_weight(NetworkCase network)
    {
        using var scope = new Scope();
        using var built = new Built(network, seed: 2);
        built.Step();
        var idle = new List<string>();
        foreach (var (name, parameter) in built.Weights.Parameters)
        {
            using var inner = new Scope();
            var gradient = parameter.Grad?.ToArray<float>() ?? [];
            Assert.True(Array.TrueForAll(gradient, float.IsFinite), $"{network.Name}: the gradient of {name} is not finite");
            if (Array.TrueForAll(gradient, g => g == 0) && !network.IsTakenAway(name))
                idle.Add(name);
        }
        Assert.Equal(network.Idle.Keys.Order(StringComparer.Ordinal), idle.Order(StringComparer.Ordinal));
    }

    /// <summary>Saved as safetensors and loaded into a network that was never initialised, it answers the same, bit for bit.</summary>
    public static void Answers_the_same_after_saving_and_loading(NetworkCase network)
    {
        using var scope = new Scope();
        using var built = new Built(network, seed: 3);
        // A step of training moves the running statistics off their first values.
        built.Step();
        var file = Path.Combine(Path.GetTempPath(), $"hwaso-contract-{Guid.NewGuid():N}.safetensors");
        try
        {
            SafeTensors.Write(file, built.Weights.State.Select(s => KeyValuePair.Create(s.Key, s.Value.ToHost())));
            var saved = TensorFile.Read(file).Tensors;
            using var second = new Built(network, seed: null);
            Assert.Equal(saved.Keys, second.Weights.State.Select(s => s.Key));
            foreach (var (key, tensor) in second.Weights.State)
                tensor.CopyFrom(saved[key]);
            var x = built.Image();
            Assert.Equal(built.Answer(x), second.Answer(x));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>What the recorded graph counts as parameters is what the weights hold, but for those that have no part.</summary>
    public static void Its_graph_has_the_parameters_of_its_weights(NetworkCase network)
    {
        using var scope = new Scope();
        using var built = new Built(network, seed: null);
        if (built.Net is not Net net)
            return;
        var cost = Cost.Of(NetworkGraph.Of(net, built.Image()));
        Assert.Equal(built.Weights.ParameterCount, cost.Parameters + network.Idle.Keys.Sum(name => built.Weights[name].Elements));
        Assert.InRange(cost.Macs, 1, cost.MacsAll);
        Assert.True(net.IsTraining, $"{network.Name}: recording changed its mode");
    }

    /// <summary>A forward leaves its outputs, a network nothing.</summary>
    public static void Leaves_no_tensor_behind(NetworkCase network)
    {
        var before = Tensor.LiveHandles;
        using (new Scope())
        using (var built = new Built(network, seed: 4))
        {
            built.Net.Eval();
            using (new NoGrad())
            {
                var x = built.Image();
                var held = Tensor.LiveHandles;
                using (var scope = new Scope())
                    scope.Keep(network.Outputs(built.Net, x)[^1]);
                Assert.Equal(held + 1, Tensor.LiveHandles);
            }
            built.Step();
        }
        Assert.Equal(before, Tensor.LiveHandles);
    }

    /// <summary>Evaluation changes no buffer and repeats itself; training moves the statistics that there are.</summary>
    public static void Learns_statistics_only_in_training(NetworkCase network)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var built = new Built(network, seed: 5);
        var x = built.Image();
        var first = built.Statistics();
        Assert.Equal(built.Answer(x), built.Answer(x));
        Assert.Equal(first, built.Statistics());
        built.Net.Train();
        network.Outputs(built.Net, x);
        if (built.HasStatistics)
            Assert.NotEqual(first, built.Statistics());
    }

    /// <summary>The generator's seed decides the initial values.</summary>
    public static void The_same_seed_gives_the_same_weights(NetworkCase network)
    {
        using var scope = new Scope();
        using var built = new Built(network, seed: 6);
        using var same = new Built(network, seed: 6);
        using var other = new Built(network, seed: 7);
        Assert.All(built.Weights.State.Zip(same.Weights.State),
            p => Assert.Equal(p.First.Value.ToHost().Data.ToArray(), p.Second.Value.ToHost().Data.ToArray()));
        Assert.Contains(built.Weights.State.Zip(other.Weights.State),
            p => !p.First.Value.ToHost().Data.Span.SequenceEqual(p.Second.Value.ToHost().Data.Span));
    }

    static void CheckShape(NetworkCase network, long[] shape)
    {
        var (n, height, width) = (network.Input[0], network.Input[2], network.Input[3]);
        Assert.Equal(n, shape[0]);
        switch (network.Task)
        {
            case ModelTask.Segmentation or ModelTask.Pose:
                Assert.Equal([n, network.Classes], shape[..2]);
                // At a stride of its own, the same both ways.
                Assert.Equal(height * shape[3], width * shape[2]);
                Assert.InRange(shape[2], 1, height);
                break;
            case ModelTask.Detection:
                Assert.Equal([n, 100, 6], shape);
                break;
            case ModelTask.Classification:
                Assert.Equal([n, network.Classes], shape);
                break;
            case ModelTask.Depth:
                Assert.Equal([n, 1, height, width], shape);
                break;
            case ModelTask.Features:
                Assert.InRange(shape.Length, 2, 4);
                break;
            default:
                Assert.Fail($"{network.Name}: no shapes are known for {network.Task}");
                break;
        }
    }

    static void AssertClose(float[] expected, float[] actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = expected.Max(Math.Abs);
        var worst = expected.Zip(actual, (e, a) => Math.Abs(e - a)).Max();
        Assert.True(worst <= tolerance * largest, $"{what}: differs by {worst:g4} where the largest number is {largest:g4}");
    }

    /// <summary>A network with its weights, for one check.</summary>
    sealed class Built : IDisposable
    {
        readonly NetworkCase network;

        public Built(NetworkCase network, ulong? seed)
        {
            this.network = network;
            Weights = Weights.Create(initialise: seed is not null);
            RandomState.Seed(seed ?? 0);
            Net = network.Build(Weights);
        }

        public Weights Weights { get; }

        public Module Net { get; }

        public Tensor Image()
        {
            RandomState.Seed(100);
            return Tensor.Randn(network.Input);
        }

        /// <summary>Forward and backward in training mode, every output's elements weighed differently.</summary>
        public void Step()
        {
            using var scope = new Scope();
            Net.Train();
            Tensor? sum = null;
            foreach (var output in network.Outputs(Net, Image()))
            {
                var part = (output * Tensor.Randn(output.Shape)).Sum();
                sum = sum is null ? part : sum + part;
            }
            sum!.Backward();
        }

        /// <summary>What it answers in evaluation mode.</summary>
        public float[] Answer(Tensor x)
        {
            using var scope = new Scope();
            using var off = new NoGrad();
            Net.Eval();
            return network.Outputs(Net, x)[^1].ToArray<float>();
        }

        /// <summary>Whether it has running statistics; other buffers are constants.</summary>
        public bool HasStatistics => Weights.Buffers.Any(b => b.Key.EndsWith(".running_mean", StringComparison.Ordinal));

        public double[] Statistics() => [.. Weights.Buffers.SelectMany(b => b.Value.ToArray<double>())];

        public void Dispose() => Weights.Dispose();
    }
}
