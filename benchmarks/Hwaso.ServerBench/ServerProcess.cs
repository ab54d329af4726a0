using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Hwaso.ServerBench;

/// <summary>A server in a process of its own.</summary>
sealed class ServerProcess : IDisposable
{
    static readonly TimeSpan longestStart = TimeSpan.FromSeconds(60);

    readonly Process process;

    ServerProcess(Process process, Uri address) => (this.process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>Processor time that it has used.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Memory that it holds, in MiB.</summary>
    public double ResidentMiB
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64 / (double)(1 << 20);
        }
    }

    /// <summary>Starts a server and waits until it prints <c>listening on ADDRESS</c>.</summary>
    /// <exception cref="InvalidOperationException">It ended, or did not listen in time.</exception>
    public static async Task<ServerProcess> Start(string program, params string[] words)
    {
        var process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardOutput = true })!;
        try
        {
            using var limit = new CancellationTokenSource(longestStart);
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
                if (Regex.Match(line, @"listening on (\S+)") is { Success: true } found)
                    return new ServerProcess(process, new Uri(found.Groups[1].Value));
            throw new InvalidOperationException($"{program} {words[0]} ended before it listened");
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new InvalidOperationException($"{program} {words[0]} did not listen within {longestStart.TotalSeconds} s");
        }
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }
}
