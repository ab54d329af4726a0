using Hwaso.Training.Loop;

namespace Hwaso.Training.Studies;

/// <summary>Watches a study; called on the training thread.</summary>
public interface IStudyWatcher
{
    /// <summary>A run begins or continues; returns the watcher of that run.</summary>
    /// <param name="number">The run's number, from 1.</param>
    /// <param name="of">Runs in all.</param>
    /// <param name="variant">Its variant.</param>
    /// <param name="seed">Its seed.</param>
    ITrainWatcher Trains(int number, int of, StudyVariant variant, int seed);

    /// <summary>A run was finished before and is kept.</summary>
    void Kept(int number, int of, StudyVariant variant, int seed, RunSummary summary);

    /// <summary>The last run to begin is over, or was stopped.</summary>
    void Trained(TrainResult result);
}
