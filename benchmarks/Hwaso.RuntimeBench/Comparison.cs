using System.Diagnostics;
using System.Globalization;
using Hwaso.Runtime;

namespace Hwaso.RuntimeBench;

/// <summary>One network on both runtimes, in turn in one process.</summary>
sealed class Comparison
{
    // A turn has as many runs as fit, so that a network of a millisecond is not at the mercy of one interruption.
    const double TurnSeconds = 0.15;

    // Both runtimes' threads spin for a while after a run, on processors that the other side needs.
    const int RestMs = 30;

    readonly BenchNetwork network;
    readonly bool isProcessorTime;
    readonly List<double> own = [], peer = [];
    double difference, ownMiB, peerMiB;

    Comparison(BenchNetwork network, bool isProcessorTime) => (this.network, this.isProcessorTime) = (network, isProcessorTime);

    /// <summary>The steps of Hwaso.Runtime with their costs and times.</summary>
    public IReadOnlyList<StepTime> Steps { get; private set; } = [];

    /// <summary>Whether both runtimes answer the same. What is not a number does not.</summary>
    public bool Agrees => difference <= network.Tolerance;

    /// <summary>The network's name.</summary>
    public string Name => network.Name;

    /// <summary>Measures a network.</summary>
    public static Comparison Of(BenchNetwork network, string file, BenchOptions options)
    {
        var result = new Comparison(network, options.ProcessorTime);
        using var ours = new NetworkRun(file, network, options.Threads, options.Path);
        using var theirs = new PeerRun(file, network, options.Threads);
        result.difference = Difference(ours.Output(), theirs.Output());
        result.Turn(ours, options.WarmSeconds);
        result.Turn(theirs, options.WarmSeconds / 2);
        for (var round = 0; round < options.Rounds; round++)
        {
            if (round % 2 != 0)
                result.peer.Add(result.Turn(theirs, TurnSeconds));
            result.own.Add(result.Turn(ours, TurnSeconds));
            if (round % 2 == 0)
                result.peer.Add(result.Turn(theirs, TurnSeconds));
        }
        if (options.Layers > 0)
            result.Steps = StepTime.Of(ours.Session, options.Layers);
        if (options.Memory)
        {
            var at = BenchNetwork.All.ToList().IndexOf(network);
            (result.ownMiB, result.peerMiB) = (Memory("ours", file, at, options), Memory("theirs", file, at, options));
        }
        return result;
    }

    /// <summary>Prints the most memory of a process that loads and runs a network with one runtime.</summary>
    public static void PrintMemory(string side, string file, BenchNetwork network, int threads)
    {
        using IRuntime runtime = side == "ours" ? new NetworkRun(file, network, threads, default) : new PeerRun(file, network, threads);
        for (var k = 0; k < 3; k++)
            runtime.Run();
        Console.WriteLine(OwnMemory.PeakMiB.ToString("R", CultureInfo.InvariantCulture));
    }

    /// <summary>Prints the memory of this process while a network is loaded and disposed again and again.</summary>
    public static void PrintReloads(string file, int times)
    {
        for (var k = 1; k <= times; k++)
        {
            using (OnnxModel.Load(file, new RuntimeOptions { Threads = 1 }))
            {
            }
            if (k is 1 or 2 || k % 10 == 0)
                Console.WriteLine($"after {k} loads: {Environment.WorkingSet / 1048576.0:0} MiB");
        }
        // A link's own length says nothing.
        using var opened = File.OpenRead(file);
        Console.WriteLine($"the most at any time: {OwnMemory.PeakMiB:0} MiB; the file has {opened.Length / 1048576.0:0} MiB");
    }

    /// <summary>The line of the table.</summary>
    public string Line()
    {
        var ratios = own.Zip(peer, (a, b) => a / b).ToArray();
        var middle = Middle(ratios);
        var verdict = middle <= network.Wanted ? $"{network.Wanted:0.00}" : $"{network.Wanted:0.00}, missed";
        var memory = ownMiB > 0 ? $"{ownMiB:0} MiB | {peerMiB:0} MiB | **{ownMiB / peerMiB:0.00}**" : "– | – | –";
        return $"| {network.Name} {string.Join('×', network.Input[2..])} | {Middle(own):0.0} ms | {Middle(peer):0.0} ms "
            + $"| **{middle:0.00}** [{ratios.Min():0.00}–{ratios.Max():0.00}] | {own.Min() / peer.Min():0.00} | {verdict} | {memory} "
            + $"| {difference:0e+0}{(Agrees ? "" : " **!**")} |";
    }

    // The median milliseconds of the runs of a turn; the first one brings the other side's memory out of the caches.
    double Turn(IRuntime runtime, double seconds)
    {
        Thread.Sleep(RestMs);
        runtime.Run();
        var times = new List<double>();
        var began = Stopwatch.GetTimestamp();
        do
        {
            var (start, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            runtime.Run();
            times.Add((isProcessorTime ? Environment.CpuUsage.TotalTime - used : Stopwatch.GetElapsedTime(start)).TotalMilliseconds);
        }
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds);
        return Middle(times);
    }

    static double Middle(IReadOnlyList<double> numbers) => numbers.Order().ElementAt(numbers.Count / 2);

    static double Difference(float[] a, float[] b)
    {
        if (a.Length != b.Length || a.Length == 0)
            return double.PositiveInfinity;
        double largest = 0, most = 0;
        for (var k = 0; k < a.Length; k++)
        {
            largest = Math.Max(largest, Math.Abs(b[k]));
            // NaN stays.
            most = Math.Max(most, Math.Abs((double)a[k] - b[k]));
        }
        return most == 0 ? 0 : most / largest;
    }

    static double Memory(string side, string file, int network, BenchOptions options)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        foreach (var argument in new[] { typeof(Comparison).Assembly.Location, "memory", side, file, $"{network}", $"{options.Threads}" })
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var line = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? double.Parse(line, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"the process that measures the memory of {file} ended with {process.ExitCode}");
    }
}
