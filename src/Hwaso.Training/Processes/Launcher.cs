using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using static System.FormattableString;

namespace Hwaso.Training.Processes;

/// <summary>Starts several processes of a program on this machine, which train as one, and ends all where one fails.</summary>
/// <param name="program">The program.</param>
/// <param name="arguments">Its arguments, the same for each process.</param>
/// <param name="processes">How many to start, at least 1.</param>
/// <param name="says">Gets a line about what happens to them.</param>
public sealed partial class Launcher(string program, IReadOnlyList<string> arguments, int processes, Action<string> says)
{
    /// <summary>The variable that counts how often processes were started again, as torchrun sets it too.</summary>
    public const string RestartVariable = "TORCHELASTIC_RESTART_COUNT";

    // Lines of a failed process's output that are shown.
    const int LinesShown = 10;

    static readonly TimeSpan look = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs all processes to their end.</summary>
    /// <param name="restarts">How often to start all again after a failure.</param>
    /// <param name="grace">How long the others may take to end by themselves once one has failed.</param>
    /// <param name="stop">Asks every process to stop; each finishes its step and saves.</param>
    /// <returns>0, or the exit code of the process that failed first.</returns>
    public int Run(int restarts, TimeSpan grace, CancellationToken stop)
    {
        for (var round = 0; ; round++)
        {
            var code = Once(round, grace, stop);
            if (code == 0 || round == restarts || stop.IsCancellationRequested)
                return code;
            says(Invariant($"starting all processes again, {restarts - round} of {restarts} times left"));
        }
    }

    int Once(int round, TimeSpan grace, CancellationToken stop)
    {
        var port = FreePort();
        var children = new List<Child>();
        using var asked = stop.UnsafeRegister(_ => Signal(children), null);
        try
        {
            for (var rank = 0; rank < processes; rank++)
                lock (children)
                    children.Add(Start(rank, port, round));
            if (stop.IsCancellationRequested)
                Signal(children);
            Child? failed = null;
            long since = 0;
            while (children.Exists(c => !c.Process.HasExited))
            {
                children.Find(c => !c.Process.HasExited)!.Process.WaitForExit(look);
                if (failed is null && (failed = children.Find(c => c.Process.HasExited && c.Process.ExitCode != 0)) is not null)
                    since = Stopwatch.GetTimestamp();
                if (failed is not null && Stopwatch.GetElapsedTime(since) > grace)
                    foreach (var late in children.Where(c => !c.Process.HasExited))
                    {
                        says(Invariant($"process {late.Rank} did not end {grace.TotalSeconds:0} s after process {failed.Rank} ")
                            + "had failed: killed");
                        late.Process.Kill(entireProcessTree: true);
                        late.Process.WaitForExit();
                    }
            }
            failed ??= children.Find(c => c.Process.ExitCode != 0);
            if (failed is null)
                return 0;
            Describe(failed);
            return failed.Process.ExitCode;
        }
        finally
        {
            foreach (var child in children)
            {
                if (!child.Process.HasExited)
                    child.Process.Kill(entireProcessTree: true);
                child.Process.Dispose();
            }
        }
    }

    Child Start(int rank, int port, int round)
    {
        var start = new ProcessStartInfo(program, arguments);
        // The first process's output is the training's; that of the others is shown if they fail.
        start.RedirectStandardOutput = start.RedirectStandardError = rank > 0;
        (string Name, string Value)[] variables =
        [
            ("RANK", Invariant($"{rank}")), ("LOCAL_RANK", Invariant($"{rank}")), ("WORLD_SIZE", Invariant($"{processes}")),
            ("LOCAL_WORLD_SIZE", Invariant($"{processes}")), ("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", Invariant($"{port}")),
            (RestartVariable, Invariant($"{round}")),
        ];
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        var child = new Child(rank, new Process { StartInfo = start }, new ConcurrentQueue<string>());
        child.Process.OutputDataReceived += (_, line) => child.Keep(line.Data);
        child.Process.ErrorDataReceived += (_, line) => child.Keep(line.Data);
        child.Process.Start();
        if (rank > 0)
        {
            child.Process.BeginOutputReadLine();
            child.Process.BeginErrorReadLine();
        }
        return child;
    }

    void Describe(Child failed)
    {
        var code = failed.Process.ExitCode;
        var how = code > 128 && !OperatingSystem.IsWindows() ? Invariant($"was ended by signal {code - 128}")
            : Invariant($"ended with exit code {code}");
        says(Invariant($"process {failed.Rank} of {processes} {how}"));
        foreach (var line in failed.Lines.TakeLast(LinesShown))
            says(Invariant($"process {failed.Rank}: {line}"));
    }

    // A terminal sends Ctrl-C to all of them by itself; whoever stops this process alone means all of them.
    static void Signal(List<Child> children)
    {
        lock (children)
            foreach (var child in children)
                Terminate(child.Process);
    }

    /// <summary>Asks a process to end: a training finishes its step and saves. Windows has no such request.</summary>
    /// <param name="process">A process that this one started.</param>
    public static void Terminate(Process process)
    {
        ArgumentNullException.ThrowIfNull(process);
        const int Sigterm = 15;
        if (!OperatingSystem.IsWindows() && !process.HasExited)
            _ = kill(process.Id, Sigterm);
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    sealed record Child(int Rank, Process Process, ConcurrentQueue<string> Lines)
    {
        public void Keep(string? line)
        {
            if (line is null)
                return;
            Lines.Enqueue(line);
            while (Lines.Count > 100)
                Lines.TryDequeue(out _);
        }
    }
}
