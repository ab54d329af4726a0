namespace Hwaso.Training.Loop;

/// <summary>Watches a run; called on the training thread.</summary>
public interface ITrainWatcher
{
    /// <summary>The run begins, or continues after a step.</summary>
    void Begins(TrainPlan plan, long fromStep);

    /// <summary>A step was done: its number and epoch from 1, its loss and learning rate, and recent training images a second.</summary>
    void Stepped(long step, int epoch, double loss, double learningRate, double imagesPerSecond);

    /// <summary>A validation was done.</summary>
    void Validated(int epoch, Validation validation, bool isBest);

    /// <summary>Something worth a line happened.</summary>
    void Says(string line);
}
