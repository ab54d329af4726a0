namespace Hwaso.Cli.Output;

/// <summary>How far a piece of work is: a bar that redraws itself on a terminal, a plain line every few seconds elsewhere.</summary>
/// <remarks>May be told from any thread.</remarks>
sealed class ProgressDisplay : IProgress<int>, IProgress<long>, IDisposable
{
    static readonly TimeSpan redrawEvery = TimeSpan.FromSeconds(0.1);
    static readonly TimeSpan lineEvery = TimeSpan.FromSeconds(5);

    readonly Lock gate = new();
    readonly TextWriter error;
    readonly bool terminal;
    readonly int columns;
    readonly ProgressLine line;
    readonly TimeProvider clock;
    readonly long began;
    long lastShown;
    long done;

    /// <summary>Starts the clock.</summary>
    /// <param name="terminal">Where to show it: on standard error.</param>
    /// <param name="activity">What is going on, e.g. <c>Rendering</c>.</param>
    /// <param name="total">How many there will be.</param>
    /// <param name="unit">Of what, in the plural, e.g. <c>scenes</c>.</param>
    /// <param name="clock">The time.</param>
    public ProgressDisplay(Terminal terminal, string activity, long total, string unit, TimeProvider clock)
    {
        error = terminal.Error;
        this.terminal = terminal.ErrorIsTerminal;
        columns = terminal.Width;
        this.clock = clock;
        line = new ProgressLine(activity, total, unit);
        began = lastShown = clock.GetTimestamp();
    }

    /// <summary>So many are done, of the total.</summary>
    /// <param name="value">How many.</param>
    /// <param name="figures">What else there is to know, shown instead of the rate.</param>
    public void Report(long value, string? figures = null)
    {
        lock (gate)
        {
            // Threads finish out of order; what is shown only grows.
            done = Math.Max(done, value);
            if (clock.GetElapsedTime(lastShown) < (terminal ? redrawEvery : lineEvery)) return;
            lastShown = clock.GetTimestamp();
            var elapsed = clock.GetElapsedTime(began);
            if (terminal) error.Write($"\r{line.Bar(done, elapsed, figures, columns)}\u001b[K");
            else error.WriteLine(line.Plain(done, elapsed, figures));
        }
    }

    /// <summary>A line that stays, above the progress.</summary>
    public void Log(string text)
    {
        lock (gate) error.WriteLine(terminal ? $"\r{text}\u001b[K" : text);
    }

    void IProgress<int>.Report(int value) => Report(value);

    void IProgress<long>.Report(long value) => Report(value);

    /// <summary>Leaves one line that sums it up.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            var last = line.Finished(done, clock.GetElapsedTime(began));
            error.WriteLine(terminal ? $"\r{last}\u001b[K" : last);
        }
    }
}
