using Hwaso.Training.Loop;
using Hwaso.Training.Studies;

namespace Hwaso.Cli.Verbs;

/// <summary>A study as the person at the terminal sees it: each run's progress under its variant's name.</summary>
sealed class StudyConsole(VerbContext context) : IStudyWatcher, IDisposable
{
    TrainConsole? console;

    public ITrainWatcher Trains(int number, int of, StudyVariant variant, int seed)
    {
        context.Log($"run {number}/{of}: {variant.Name}, seed {seed}");
        return console = new TrainConsole(context);
    }

    public void Kept(int number, int of, StudyVariant variant, int seed, RunSummary summary) =>
        context.Log($"run {number}/{of}: {variant.Name}, seed {seed}: finished before, mIoU {(summary.Scores.TryGetValue("miou", out var miou) ? miou : double.NaN):0.0000}");

    public void Trained(TrainResult result)
    {
        console?.Dispose();
        console = null;
    }

    public void Dispose() => console?.Dispose();
}
