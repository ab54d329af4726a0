using Hwaso.Metrics;
using Hwaso.Training.Runs;

namespace Hwaso.Training.Tests.Runs;

/// <summary>Hears of each step and of nothing else.</summary>
sealed class RunWatcher(Action<long> stepped) : ITrainWatcher
{
    public void Begins(TrainPlan plan, long fromStep)
    {
    }

    public void Stepped(long step, int epoch, double loss, double learningRate, double imagesPerSecond) => stepped(step);

    public void Validated(int epoch, Scores scores, bool isBest)
    {
    }

    public void Says(string line)
    {
    }
}
