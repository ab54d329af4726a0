using System.Diagnostics;
using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.DeviceCheck.SideBySide;

/// <summary>One thing to time.</summary>
/// <param name="Trains">A training step, or inference.</param>
/// <param name="Batch">Images.</param>
/// <param name="Height">Of an image.</param>
/// <param name="Width">Of an image.</param>
/// <param name="Compute">The narrower type of products and convolutions; null for float32.</param>
/// <param name="Seconds">Ends the timed calls.</param>
/// <param name="Graph">Whether the work is recorded once and replayed.</param>
sealed record TimedCase(bool Trains, int Batch, int Height, int Width, ScalarType? Compute, double Seconds, bool Graph)
{
    public static TimedCase Of(JsonObject request) => new(
        request["mode"]!.GetValue<string>() == "train",
        request["batch"]!.GetValue<int>(), request["size"]![0]!.GetValue<int>(), request["size"]![1]!.GetValue<int>(),
        request["precision"]!.GetValue<string>() switch
        {
            "float32" => null,
            "bfloat16" => ScalarType.BFloat16,
            var other => throw new ArgumentException($"precision '{other}'"),
        },
        request["seconds"]!.GetValue<double>(), request["graph"]?.GetValue<bool>() ?? false);
}

/// <summary>
/// A network with weights by the fixtures' rule, in channels last; every case begins with these weights. The other side
/// (eng/device/peer.py) has the same numbers, so the results must agree.
/// </summary>
sealed class TimedNetwork : IDisposable
{
    const int Classes = 19, WarmUps = 3, LeastCalls = 3, MostCalls = 50;
    const double SecondsBefore = 1;

    readonly Device device;
    readonly Weights weights;
    readonly SegmentationNet net;
    readonly Dictionary<string, HostTensor> first = [];

    public TimedNetwork(string name, Device device)
    {
        using var scope = new Scope();
        (Name, this.device) = (name, device);
        weights = Weights.Create(device, initialise: false);
        var definition = Zoo.FindSegmentation(name);
        // Both sides draw other numbers for dropout, and nothing could be compared.
        if (definition is SANetDefinition squeeze)
            definition = squeeze with { Fcn = squeeze.Fcn with { Dropout = 0 } };
        net = definition.Build(weights, Classes);
        foreach (var (key, tensor) in weights.State)
            first[key] = FormulaWeights.Fill(key, tensor.Shape);
        weights.UseMemoryFormat(MemoryFormat.ChannelsLast);
        // The just-in-time compiler's first versions of the door's code are slow.
        foreach (var trains in new[] { false, true })
            Measure(new TimedCase(trains, 1, 64, 128, null, SecondsBefore, Graph: false), mostCalls: int.MaxValue);
    }

    public string Name { get; }

