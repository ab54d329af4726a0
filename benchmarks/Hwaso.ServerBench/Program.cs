// `hwaso serve` under load, beside a minimal server of Node's: `make bench-server` (see benchmarks/README.md).
using Hwaso.ServerBench;

BenchOptions options;
try
{
    options = BenchOptions.Read(args);
}
catch (Exception error) when (error is ArgumentException or FormatException)
{
    Console.Error.WriteLine($"bench-server: {error.Message}");
    return 2;
}
var report = await Report.Make(options);
var text = string.Join('\n', report.Lines());
Console.WriteLine(text);
if (options.Results is { } file)
    File.WriteAllText(file, $"# `hwaso serve` under load, {DateTime.Now:yyyy-MM-dd HH:mm}\n\n{text}\n");
return report.IsSound ? 0 : 1;
