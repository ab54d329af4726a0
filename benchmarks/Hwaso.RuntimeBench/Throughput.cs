using System.Diagnostics;

namespace Hwaso.RuntimeBench;

/// <summary>Images per second of both runtimes: in batches, and from several callers at a time on one model and one pool.</summary>
/// <param name="folder">The folder of the networks.</param>
/// <param name="threads">Threads of each side's pool.</param>
/// <param name="rounds">Turns of each side.</param>
sealed class Throughput(string folder, int threads, int rounds)
{
    const double TurnSeconds = 1, WarmSeconds = 2;

    // Both runtimes' threads spin for a while after a run, on processors that the other side needs.
    const int RestMs = 30;

    // Networks whose files have a free batch, and networks that servers run on single images.
    static readonly string[] batched = ["pp-ocrv4-recogniser", "pp-ocrv4-detector"];
    static readonly string[] shared = ["hrnetv2-w18-small-v1", "deeplabv3-mobilenetv3", "dinov2-s"];

    /// <summary>A table with a line for each case, as it is measured.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"{threads} threads a side; ONNX Runtime {PeerRun.Version}, .NET {Environment.Version}. "
            + "Images per second by the clock; ratio = Hwaso.Runtime ÷ ONNX Runtime, above 1 is faster.";
        yield return "";
        yield return "| network, input | batch | callers | Hwaso.Runtime | ONNX Runtime | ratio, median [min–max] | by processor time |";
        yield return "|---|--:|--:|--:|--:|--:|--:|";
        foreach (var name in batched)
            foreach (var batch in (int[])[1, 4, 8])
                yield return Line(name, batch, callers: 1);
        foreach (var name in shared)
            foreach (var callers in (int[])[1, 2, 4])
                yield return Line(name, batch: 1, callers);
    }

    string Line(string name, int batch, int callers)
    {
        var usual = BenchNetwork.All.Single(n => n.Name == name);
        var network = usual with { Input = [batch, .. usual.Input[1..]] };
        var file = Path.Combine(folder, name + ".onnx");
        using var ours = new NetworkRun(file, network, threads, default);
        using var theirs = new PeerRun(file, network, threads);
        var (own, peer) = (Calls(ours, callers), Calls(theirs, callers));
        Turn(own, WarmSeconds);
        Turn(peer, WarmSeconds / 2);
        List<Rate> a = [], b = [];
        for (var round = 0; round < rounds; round++)
        {
            if (round % 2 != 0)
                b.Add(Turn(peer, TurnSeconds));
            a.Add(Turn(own, TurnSeconds));
            if (round % 2 == 0)
                b.Add(Turn(peer, TurnSeconds));
        }
        var ratios = a.Zip(b, (x, y) => x.PerSecond / y.PerSecond).ToArray();
        return $"| {name} {string.Join('×', usual.Input[2..])} | {batch} | {callers} "
            + $"| {batch * Middle(a.Select(r => r.PerSecond)):0.0} | {batch * Middle(b.Select(r => r.PerSecond)):0.0} "
            + $"| **{Middle(ratios):0.00}** [{ratios.Min():0.00}–{ratios.Max():0.00}] "
            + $"| {Middle(a.Zip(b, (x, y) => x.PerProcessorSecond / y.PerProcessorSecond)):0.00} |";
    }

    static Action[] Calls(IRuntime runtime, int callers) => [.. Enumerable.Range(0, callers).Select(_ => runtime.Caller())];

    // Every caller runs again and again, until the time is over; a run that began in time counts, and so does its time.
    static Rate Turn(Action[] calls, double seconds)
    {
        Thread.Sleep(RestMs);
        var count = 0;
        var (began, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var callers = Array.ConvertAll(calls, run => new Thread(() =>
        {
            while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
            {
                run();
                Interlocked.Increment(ref count);
            }
        }));
        Array.ForEach(callers, c => c.Start());
        Array.ForEach(callers, c => c.Join());
        return new(count / Stopwatch.GetElapsedTime(began).TotalSeconds, count / (Environment.CpuUsage.TotalTime - used).TotalSeconds);
    }

    static double Middle(IEnumerable<double> numbers) => numbers.Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : 0;

    /// <summary>Runs per second by the clock and per second of the processors' time.</summary>
    readonly record struct Rate(double PerSecond, double PerProcessorSecond);
}
