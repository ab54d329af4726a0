using System.Globalization;
using Hwaso.Data;
using Hwaso.Metrics;
using Hwaso.Models;
using Hwaso.Recipes;

namespace Hwaso.Training.Runs;

/// <summary>Writes the run's <c>log.txt</c>, each line with its time, and hands on what it hears to whoever watches.</summary>
sealed class RunLog(string path, ITrainWatcher watcher) : ITrainWatcher
{
    TrainPlan? plan;

    /// <summary>What is about to be trained, for who reads it a month later.</summary>
    public void Introduces(Recipe recipe, SegmentationNet net, IEnumerable<SegmentationDataset> splits, TrainRequest request)
    {
        Note($"recipe {recipe.Name}, seed {recipe.Seed}");
        Note($"network {recipe.Model.Name ?? recipe.Model.Family}, {net.Weights.ParameterCount:N0} parameters, {net.Classes} classes, on {request.Device} with {request.Threads} threads");
        Note($"data {recipe.Data.Root}: {string.Join(", ", splits.Select(s => $"{s.Name} {s.Samples.Count} images"))}");
    }

    public void Begins(TrainPlan plan, long fromStep)
    {
        this.plan = plan;
        var from = fromStep > 0 ? $", going on after step {fromStep}" : "";
        Note($"{plan.Epochs} epochs of {plan.StepsPerEpoch} steps, {plan.Steps} steps of {plan.Batch * plan.Accumulate} images{from}");
        watcher.Begins(plan, fromStep);
    }

    public void Stepped(long step, int epoch, double loss, double learningRate, double imagesPerSecond)
    {
        // Every step's loss is in metrics.jsonl; here a line for each epoch is enough to see that it moves.
        if (step % plan!.StepsPerEpoch == 0 || step == plan.Steps)
            Note($"epoch {epoch}/{plan.Epochs}: step {step}/{plan.Steps}, loss {loss:0.0000}, learning rate {learningRate:g4}, {imagesPerSecond:0.0} images/s");
        watcher.Stepped(step, epoch, loss, learningRate, imagesPerSecond);
    }

    public void Validated(int epoch, Scores scores, bool isBest)
    {
        Note($"epoch {epoch}/{plan!.Epochs}: mIoU {scores.Miou:0.0000}, pixel accuracy {scores.PixelAccuracy:0.0000}{(isBest ? " (best so far)" : "")}");
        watcher.Validated(epoch, scores, isBest);
    }

    public void Says(string line)
    {
        Note(line);
        watcher.Says(line);
    }

    /// <summary>The run is over, or was stopped.</summary>
    public void Ends(TrainResult result) => Note(result.Finished
        ? $"finished in {result.Seconds:0} s, best mIoU {result.Best?.Miou:0.0000} after epoch {result.BestEpoch}"
        : $"stopped after step {result.Iterations}; --resume goes on there");

    /// <summary>A line for the file alone.</summary>
    public void Note(string line)
    {
        try
        {
            File.AppendAllText(path, $"{DateTimeOffset.Now.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture)}  {line}\n");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A line of the log is not worth a run: where the disk is full, the next checkpoint says so and what to do.
        }
    }
}
