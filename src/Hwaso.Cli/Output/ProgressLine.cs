namespace Hwaso.Cli.Output;

/// <summary>The words of a progress display.</summary>
/// <param name="Activity">What is going on.</param>
/// <param name="Total">How many there will be.</param>
/// <param name="Unit">Of what, in the plural.</param>
sealed record ProgressLine(string Activity, long Total, string Unit)
{
    const int BarWidth = 24;

    /// <summary>With a bar, for a terminal of so many columns.</summary>
    /// <param name="done">How many are done.</param>
    /// <param name="elapsed">Since it began.</param>
    /// <param name="figures">What to show instead of the rate; null for the rate.</param>
    /// <param name="columns">A longer line would wrap and could not be redrawn: the bar gives way, then the end.</param>
    public string Bar(long done, TimeSpan elapsed, string? figures, int columns)
    {
        var counts = Counts(done, elapsed, figures);
        var width = Math.Clamp(columns - Activity.Length - counts.Length - 3, 0, BarWidth);
        var filled = Total > 0 ? (int)(width * Math.Min(done, Total) / Total) : width;
        var line = $"{Activity} {new string('━', filled)}{new string('─', width - filled)}{(width > 0 ? " " : "")}{counts}";
        return line.Length < columns ? line : line[..(columns - 1)];
    }

    /// <summary>Without, for a file.</summary>
    public string Plain(long done, TimeSpan elapsed, string? figures) => $"{Activity} {Counts(done, elapsed, figures)}";

    /// <summary>When it is over, or was stopped.</summary>
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
