using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hwaso.Imaging;

namespace Hwaso.ServerBench;

/// <summary>The measurements of one run, and the table of them.</summary>
sealed class Report
{
    const double WantedRatio = 1.5, WantedDelay = 2, WantedRefusalMs = 10;

    // Two requests at once: while the network runs for one, the other's image is read.
    const int InFlight = 2;

    // A server that keeps what it should free grows with each request; the collector's heap breathes by less than this.
    const double WantedGrowth = 1.1;

    const int Times = 4, Watches = 10;

    readonly List<(double Own, double Peer)> throughput = [], perProcessorSecond = [];
    readonly List<double> memoryMiB = [];
    readonly BenchOptions options;
    IReadOnlyList<Answer> unloaded = [], loaded = [];
    double equalLabels;
    long countedBefore, countedAfter;
    int wrongAnswers, failedSmall;
    string load = "";

    Report(BenchOptions options) => this.options = options;

    /// <summary>Whether nothing was lost or wrong; slow is not unsound.</summary>
    public bool IsSound => wrongAnswers == 0 && failedSmall == 0 && Other == 0 && countedAfter - countedBefore == Accepted.Length;

    Answer[] Accepted => [.. loaded.Where(a => a.IsAccepted)];

    Answer[] Refused => [.. loaded.Where(a => a.IsRefused)];

    int Other => loaded.Count - Accepted.Length - Refused.Length;

    /// <summary>Starts both servers and measures.</summary>
    public static async Task<Report> Make(BenchOptions options)
    {
        var report = new Report(options);
        var before = LoadAverage();
        var images = BenchOptions.Pictures(options.Images);
        var threads = options.Threads.ToString(CultureInfo.InvariantCulture);
        using var own = await ServerProcess.Start("dotnet", options.Command, "serve", $"network={options.Model}", "--urls",
            "http://127.0.0.1:0", "--logs", "none", "--threads", threads);
        using (var peer = await ServerProcess.Start("node", options.Peer, options.Model, threads))
            await report.Beside(own, peer, images);
        Say("four times the capacity …");
        await report.Overload(own, images);
        Say($"{options.Requests} small requests …");
        await report.Watch(own, BenchOptions.Pictures(options.Small));
        report.load = $"Load average {before} before, {LoadAverage()} after; {options.Threads} threads; .NET {Environment.Version}.";
        return report;
    }

    /// <summary>The table.</summary>
    public IEnumerable<string> Lines()
    {
        var ratio = throughput.Select(t => t.Own / t.Peer).ToArray();
        var work = perProcessorSecond.Select(t => t.Own / t.Peer).ToArray();
        var (alone, many) = (Ms(unloaded), Ms(Accepted));
        var refusal = Middle([.. Refused.Select(a => a.Ms)]);
        var delay = At(many, 0.99) / At(alone, 0.99);
        var growth = memoryMiB.TakeLast(3).Average() / memoryMiB.Take(3).Average();
        yield return load;
        yield return "";
        yield return "| | wanted | measured | |";
        yield return "|---|---|---|---|";
        yield return Line("throughput beside Node", $"≥ {WantedRatio} ×", Middle(ratio) >= WantedRatio,
            $"**{Middle(ratio):0.00}** [{ratio.Min():0.00}–{ratio.Max():0.00}]: {Middle([.. throughput.Select(t => t.Own)]):0.0} and "
            + $"{Middle([.. throughput.Select(t => t.Peer)]):0.0} images a second");
        yield return Line("the same by processor time", "", null,
            $"**{Middle(work):0.00}** [{work.Min():0.00}–{work.Max():0.00}]; labels equal {100 * equalLabels:0.0} %");
        yield return Line("one request at a time", "", null,
            $"median {Middle(alone):0.0} ms, p99 {At(alone, 0.99):0.0} ms ({alone.Length})");
        yield return Line($"p99 of accepted ones at {Times} × capacity", $"≤ {WantedDelay} × p99 alone", delay <= WantedDelay,
            $"**{delay:0.00}**: median {Middle(many):0.0} ms, p99 {At(many, 0.99):0.0} ms ({many.Length})");
        yield return Line("median of refusals", $"≤ {WantedRefusalMs} ms", refusal <= WantedRefusalMs,
            $"**{refusal:0.0} ms** ({Refused.Length}), p99 {At(Ms(Refused), 0.99):0.0} ms");
        yield return Line("lost, or answered twice", "0", Other == 0 && countedAfter - countedBefore == many.Length && wrongAnswers == 0,
            $"{loaded.Count} sent, {many.Length} accepted, {Refused.Length} refused, {Other} other; the server counts "
            + $"{countedAfter - countedBefore}; {wrongAnswers} answers differ from those to the same image alone");
        yield return Line($"memory over {options.Requests} requests", "flat", growth <= WantedGrowth && failedSmall == 0,
            $"**{growth:0.00}**: {string.Join(", ", memoryMiB.Select(m => m.ToString("0", CultureInfo.InvariantCulture)))} MiB; "
            + $"{failedSmall} failed");
    }

