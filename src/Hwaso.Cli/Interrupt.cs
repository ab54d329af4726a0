using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Hwaso.Cli;

/// <summary>Turns the first Ctrl-C or SIGTERM into a cancelled token, so that work can save; the second one kills.</summary>
sealed class Interrupt : IDisposable
{
    static readonly TimeSpan one = TimeSpan.FromMilliseconds(500);

    readonly CancellationTokenSource source = new();
    readonly PosixSignalRegistration[] registrations;
    readonly TextWriter error;
    readonly string? work;
    long first;

    /// <summary>Begins to listen.</summary>
    /// <param name="error">Where it says what happens.</param>
    /// <param name="work">What the command finishes then; null to say nothing.</param>
    public Interrupt(TextWriter error, string? work)
    {
        (this.error, this.work) = (error, work);
        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
        ];
    }

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
        source.Dispose();
    }

    void Handle(PosixSignalContext signal)
    {
        // A launcher passes on what the terminal may have sent here too: that is one request, not two.
        if (source.IsCancellationRequested)
        {
            signal.Cancel = Stopwatch.GetElapsedTime(first) < one;
            return;
        }
        first = Stopwatch.GetTimestamp();
        signal.Cancel = true;
        if (work is not null)
        {
            error.WriteLine();
            error.WriteLine($"hwaso: {work}; press Ctrl-C again to quit at once");
        }
        source.Cancel();
    }
}
