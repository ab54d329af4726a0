using System.Diagnostics;

namespace Hwaso.Cli.Tests;

/// <summary>The real command in a process of its own that may not have more than so much memory.</summary>
static class LimitedProcess
{
    // What waits for memory for ever is ended before the test host counts as hanging; on a busy machine a run was seen to take 50 seconds.
    const int LimitSeconds = 180, TimedOut = 124;

    /// <summary>Runs it.</summary>
    /// <param name="nativeMb">For everything that is not a mapped file, libtorch's tensors above all.</param>
    /// <param name="managedMb">For the .NET heap.</param>
    /// <param name="args">The command line.</param>
    public static CommandLine Run(int nativeMb, int managedMb, params string[] args)
    {
        var script = $"ulimit -d {nativeMb * 1024}; exec timeout {LimitSeconds} \"$@\"";
        string[] words = ["-c", script, "bash", "dotnet", HwasoProcess.Dll, .. args];
        var start = new ProcessStartInfo("bash", words)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_GCHeapHardLimit"] = $"0x{managedMb * 1024L * 1024:x}";
        // Under a heap limit .NET 10 reserves addresses for twice as much alone, and dies of a segmentation fault where they are used up in
        // pieces, instead of refusing: large arrays do it in a program of ten lines. 64 GiB of addresses cost nothing.
        start.Environment["DOTNET_GCRegionRange"] = $"0x{64L << 30:x}";
        // Each thread of OpenBLAS takes 128 MiB: a machine of many processors has no more to give than one of two.
        start.Environment["OPENBLAS_NUM_THREADS"] = "1";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode != TimedOut, $"it was still running after {LimitSeconds} seconds");
        return new CommandLine(process.ExitCode, output, errors.GetAwaiter().GetResult());
    }
}
