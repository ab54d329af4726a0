using System.Diagnostics;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso bench</c>: the same input again and again, one image at a time.</summary>
static class Benching
{
    // Enough for the just-in-time compiler to have compiled every kernel for good, and for libtorch to have chosen its own.
    static readonly TimeSpan warmUp = TimeSpan.FromSeconds(1), timed = TimeSpan.FromSeconds(3);
    const int FewestRuns = 10;

    public static int Run(BenchArguments arguments, VerbContext context)
    {
        using var network = BenchedNetwork.Open(arguments, context);
        Repeat(network, 2, warmUp, context);
        var times = Repeat(network, arguments.Runs ?? FewestRuns, arguments.Runs is null ? timed : TimeSpan.Zero, context);
        times.Sort();
        using var process = Process.GetCurrentProcess();
        var (median, slow, peak) = (Median(times), times[(int)Math.Ceiling(0.95 * times.Count) - 1], process.PeakWorkingSet64);
        context.Result(
            new JsonObject
            {
                ["milliseconds"] = Math.Round(median, 3),
                ["milliseconds_p95"] = Math.Round(slow, 3),
                ["milliseconds_min"] = Math.Round(times[0], 3),
                ["runs"] = times.Count,
                ["peak_bytes"] = peak,
                ["engine"] = network.Engine,
                ["device"] = network.Device,
                ["threads"] = context.ProcessorThreads,
            },
            console =>
            {
                console.WriteLine($"{network.Name}, 1 x 3 x {arguments.Size.Height} x {arguments.Size.Width}, on {network.Engine}, {network.Device}, {context.ProcessorThreads} threads");
                console.WriteLine($"median         {median,9:0.00} ms  ({1000 / median:0.0} images a second)");
                console.WriteLine($"95 % within    {slow,9:0.00} ms  (of {times.Count} runs; the fastest {times[0]:0.00})");
                console.WriteLine($"peak memory    {peak / 1048576.0,9:0.0} MiB (of the whole process)");
            });
        return ExitCode.Done;
    }

    static List<double> Repeat(BenchedNetwork network, int atLeast, TimeSpan span, VerbContext context)
    {
        var times = new List<double>();
        for (var began = Stopwatch.GetTimestamp(); times.Count < atLeast || Stopwatch.GetElapsedTime(began) < span;)
        {
            context.Cancel.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            network.Run();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        return times;
    }

    static double Median(List<double> sorted) => (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
}
