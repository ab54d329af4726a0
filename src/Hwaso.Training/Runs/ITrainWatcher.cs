using Hwaso.Metrics;

namespace Hwaso.Training.Runs;

/// <summary>Who is told how a run goes; called on the training thread.</summary>
public interface ITrainWatcher
{
    /// <summary>The run begins, or goes on from a step.</summary>
    void Begins(TrainPlan plan, long fromStep);

    /// <summary>A step was done: its number from 1, its epoch from 1, its loss and learning rate, and training images a second of late.</summary>
    void Stepped(long step, int epoch, double loss, double learningRate, double imagesPerSecond);

    /// <summary>A validation was done.</summary>
    void Validated(int epoch, Scores scores, bool isBest);

    /// <summary>Something worth a line happened.</summary>
    void Says(string line);
}
