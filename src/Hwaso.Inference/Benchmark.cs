using System.Diagnostics;
using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Runtime;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference;

/// <summary>
/// Times a network on one image of a size: an exported one on Hwaso.Runtime, one of the zoo with initial weights on libtorch.
/// </summary>
public sealed class Benchmark : IDisposable
{
    // Enough for the just-in-time compiler to compile every kernel for good, and for libtorch to choose its own.
    static readonly TimeSpan warmUp = TimeSpan.FromSeconds(1), timed = TimeSpan.FromSeconds(3);
    const int FewestWarmUps = 2, FewestRuns = 10;

    readonly IDisposable owner;
    readonly Action<CancellationToken> run;

    Benchmark(IDisposable owner, Action<CancellationToken> run, string name, int channels, string engine, string device) =>
        (this.owner, this.run, Name, Channels, Engine, Device) = (owner, run, name, channels, engine, device);

    /// <summary>The network's name.</summary>
    public string Name { get; }

    /// <summary>Channels of the image.</summary>
    public int Channels { get; }

    /// <summary>The engine and its version.</summary>
    public string Engine { get; }

    /// <summary>The device.</summary>
    public string Device { get; }

    /// <summary>Opens an exported network.</summary>
    /// <param name="file">The <c>.onnx</c> file.</param>
    /// <param name="size">Height and width of the image.</param>
    /// <param name="threads">Threads; 0: one per processor.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ArgumentException">The network does not take one image of this size.</exception>
    /// <exception cref="Hwaso.Runtime.Format.ModelFormatException">The file is damaged, or needs something that Hwaso.Runtime does not
    /// have.</exception>
    public static Benchmark OfFile(string file, SizePx size, int threads = 0)
    {
        if (!File.Exists(file))
            throw new FileNotFoundException($"{file}: no such file");
        var model = OnnxModel.Load(file, new RuntimeOptions { Threads = threads });
        try
        {
            if (model.Inputs is not [{ IsFloat: true } input] || input.Shape is { Count: not 4 })
            {
                var inputs = string.Join(" and ", model.Inputs.Select(i => $"'{i.Name}' [{string.Join(", ", i.Shape ?? [])}]"));
                throw new ArgumentException($"{file}: one input of images [1, C, H, W] can be timed; it has {inputs}");
            }
            var channels = input.Shape is [_, > 0 and var declared, _, _] ? declared : 3;
            var session = model.Open([1, channels, size.Height, size.Width]);
            Numbers(session.Input(0).Length).CopyTo(session.Input(0));
            return new Benchmark(model, session.Run, file, channels, "Hwaso.Runtime", "cpu");
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Builds a network as it is deployed, with initial weights.</summary>
    /// <param name="definition">The network.</param>
    /// <param name="classes">K; without effect where the network has no classes.</param>
    /// <param name="size">Height and width of the image.</param>
    /// <param name="device">The device to compute on.</param>
    /// <exception cref="TorchException">The device lacks memory.</exception>
    public static Benchmark OfModel(ModelDefinition definition, int classes, SizePx size, Device device)
    {
        ArgumentNullException.ThrowIfNull(definition);
        var weights = Weights.Create(device);
        try
        {
            var net = definition.Deployed().Build(weights, classes);
            weights.UseMemoryFormat(MemoryFormat.ChannelsLast);
            net.Eval();
            var channels = definition.ImageChannels;
            var input = Numbers(channels * size.Height * size.Width);
            return new Benchmark(
                weights, _ => Forward(net, input, channels, size, device), definition.Name, channels, $"libtorch {TorchInfo.Version}",
                $"{device}");
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Runs the network again and again on the same image, after a second of runs that do not count.</summary>
    /// <param name="runs">Runs to time; null: as many as fit into three seconds, at least 10.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    /// <exception cref="ArgumentException">The network does not take an image of this size.</exception>
    /// <exception cref="TorchException">The network refuses the image, or the device lacks memory.</exception>
    public Latency Measure(int? runs = null, CancellationToken stop = default)
    {
        Repeat(FewestWarmUps, warmUp, stop);
        return new Latency(Repeat(runs ?? FewestRuns, runs is null ? timed : TimeSpan.Zero, stop));
    }

    /// <summary>Frees the network.</summary>
    public void Dispose() => owner.Dispose();

    double[] Repeat(int atLeast, TimeSpan span, CancellationToken stop)
    {
        var times = new List<double>();
        for (var began = Stopwatch.GetTimestamp(); times.Count < atLeast || Stopwatch.GetElapsedTime(began) < span;)
        {
            stop.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            run(stop);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        return [.. times.Order()];
    }

    // Numbers to the device, the answer back to the processor: that also waits for a GPU.
    static void Forward(Net net, float[] input, int channels, SizePx size, Device device)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var x = Tensor.From(input, 1, channels, size.Height, size.Width).To(device).Contiguous(MemoryFormat.ChannelsLast);
        net.Call(x).To(Torch.Device.Cpu);
    }

    // The range of an image after normalisation; the values make no difference to the time.
    static float[] Numbers(int count)
    {
        var random = new Random(1);
        return Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 4) - 2)).ToArray();
    }
}

/// <summary>The times of a network's runs.</summary>
/// <param name="Milliseconds">The times, ascending.</param>
public sealed record Latency(IReadOnlyList<double> Milliseconds)
{
    /// <summary>Half of the runs were faster.</summary>
    public double Median => (Milliseconds[(Milliseconds.Count - 1) / 2] + Milliseconds[Milliseconds.Count / 2]) / 2;

    /// <summary>95 % of the runs were as fast.</summary>
    public double P95 => Milliseconds[(int)Math.Ceiling(0.95 * Milliseconds.Count) - 1];

    /// <summary>The fastest run.</summary>
    public double Least => Milliseconds[0];
}
