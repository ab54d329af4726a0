using Hwaso.Cli.Output;
using Hwaso.Training.Loop;
using Hwaso.Training.Processes;

namespace Hwaso.Cli.Verbs;

/// <summary>Shows a run to the person at the terminal: progress, and a line for each validation.</summary>
/// <param name="context">Where it is shown.</param>
/// <param name="team">The processes that train; the first shows the run, the others are silent.</param>
sealed class TrainConsole(VerbContext context, Team team) : ITrainWatcher, IDisposable
{
    const double Gi = 1L << 30;

    ProgressDisplay? progress;
    TrainPlan? plan;
    long shown;

    public void Begins(TrainPlan plan, long fromStep)
    {
        if (!team.IsFirst)
            return;
        this.plan = plan;
        shown = fromStep;
        var from = fromStep > 0 ? $", continuing after step {fromStep}" : "";
        context.Log($"{plan.Images} images, {plan.Epochs} epochs of {plan.StepsPerEpoch} steps{from}");
        progress = context.Progress("Training", plan.Steps - fromStep, "steps");
    }

    public void Stepped(long step, int epoch, double loss, double learningRate, double imagesPerSecond)
    {
        var memory = Environment.WorkingSet / Gi;
        progress?.Report(step - shown, $"loss {loss:0.000}  lr {learningRate:g3}  {imagesPerSecond:0.0} images/s  {memory:0.0} GiB"
            + (team.Pace is { Text.Length: > 0 } pace ? $"  {pace.Text}" : ""));
    }

    public void Validated(int epoch, Validation validation, bool isBest) =>
        progress?.Log($"epoch {epoch}/{plan!.Epochs}: {validation.Text}{(isBest ? " (best so far)" : "")}");

    public void Says(string line)
    {
        if (progress is null && team.IsFirst)
            context.Log(line);
        else if (progress is not null)
            progress.Log(line);
    }

    public void Dispose() => progress?.Dispose();
}
