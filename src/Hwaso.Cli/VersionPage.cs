using System.Reflection;
using System.Text.Json.Nodes;
using Hwaso.Cli.Output;
using Hwaso.Cli.Verbs;
using Hwaso.Torch;

namespace Hwaso.Cli;

/// <summary>The page of <c>hwaso --version</c>: our version, libtorch's, and the devices it sees; or why there is no libtorch.</summary>
static class VersionPage
{
    const string NotYet =
        "not used yet; the first command that needs it builds a small library against it, from HWASO_LIBTORCH, Python or the system";

    // A build appends the commit.
    static string Ours =>
        typeof(VersionPage).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static int Write(VerbContext context)
    {
        var missing = Missing();
        string[] devices = ["cpu", .. Enumerable.Range(0, missing is null ? TorchInfo.CudaDevices : 0).Select(index => $"cuda:{index}")];
        var report = new JsonObject
        {
            ["version"] = Ours,
            ["libtorch"] = missing is null ? TorchInfo.Version : null,
            ["devices"] = JsonOutput.Array(devices),
            ["processors"] = Environment.ProcessorCount,
            ["build"] = missing is null ? TorchInfo.BuildReport : null,
        };
        if (missing is not null)
            report["libtorch_missing"] = missing;
        var fault = missing is null ? TorchInfo.OneDnnFault : null;
        if (fault is not null)
            report["onednn_fault"] = fault;
        context.Result(report, output =>
        {
            output.WriteLine($"hwaso     {Ours}");
            output.WriteLine($"libtorch  {missing ?? TorchInfo.Version}");
            if (fault is not null)
                output.WriteLine($"oneDNN    off: {fault}");
            output.WriteLine($"devices   {string.Join(", ", devices)} ({Environment.ProcessorCount} processors)");
            if (missing is not null)
                return;
            output.WriteLine();
            // The rest, compiler flags and all, is in --json.
            foreach (var line in TorchInfo.BuildReport.Split('\n'))
                if (line.StartsWith("  - ", StringComparison.Ordinal) && line.Length < 100)
                    output.WriteLine(line[4..]);
        });
        return ExitCode.Done;
    }

    /// <summary>The reason why libtorch cannot be asked now; null where it can.</summary>
    static string? Missing()
    {
        try
        {
            if (NativeLibraryFile.Find() is null)
                return NotYet;
            _ = TorchInfo.Version;
            return null;
        }
        catch (Exception error) when (error is DllNotFoundException or TypeInitializationException { InnerException: DllNotFoundException })
        {
            return (error is TypeInitializationException { InnerException: { } inner } ? inner : error).Message;
        }
    }
}
