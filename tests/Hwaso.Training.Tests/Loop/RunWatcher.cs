using Hwaso.Training.Loop;

namespace Hwaso.Training.Tests.Loop;

/// <summary>Calls an action after each step and ignores everything else.</summary>
sealed class RunWatcher(Action<long>? stepped = null) : ITrainWatcher
{
    public void Begins(TrainPlan plan, long fromStep)
    {
    }

    public void Stepped(long step, int epoch, double loss, double learningRate, double imagesPerSecond) => stepped?.Invoke(step);

    public void Validated(int epoch, Validation validation, bool isBest)
    {
    }

    public void Says(string line)
    {
    }
}
