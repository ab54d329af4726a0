using System.Diagnostics;

namespace Hwaso.Training.Loop;

/// <summary>Images a second of the training steps alone: time for validations and checkpoints does not count.</summary>
sealed class TrainingSpeed
{
    long began, logged;
    int recent;
    long images;
    TimeSpan time;

    /// <summary>Mean over all steps so far; 0 before the first.</summary>
    public double Mean => time > TimeSpan.Zero ? images / time.TotalSeconds : 0;

    /// <summary>Steps begin, or begin again after something else.</summary>
    public void Begin() => (began, logged, recent) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp(), 0);

    /// <summary>A step of so many images is done; gives the images a second since the last line of the log.</summary>
    public double Add(int count)
    {
        var now = Stopwatch.GetTimestamp();
        (images, recent) = (images + count, recent + count);
        (time, began) = (time + Stopwatch.GetElapsedTime(began, now), now);
        return recent / Stopwatch.GetElapsedTime(logged, now).TotalSeconds;
    }

    /// <summary>A line of the log was written.</summary>
    public void Logged() => (logged, recent) = (Stopwatch.GetTimestamp(), 0);
}
