using System.Diagnostics;

namespace Hwaso.Cli.Tests;

/// <summary>The real command in a process of its own that may not have more than so much memory.</summary>
static class LimitedProcess
{
    /// <summary>Runs it.</summary>
    /// <param name="nativeMb">For everything that is not a mapped file, libtorch's tensors above all.</param>
    /// <param name="managedMb">For the .NET heap.</param>
    /// <param name="args">The command line.</param>
    public static CommandLine Run(int nativeMb, int managedMb, params string[] args)
    {
        var start = new ProcessStartInfo("bash", ["-c", $"ulimit -d {nativeMb * 1024}; exec timeout 120 \"$@\"", "bash", "dotnet",
            Path.Combine(AppContext.BaseDirectory, "hwaso.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_GCHeapHardLimit"] = $"0x{managedMb * 1024L * 1024:x}";
        // Each thread of OpenBLAS takes 128 MiB: a machine of many processors has no more to give than one of two.
        start.Environment["OPENBLAS_NUM_THREADS"] = "1";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CommandLine(process.ExitCode, output, errors.GetAwaiter().GetResult());
    }
}
