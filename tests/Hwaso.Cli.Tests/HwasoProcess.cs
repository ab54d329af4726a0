using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace Hwaso.Cli.Tests;

/// <summary>The real command in a process of its own, which can be sent signals.</summary>
sealed class HwasoProcess : IDisposable
{
    // Each takes seconds; a busy machine is given ten times as long, and what hangs is told by what it said until then.
    static readonly TimeSpan patience = TimeSpan.FromMinutes(3);

    readonly Process process;
    readonly StringBuilder output = new();
    readonly StringBuilder errors = new();
    readonly BlockingCollection<string> lines = [];

    HwasoProcess(IEnumerable<string> words)
    {
        // Whoever started the tests may have had signals ignored, as a shell does for what it runs in the background; that would be
        // inherited.
        process = new Process
        {
            StartInfo = new ProcessStartInfo("env", ["--default-signal=INT,TERM", .. words])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        process.OutputDataReceived += (_, e) => output.Append(e.Data is null ? "" : e.Data + "\n");
        process.ErrorDataReceived += (_, e) =>
        {
            if (e.Data is not { } line)
            {
                lines.CompleteAdding();
                return;
            }
            errors.Append(line + "\n");
            lines.Add(line);
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public static HwasoProcess Start(params string[] args) => new(["dotnet", Dll, .. args]);

    /// <summary>Runs it with variables set, each <c>NAME=value</c>.</summary>
    public static HwasoProcess StartWith(string[] environment, params string[] args) => new([.. environment, "dotnet", Dll, .. args]);

    /// <summary>Runs it where no file may grow beyond so many KiB; what writes more is refused, as on a full disk.</summary>
    public static HwasoProcess StartOnSmallDisk(int limitKb, params string[] args) => new(
    [
        // The runtime's own W^X mapping is a file of gigabytes in memory, to which the limit applies too.
        "DOTNET_EnableWriteXorExecute=0", "bash", "-c", $"trap '' XFSZ; ulimit -f {limitKb}; exec \"$@\"", "bash", "dotnet", Dll, .. args,
    ]);

    /// <summary>The process's number: <c>env</c> becomes the command.</summary>
    public int Id => process.Id;

    /// <summary>
    /// The command: the copy compiled ahead of time that eng/test.sh names, which is what ./hwaso runs and starts faster, else the one
    /// beside the tests.
    /// </summary>
    public static string Dll { get; } =
        Environment.GetEnvironmentVariable("HWASO_TEST_COMMAND") ?? Path.Combine(AppContext.BaseDirectory, "hwaso.dll");

    /// <summary>Waits until it says something on standard error; false where it ended without, or takes too long.</summary>
    public bool WaitFor(string text)
    {
        using var end = new CancellationTokenSource(patience);
        try
        {
            return lines.GetConsumingEnumerable(end.Token).Any(line => line.Contains(text, StringComparison.Ordinal));
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Waits for something that it does; fails where it ended without, or takes too long.</summary>
    public void WaitUntil(Func<bool> isDone, string what)
    {
        var since = Stopwatch.StartNew();
        while (!isDone())
        {
            // What it did last may be seen only now.
            Assert.True(!process.HasExited || isDone(), $"it ended before {what}: {errors}");
            Assert.True(since.Elapsed < patience, $"{patience.TotalMinutes} minutes, and not yet: {what}: {errors}");
            Thread.Sleep(5);
        }
    }

    /// <summary>Sends <c>INT</c>, <c>TERM</c> or <c>KILL</c>.</summary>
    public void Send(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>How it ended.</summary>
    public CommandLine Finish()
    {
        if (!process.WaitForExit(patience)) process.Kill(entireProcessTree: true);
        // Without a limit it waits for the last of the output too.
        process.WaitForExit();
        return new CommandLine(process.ExitCode, output.ToString(), errors.ToString());
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
        lines.Dispose();
    }
}