    async Task Beside(ServerProcess own, ServerProcess peer, IReadOnlyList<byte[]> images)
    {
        using var ownLoad = new Load(own, images);
        using var peerLoad = new Load(peer, images);
        Say("warming both servers …");
        foreach (var each in new[] { ownLoad, peerLoad })
            await each.Closed(InFlight, options.Seconds);
        for (var k = 0; k < images.Count; k++)
            equalLabels += Equal(await ownLoad.Send(k), await peerLoad.Send(k)) / images.Count;
        for (var round = 0; round < options.Rounds; round++)
        {
            Say($"throughput, round {round + 1} …");
            var isOwnFirst = round % 2 == 0;
            var first = await Turn(isOwnFirst ? own : peer, isOwnFirst ? ownLoad : peerLoad);
            var second = await Turn(isOwnFirst ? peer : own, isOwnFirst ? peerLoad : ownLoad);
            var (mine, other) = isOwnFirst ? (first, second) : (second, first);
            throughput.Add((mine.PerSecond, other.PerSecond));
            perProcessorSecond.Add((mine.PerProcessorSecond, other.PerProcessorSecond));
        }
    }

    async Task<(double PerSecond, double PerProcessorSecond)> Turn(ServerProcess server, Load load)
    {
        var (used, began) = (server.ProcessorTime, Stopwatch.GetTimestamp());
        var answers = await load.Closed(InFlight, options.Seconds);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        wrongAnswers += answers.Count(a => !a.IsAccepted);
        return (answers.Count / seconds, answers.Count / (server.ProcessorTime - used).TotalSeconds);
    }

    async Task Overload(ServerProcess own, IReadOnlyList<byte[]> images)
    {
        using var load = new Load(own, images);
        var expected = new byte[images.Count][];
        for (var k = 0; k < images.Count; k++)
            expected[k] = (await load.Send(k)).Body;
        unloaded = await load.Closed(1, options.OverloadSeconds / 2);
        countedBefore = await Counted(load);
        loaded = await load.Open(Times * Middle([.. throughput.Select(t => t.Own)]), options.OverloadSeconds, options.Seed);
        countedAfter = await Counted(load);
        wrongAnswers += unloaded.Concat(loaded).Count(a => a.IsAccepted && !a.Body.AsSpan().SequenceEqual(expected[a.Image]));
    }

    async Task Watch(ServerProcess own, IReadOnlyList<byte[]> small)
    {
        using var load = new Load(own, small);
        await load.Closed(InFlight, most: options.Requests / Watches);
        memoryMiB.Add(own.ResidentMiB);
        for (var k = 1; k < Watches; k++)
        {
            failedSmall += (await load.Closed(InFlight, most: options.Requests / Watches)).Count(a => !a.IsAccepted);
            memoryMiB.Add(own.ResidentMiB);
        }
    }

    static async Task<long> Counted(Load load)
    {
        using var json = JsonDocument.Parse(await load.Text("/v2/models/network/stats"));
        return json.RootElement.GetProperty("model_stats")[0].GetProperty("inference_count").GetInt64();
    }

    static double Equal(Answer a, Answer b)
    {
        var (ours, theirs) = (Png.DecodeLabels(a.Body, "Hwaso").Labels, Png.DecodeLabels(b.Body, "Node").Labels);
        return ours.Zip(theirs).Count(p => p.First == p.Second) / (double)ours.Length;
    }

    static string Line(string what, string wanted, bool? isMet, string measured) =>
        $"| {what} | {wanted} | {measured} | {(isMet switch { true => "met", false => "**missed**", null => "" })} |";

    static double[] Ms(IReadOnlyList<Answer> answers) => [.. answers.Select(a => a.Ms).Order()];

    // The least number that this share does not exceed.
    static double At(double[] sorted, double share) =>
        sorted.Length == 0 ? double.NaN : sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];

    static double Middle(double[] numbers) => At([.. numbers.Order()], 0.5);

    static string LoadAverage() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    static void Say(string text) => Console.Error.WriteLine($"bench-server: {text}");
}