    /// <summary>Times a case: milliseconds of each call, a result to compare, and the device's memory at most.</summary>
    public JsonObject Measure(TimedCase asked, int mostCalls = MostCalls)
    {
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(first[key]);
        if (device.Type == DeviceType.Cuda)
            DeviceMemory.Reset(device);
        using var scope = new Scope();
        var image = Tensor.From(FormulaWeights.Fill("input", asked.Batch, 3, asked.Height, asked.Width)).To(device)
            .Contiguous(MemoryFormat.ChannelsLast);
        using var run = asked.Trains ? new TrainingRun(this, asked, image) : (Run)new InferenceRun(this, asked, image);
        var value = run.Value();
        // A graph is recorded in the third of its calls.
        for (var k = 1; k < (asked.Graph ? 2 * WarmUps : WarmUps); k++)
            run.Call();
        var times = new JsonArray();
        var began = Stopwatch.GetTimestamp();
        while (times.Count < mostCalls && (times.Count < LeastCalls || Stopwatch.GetElapsedTime(began).TotalSeconds < asked.Seconds))
        {
            device.Synchronize();
            var start = Stopwatch.GetTimestamp();
            run.Call();
            device.Synchronize();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        var reply = new JsonObject { ["times_ms"] = times, ["value"] = value };
        if (device.Type == DeviceType.Cuda)
        {
            var memory = DeviceMemory.Of(device);
            reply["peak_mib"] = memory.PeakBytes / (double)(1 << 20);
            reply["reserved_mib"] = memory.ReservedPeakBytes / (double)(1 << 20);
        }
        return reply;
    }

    public void Dispose() => weights.Dispose();

    Tensor Forward(Tensor image, ScalarType? compute)
    {
        using (compute is { } type ? new Autocast(device, type) : default)
            return net.Call(image);
    }

    /// <summary>Work that is called again and again: at once, or recorded as a graph after some calls and then replayed.</summary>
    abstract class Run(TimedCase asked, Device device) : IDisposable
    {
        const int CallsBefore = 2;

        readonly CudaGraph? graph = asked.Graph ? new CudaGraph(device) : null;
        int calls;

        /// <summary>A number that both sides compute, from the first call.</summary>
        public abstract double Value();

        public void Call()
        {
            if (graph is null || ++calls <= CallsBefore)
            {
                if (graph is null)
                    Work(keep: false);
                else
                    graph.Warm(() => Work(keep: false));
            }
            else
            {
                if (calls == CallsBefore + 1)
                    graph.Record(() => Work(keep: true));
                graph.Replay();
            }
            After();
        }

        public virtual void Dispose() => graph?.Dispose();

        /// <summary>What a graph can hold.</summary>
        /// <param name="keep">Whether its results are read after each replay.</param>
        protected abstract void Work(bool keep);

        /// <summary>The rest of a call.</summary>
        protected virtual void After()
        {
        }
    }

    /// <summary>An evaluation forward without gradients.</summary>
    sealed class InferenceRun : Run
    {
        readonly TimedNetwork owner;
        readonly TimedCase asked;
        readonly Tensor image;
        Tensor? logits;

        public InferenceRun(TimedNetwork owner, TimedCase asked, Tensor image) : base(asked, owner.device)
        {
            (this.owner, this.asked, this.image) = (owner, asked, image);
            owner.net.Eval();
        }

        public override double Value()
        {
            using var scope = new Scope();
            using var off = new NoGrad();
            return Aten.Abs(owner.Forward(image, asked.Compute).To(ScalarType.Float32)).Mean().Item();
        }

        public override void Dispose()
        {
            logits?.Dispose();
            base.Dispose();
        }

        protected override void Work(bool keep)
        {
            using var scope = new Scope();
            using var off = new NoGrad();
            var answer = owner.Forward(image, asked.Compute);
            logits = keep ? answer.Own() : null;
        }
    }

    /// <summary>Forward, cross entropy of logits resized to the image, backward, SGD; the loss is read.</summary>
    sealed class TrainingRun : Run
    {
        readonly TimedNetwork owner;
        readonly TimedCase asked;
        readonly Tensor image, labels;
        readonly CrossEntropy loss = new();
        readonly Sgd optimiser;
        Tensor? value;
        double read;

        public TrainingRun(TimedNetwork owner, TimedCase asked, Tensor image) : base(asked, owner.device)
        {
            (this.owner, this.asked, this.image) = (owner, asked, image);
            owner.net.Train();
            var pixels = asked.Batch * asked.Height * asked.Width;
            // As on the other side: the classes in turn, and one label in twenty ignored.
            var classes = Enumerable.Range(0, pixels).Select(k => (long)(k % (Classes + 1))).Select(l => l == Classes ? 255 : l);
            labels = Tensor.From([.. classes], asked.Batch, asked.Height, asked.Width).To(owner.device);
            optimiser = new Sgd([new ParameterGroup([.. owner.weights.Parameters], WeightDecay: 0.0001)], 0.001, momentum: 0.9);
        }

        public override double Value()
        {
            Work(keep: false);
            After();
            return read;
        }

        public override void Dispose()
        {
            value?.Dispose();
            optimiser.ZeroGrad();
            optimiser.Dispose();
            loss.Dispose();
            base.Dispose();
        }

        protected override void Work(bool keep)
        {
            using var scope = new Scope();
            // Recorded, backward writes the gradients to the same places at each replay.
            optimiser.ZeroGrad();
            var made = loss.Of(owner.Forward(image, asked.Compute).To(ScalarType.Float32), labels);
            made.Backward();
            value?.Dispose();
            value = made.Detach().Own();
        }

        protected override void After()
        {
            optimiser.Step();
            read = value!.Item();
        }
    }
}
