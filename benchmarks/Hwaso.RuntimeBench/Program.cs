// Hwaso.Runtime and ONNX Runtime side by side in one process: `make bench-runtime` (see benchmarks/README.md).
using System.Globalization;
using Hwaso.RuntimeBench;

if (args is ["memory", var side, var model, var index, var threads])
{
    Comparison.PrintMemory(side, model, BenchNetwork.All[int.Parse(index, CultureInfo.InvariantCulture)],
        int.Parse(threads, CultureInfo.InvariantCulture));
    return 0;
}
if (args is ["reload", var reloaded, var times])
{
    Comparison.PrintReloads(reloaded, int.Parse(times, CultureInfo.InvariantCulture));
    return 0;
}
if (args is ["throughput", var folder, .. var numbers])
{
    var (count, turns) = numbers is [var first, var second] ? (first, second) : ("2", "5");
    foreach (var line in new Throughput(folder, int.Parse(count, CultureInfo.InvariantCulture),
        int.Parse(turns, CultureInfo.InvariantCulture)).Lines())
        Console.WriteLine(line);
    return 0;
}
if (args is ["bytes", var place, .. var chosenNames])
{
    foreach (var line in new EightBits(place, 2, rounds: 7).Lines(chosenNames))
        Console.WriteLine(line);
    return 0;
}
if (args is ["names"])
{
    foreach (var network in BenchNetwork.All)
        Console.WriteLine($"{network.Name} {string.Join('x', network.Input[2..])}");
    return 0;
}

BenchOptions options;
try
{
    options = BenchOptions.Read(args);
}
catch (Exception error) when (error is ArgumentException or FormatException)
{
    Console.Error.WriteLine($"bench-runtime: {error.Message}");
    return 2;
}
var chosen = BenchNetwork.All.Where(n => options.Only.IsMatch(n.Name)).ToArray();
var missing = chosen.Where(n => !File.Exists(FileOf(n))).Select(n => n.Name).ToArray();
if (missing.Length > 0 || chosen.Length == 0)
{
    Console.Error.WriteLine(chosen.Length == 0 ? $"bench-runtime: --only {options.Only} fits no network"
        : $"bench-runtime: {options.Folder} lacks {string.Join(", ", missing)}; `make bench-runtime` prepares them");
    return 2;
}
var before = Load();
var limits = options.Layers > 0 ? Limits.Measure(options.Threads) : null;
var measured = new List<Comparison>();
foreach (var network in chosen)
{
    Console.Error.WriteLine($"measuring {network.Name} …");
    measured.Add(Comparison.Of(network, FileOf(network), options));
}
// The better of two: other programs make the machine look smaller than it is.
if (limits is not null && Limits.Measure(options.Threads) is var again)
    limits = new Limits(Math.Max(limits.MultiplyAdds, again.MultiplyAdds), Math.Max(limits.Bytes, again.Bytes));
List<string> lines =
[
    $"Load average {before} before, {Load()} after; {options.Threads} threads; ONNX Runtime {PeerRun.Version}, .NET {Environment.Version}.",
    "",
    "| network | Hwaso.Runtime | ONNX Runtime | ratio, median [min–max] | of the best turns | wanted "
        + "| peak memory | ONNX Runtime's | ratio | differ by |",
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    .. measured.Select(m => m.Line()),
];
if (limits is not null)
{
    lines.Add("");
    lines.Add($"The machine's limits with {options.Threads} threads: {limits.MultiplyAdds / 1e9:0.0} · 10⁹ multiply-adds and "
        + $"{limits.Bytes / 1e9:0.0} · 10⁹ bytes a second, read and written.");
    foreach (var one in measured.Where(m => m.Steps.Count > 0))
    {
        lines.AddRange(StepTime.Table(one.Name, one.Steps, limits, each: false));
        if (options.Steps)
            lines.AddRange(StepTime.Table(one.Name, one.Steps, limits, each: true));
    }
}
var text = string.Join('\n', lines);
Console.WriteLine(text);
if (options.Results is { } results)
    File.WriteAllText(results, $"# Hwaso.Runtime beside ONNX Runtime, {DateTime.Now:yyyy-MM-dd HH:mm}\n\n{text}\n");
var differing = measured.Where(m => !m.Agrees).Select(m => m.Name).ToArray();
if (differing.Length > 0)
    Console.Error.WriteLine($"bench-runtime: outputs differ: {string.Join(", ", differing)}");
return differing.Length > 0 ? 1 : 0;

string FileOf(BenchNetwork network) => Path.Combine(options.Folder, network.Name + ".onnx");

static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];
