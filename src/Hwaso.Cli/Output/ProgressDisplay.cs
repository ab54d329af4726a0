namespace Hwaso.Cli.Output;

/// <summary>Shows the progress of work: a bar that redraws itself on a terminal, a plain line every few seconds elsewhere.</summary>
/// <remarks>Any thread may report.</remarks>
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
    /// <param name="activity">The work, e.g. <c>Rendering</c>.</param>
    /// <param name="total">The number of units of work.</param>
    /// <param name="unit">The unit in the plural, e.g. <c>scenes</c>.</param>
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

    /// <summary>Shows that so many units are done.</summary>
    /// <param name="value">The units done.</param>
    /// <param name="figures">Figures to show instead of the rate.</param>
    public void Report(long value, string? figures = null)
    {
        lock (gate)
        {
            // Threads finish out of order; the number shown only grows.
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

/// <summary>Progress of work that knows the number of its units only after it has begun.</summary>
/// <param name="start">Begins to show progress of so many units.</param>
sealed class CountedProgress(Func<long, ProgressDisplay> start) : IDisposable
{
    readonly Lock gate = new();
    ProgressDisplay? display;

    /// <summary>Shows that so many of the units are done.</summary>
    public void Report(int done, int total)
    {
        lock (gate)
            display ??= start(total);
        display.Report(done);
    }

    public void Dispose() => display?.Dispose();
}

/// <summary>The words of a progress display.</summary>
/// <param name="Activity">The work.</param>
/// <param name="Total">The number of units of work.</param>
/// <param name="Unit">The unit in the plural.</param>
sealed record ProgressLine(string Activity, long Total, string Unit)
{
    const int BarWidth = 24;

    /// <summary>With a bar, for a terminal of so many columns.</summary>
    /// <param name="done">The units done.</param>
    /// <param name="elapsed">The time since the start.</param>
    /// <param name="figures">Figures to show instead of the rate; null for the rate.</param>
    /// <param name="columns">A longer line would wrap and could not be redrawn: the bar is shortened, then the end.</param>
    public string Bar(long done, TimeSpan elapsed, string? figures, int columns)
    {
        var counts = Counts(done, elapsed, figures);
        var width = Math.Clamp(columns - Activity.Length - counts.Length - 3, 0, BarWidth);
        var filled = Total > 0 ? (int)(width * Math.Min(done, Total) / Total) : width;
        var line = $"{Activity} {new string('━', filled)}{new string('─', width - filled)}{(width > 0 ? " " : "")}{counts}";
        return line.Length < columns ? line : line[..(columns - 1)];
    }

    /// <summary>Without a bar, for a file.</summary>
    public string Plain(long done, TimeSpan elapsed, string? figures) => $"{Activity} {Counts(done, elapsed, figures)}";

    /// <summary>After the work, or where it was stopped.</summary>
    public string Finished(long done, TimeSpan elapsed) =>
        $"{Activity} {(done < Total ? $"stopped at {done}/{Total}" : $"{done}")} {Unit} in {Clock(elapsed)} ({Rate(done, elapsed)}/s)";

    string Counts(long done, TimeSpan elapsed, string? figures)
    {
        var left = done > 0 && done < Total ? $"  {Clock(elapsed * ((double)(Total - done) / done))} left" : "";
        return $"{done}/{Total} {Unit}  {figures ?? $"{Rate(done, elapsed)}/s"}{left}";
    }

    static string Rate(long done, TimeSpan elapsed)
    {
        var rate = elapsed > TimeSpan.Zero ? done / elapsed.TotalSeconds : 0;
        return rate.ToString(rate < 10 ? "0.0" : "0");
    }

    static string Clock(TimeSpan time) =>
        time.TotalHours >= 1 ? $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}" : $"{time.Minutes}:{time.Seconds:00}";
}
