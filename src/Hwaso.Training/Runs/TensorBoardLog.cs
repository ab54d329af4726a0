using Hwaso.Metrics;
using Hwaso.Reports;

namespace Hwaso.Training.Runs;

/// <summary>Writes a run's curves for TensorBoard: the same points as <c>metrics.jsonl</c>, and IoU per class.</summary>
/// <param name="folder">Where; a file a session.</param>
/// <param name="fromStep">The last step that was done before.</param>
/// <param name="classes">The classes' names.</param>
sealed class TensorBoardLog(string folder, long fromStep, IReadOnlyList<string> classes) : IDisposable
{
    EventFile? file;
    bool failed;

    /// <summary>Adds a step.</summary>
    public void Step(long step, double loss, double learningRate, double imagesPerSecond) =>
        Write(step, [("train/loss", loss), ("train/learning_rate", learningRate), ("train/images_per_second", imagesPerSecond)]);

    /// <summary>Adds a validation.</summary>
    public void Validation(long step, Scores scores) => Write(step,
    [
        .. Measure.All.Where(m => m.Of(scores) is not null).Select(m => ($"val/{m.Name}", m.Of(scores)!.Value)),
        .. classes.Zip(scores.Classes).Where(c => c.Second.Iou is not null).Select(c => ($"iou/{c.First.Replace(' ', '_')}", c.Second.Iou!.Value)),
    ]);

    /// <summary>Closes the file.</summary>
    public void Dispose() => file?.Dispose();

    void Write(long step, IEnumerable<(string Tag, double Value)> values)
    {
        if (failed)
            return;
        try
        {
            file ??= new EventFile(folder, fromStep + 1);
            file.Scalars(step, values);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A curve is not worth a run: where the disk is full, the next checkpoint says so and what to do.
            failed = true;
        }
    }
}
