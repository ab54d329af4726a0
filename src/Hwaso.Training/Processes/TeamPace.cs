using System.Diagnostics;
using static System.FormattableString;

namespace Hwaso.Training.Processes;

/// <summary>How fast each process of a team does its own part of a step, and how much of its time this one waits for others.</summary>
/// <param name="size">The number of processes.</param>
public sealed class TeamPace(int size)
{
    // A process is named when it needs a fifth more than the others' mean.
    const double Slower = 1.2;

    // The first steps allocate memory; the means follow changes within some twenty steps.
    const int FirstSteps = 5;
    const double Newest = 0.1;

    readonly double[] means = new double[size];
    double wholeMean, waitedMean, own;
    long began;
    TimeSpan before;
    int steps;

    /// <summary>The part of its time that this process waits for others, 0 … 1; 0 during the first steps.</summary>
    public double WaitedShare => steps < FirstSteps || wholeMean <= 0 ? 0 : Math.Clamp(waitedMean / wholeMean, 0, 1);

    /// <summary>The slowest process and what it needs over the mean of the others; null where none needs a fifth more.</summary>
    public (int Rank, double Share)? Slowest
    {
        get
        {
            if (size < 2 || steps < FirstSteps)
                return null;
            var slowest = Array.IndexOf(means, means.Max());
            var others = (means.Sum() - means[slowest]) / (size - 1);
            return others > 0 && means[slowest] >= Slower * others ? (slowest, means[slowest] / others - 1) : null;
        }
    }

    /// <summary>Both in words, such as <c>12 % waiting, process 2 is 35 % slower</c>; empty during the first steps.</summary>
    public string Text => size < 2 || steps < FirstSteps ? ""
        : Invariant($"{100 * WaitedShare:0} % waiting")
            + (Slowest is { } slow ? Invariant($", process {slow.Rank} is {100 * slow.Share:0} % slower") : "");

    /// <summary>A step begins.</summary>
    /// <param name="waited">How long this process has waited for others so far.</param>
    public void Begin(TimeSpan waited) => (began, before) = (Stopwatch.GetTimestamp(), waited);

    /// <summary>The step is done.</summary>
    /// <param name="waited">How long this process has waited for others so far.</param>
    public void End(TimeSpan waited)
    {
        var (whole, idle) = (Stopwatch.GetElapsedTime(began).TotalSeconds, (waited - before).TotalSeconds);
        own = whole - idle;
        (wholeMean, waitedMean) = (Mean(wholeMean, whole), Mean(waitedMean, idle));
    }

    /// <summary>Seconds of this process's own work in the last step.</summary>
    public double Own => own;

    /// <summary>Takes the seconds of all processes, in their order.</summary>
    public void Take(ReadOnlySpan<double> seconds)
    {
        // Before the second step nobody has done one.
        if (seconds.ContainsAnyExcept(0))
            steps++;
        for (var k = 0; k < size; k++)
            means[k] = Mean(means[k], seconds[k]);
    }

    static double Mean(double mean, double value) => mean <= 0 ? value : mean + Newest * (value - mean);
}
