using System.Text.Json.Nodes;
using Hwaso.Cli.Output;
using Hwaso.Cli.Verbs;
using Hwaso.Torch;

namespace Hwaso.Cli;

/// <summary>The page of <c>hwaso --version</c>: our version, libtorch's, and the devices it sees.</summary>
static class VersionPage
{
    public static int Write(VerbContext context)
    {
        var ours = typeof(VersionPage).Assembly.GetName().Version!.ToString(3);
        string[] devices = ["cpu", .. Enumerable.Range(0, TorchInfo.CudaDevices).Select(index => $"cuda:{index}")];
        var report = new JsonObject
        {
            ["version"] = ours,
            ["libtorch"] = TorchInfo.Version,
            ["devices"] = JsonOutput.Array(devices),
            ["processors"] = Environment.ProcessorCount,
            ["build"] = TorchInfo.BuildReport,
        };
        context.Result(report, output =>
        {
            output.WriteLine($"hwaso     {ours}");
            output.WriteLine($"libtorch  {TorchInfo.Version}");
            output.WriteLine($"devices   {string.Join(", ", devices)} ({Environment.ProcessorCount} processors)");
            output.WriteLine();
            // The rest, compiler flags and all, is in --json.
            foreach (var line in TorchInfo.BuildReport.Split('\n'))
                if (line.StartsWith("  - ", StringComparison.Ordinal) && line.Length < 100)
                    output.WriteLine(line[4..]);
        });
        return ExitCode.Done;
    }
}
