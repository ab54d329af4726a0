using System.Diagnostics;
using Hwaso.Imaging;
using Hwaso.Inference.Quantising;

namespace Hwaso.RuntimeBench;

/// <summary>Networks in 8 bits: Hwaso.Runtime beside its own single precision, and beside ONNX Runtime on the same file.</summary>
/// <param name="folder">The folder of the networks; those in 8 bits are written into it.</param>
/// <param name="threads">Threads of each side.</param>
/// <param name="rounds">Turns of each side.</param>
sealed class EightBits(string folder, int threads, int rounds)
{
    const double TurnSeconds = 0.3, WarmSeconds = 3;

    // Both runtimes' threads spin for a while after a run, on processors that the other side needs.
    const int RestMs = 30;

    const int ProfiledRuns = 5;

    static readonly string[] usual = ["hrnetv2-w18-small-v1", "hrnetv2-w18", "hrnetv2-w48"];

    /// <summary>A table with a line for each network, and the kinds of steps of each.</summary>
    public IEnumerable<string> Lines(string[] names)
    {
        yield return $"{threads} threads a side; ONNX Runtime {PeerRun.Version}, .NET {Environment.Version}. Medians of {rounds} turns.";
        yield return "";
        yield return "| network, input | 8 bits | single precision | ratio (0.60 wanted) | ONNX Runtime, 8 bits | ratio (0.80 wanted) "
            + "| differ by |";
        yield return "|---|--:|--:|--:|--:|--:|--:|";
        var tables = new List<string>();
        var limits = Limits.Measure(threads);
        foreach (var name in names.Length > 0 ? names : usual)
        {
            var network = BenchNetwork.All.Single(n => n.Name == name);
            var single = Path.Combine(folder, name + ".onnx");
            var file = Path.Combine(folder, name + ".bytes.onnx");
            if (!File.Exists(file))
                Quantise(single, network, file);
            using var floats = new NetworkRun(single, network, threads, default);
            using var bytes = new NetworkRun(file, network, threads, default);
            using var peer = new PeerRun(file, network, threads);
            yield return Line(network, bytes, floats, peer);
            tables.AddRange(StepTime.Table($"{name} in 8 bits", StepTime.Of(bytes.Session, ProfiledRuns), limits, each: false));
            if (Environment.GetEnvironmentVariable("HWASO_STEPS") is not null)
                tables.AddRange(StepTime.Table($"{name} in 8 bits", StepTime.Of(bytes.Session, ProfiledRuns), limits, each: true));
            tables.AddRange(StepTime.Table($"{name} in single precision", StepTime.Of(floats.Session, ProfiledRuns), limits, each: false));
        }
        foreach (var line in tables)
            yield return line;
    }

    string Line(BenchNetwork network, NetworkRun bytes, NetworkRun floats, PeerRun peer)
    {
        IRuntime[] sides = [bytes, floats, peer];
        var times = Array.ConvertAll(sides, _ => new List<double>());
        foreach (var side in sides)
            Turn(side, WarmSeconds);
        for (var round = 0; round < rounds; round++)
            for (var k = 0; k < sides.Length; k++)
                times[(k + round) % sides.Length].Add(Turn(sides[(k + round) % sides.Length], TurnSeconds));
        var (own, other) = (bytes.Output(), peer.Output());
        var largest = other.Max(Math.Abs);
        var difference = own.Zip(other, (a, b) => Math.Abs(a - b)).Max() / largest;
        return $"| {network.Name} {string.Join('×', network.Input[2..])} | {Middle(times[0]):0.0} ms | {Middle(times[1]):0.0} ms "
            + $"| {Ratio(times[0], times[1])} | {Middle(times[2]):0.0} ms | {Ratio(times[0], times[2])} | {difference:0e+0} |";
    }

    static string Ratio(List<double> a, List<double> b)
    {
        var ratios = a.Zip(b, (x, y) => x / y).ToList();
        return $"**{Middle(ratios):0.00}** [{ratios.Min():0.00}–{ratios.Max():0.00}]";
    }

    static double Turn(IRuntime runtime, double seconds)
    {
        Thread.Sleep(RestMs);
        runtime.Run();
        var times = new List<double>();
        var began = Stopwatch.GetTimestamp();
        do
        {
            var start = Stopwatch.GetTimestamp();
            runtime.Run();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds);
        return Middle(times);
    }

    static double Middle(IReadOnlyList<double> numbers) => numbers.Order().ElementAt(numbers.Count / 2);

    // The weights are random, so no score says which layers to keep; all that can be in 8 bits are.
    static void Quantise(string single, BenchNetwork network, string file)
    {
        var (height, width) = (network.Input[2], network.Input[3]);
        var pixels = Array.ConvertAll(network.Numbers(), n => (byte)((n + 2) * 63));
        Console.Error.WriteLine($"quantising {network.Name} …");
        NetworkQuantiser.Quantise(File.ReadAllBytes(single), network.Name,
            [new ChannelImage(width, height, 3, pixels)], new QuantiserOptions { LeastDecibels = -1000, MostLoss = 1 }).Write(file);
    }
}
