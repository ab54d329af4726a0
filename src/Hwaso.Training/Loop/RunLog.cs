using System.Globalization;
using Hwaso.Recipes;
using Hwaso.Training.Processes;
using static System.FormattableString;

namespace Hwaso.Training.Loop;

/// <summary>Writes the run's <c>log.txt</c>, each line with its time, and hands everything on to another watcher.</summary>
/// <param name="path">The file.</param>
/// <param name="watcher">The other watcher.</param>
/// <param name="pace">How fast the processes are; null where there is one.</param>
sealed class RunLog(string path, ITrainWatcher watcher, TeamPace? pace) : ITrainWatcher
{
    TrainPlan? plan;

    /// <summary>Notes what is about to be trained, for someone who reads the file a month later.</summary>
    public void Introduces(Recipe recipe, ITrainingTask task, ILearner learner, long parameters, TrainRequest request)
    {
        Note($"recipe {recipe.Name}, seed {recipe.Seed}");
        Note(Invariant($"network {recipe.Model.Name ?? recipe.Model.Family}, {parameters:N0} parameters, {learner.OutputText}, ")
            + $"on {request.Device} with {request.Threads} threads");
        Note($"data {recipe.Data.Root}: {task.DataText}");
    }

    public void Begins(TrainPlan plan, long fromStep)
    {
        this.plan = plan;
        var from = fromStep > 0 ? $", continuing after step {fromStep}" : "";
        Note($"{plan.Epochs} epochs of {plan.StepsPerEpoch} steps, {plan.Steps} steps of {plan.ImagesPerStep} images{from}");
        watcher.Begins(plan, fromStep);
    }

    public void Stepped(long step, int epoch, double loss, double learningRate, double imagesPerSecond)
    {
        // Every step's loss is in metrics.jsonl; here a line for each epoch is enough to see that it moves.
        if (step % plan!.StepsPerEpoch == 0 || step == plan.Steps)
            Note(Invariant($"epoch {epoch}/{plan.Epochs}: step {step}/{plan.Steps}, loss {loss:0.0000}, learning rate {learningRate:g4}, ")
                + Invariant($"{imagesPerSecond:0.0} images/s{(pace is { Text.Length: > 0 } ? ", " + pace.Text : "")}"));
        watcher.Stepped(step, epoch, loss, learningRate, imagesPerSecond);
    }

    public void Validated(int epoch, Validation validation, bool isBest)
    {
        Note($"epoch {epoch}/{plan!.Epochs}: {validation.Text}{(isBest ? " (best so far)" : "")}");
        watcher.Validated(epoch, validation, isBest);
    }

    public void Says(string line)
    {
        Note(line);
        watcher.Says(line);
    }

    /// <summary>Notes how the run ended.</summary>
    public void Ends(TrainResult result) => Note(result.Finished
        ? Invariant($"finished in {result.Seconds:0} s, ")
            + (result.Best is { } best ? Invariant($"best {best.Main} after epoch {result.BestEpoch}") : "no score")
        : $"stopped after step {result.Iterations}; --resume continues there");

    /// <summary>Adds a line to the file alone.</summary>
    public void Note(string line)
    {
        try
        {
            File.AppendAllText(path, $"{DateTimeOffset.Now.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture)}  {line}\n");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The run continues without the line: where the disk is full, the next checkpoint's error says so and what to do.
        }
    }
}
