using Hwaso.Reports;

namespace Hwaso.Training.Loop;

/// <summary>Writes a run's curves for TensorBoard: the same points as <c>metrics.jsonl</c>, and the task's further curves.</summary>
/// <param name="folder">The folder; each session writes a file.</param>
/// <param name="fromStep">The last step that was done before this session.</param>
sealed class TensorBoardLog(string folder, long fromStep) : IDisposable
{
    EventFile? file;
    bool failed;

    /// <summary>Adds a step.</summary>
    public void Step(long step, double loss, double learningRate, double imagesPerSecond) =>
        Write(step, [("train/loss", loss), ("train/learning_rate", learningRate), ("train/images_per_second", imagesPerSecond)]);

    /// <summary>Adds a validation.</summary>
    public void Validation(long step, Validation validation) => Write(step,
    [
        .. validation.All.Where(s => s.Value is not null).Select(s => ($"val/{s.Name}", s.Value!.Value)),
        .. validation.Curves,
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
            // The run continues without curves: where the disk is full, the next checkpoint's error says so and what to do.
            failed = true;
        }
    }
}
