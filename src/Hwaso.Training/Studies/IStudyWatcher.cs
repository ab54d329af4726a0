using Hwaso.Training.Loop;

namespace Hwaso.Training.Studies;

/// <summary>Who is told how a study goes.</summary>
public interface IStudyWatcher
{
    /// <summary>A run begins or goes on; who is to be told of it.</summary>
    /// <param name="number">Which run, from 1.</param>
    /// <param name="of">Runs in all.</param>
    /// <param name="variant">Its variant.</param>
    /// <param name="seed">Its seed.</param>
    ITrainWatcher Trains(int number, int of, StudyVariant variant, int seed);

    /// <summary>A run was finished before.</summary>
    void Kept(int number, int of, StudyVariant variant, int seed, RunSummary summary);

    /// <summary>The run that began last is over, or was stopped.</summary>
    void Trained(TrainResult result);
}
