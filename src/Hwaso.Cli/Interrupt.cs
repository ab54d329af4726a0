using System.Runtime.InteropServices;

namespace Hwaso.Cli;

/// <summary>Turns the first Ctrl-C or SIGTERM into a cancelled token, so that work can save; the second one kills.</summary>
sealed class Interrupt : IDisposable
{
    readonly CancellationTokenSource source = new();
    readonly PosixSignalRegistration[] registrations;
    readonly TextWriter error;

    public Interrupt(TextWriter error)
    {
        this.error = error;
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
        if (source.IsCancellationRequested) return;
        signal.Cancel = true;
        error.WriteLine();
        error.WriteLine("hwaso: finishing the current step; press Ctrl-C again to quit at once");
        source.Cancel();
    }
}
