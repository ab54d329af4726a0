using Hwaso.Recipes;

namespace Hwaso.Training.Loop;

/// <summary>The length of a run on a data set, in steps.</summary>
/// <param name="Images">Images of the training split.</param>
/// <param name="StepsPerEpoch">Optimiser steps of one pass; it leaves out images that do not fill a step, as official code does.</param>
/// <param name="Steps">Optimiser steps in all.</param>
/// <param name="Batch">Images of one forward pass.</param>
/// <param name="Accumulate">Forward passes of one step.</param>
public sealed record TrainPlan(int Images, int StepsPerEpoch, long Steps, int Batch, int Accumulate)
{
    /// <summary>Passes over the data, the last one perhaps cut short.</summary>
    public int Epochs => (int)((Steps + StepsPerEpoch - 1) / StepsPerEpoch);

    /// <summary>Images of one step.</summary>
    public int ImagesPerStep => Batch * Accumulate;

    /// <summary>The length of a task's training.</summary>
    /// <exception cref="TrainingException">The split has fewer images than one step takes.</exception>
    public static TrainPlan Of(ITrainingTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        var (train, images) = (task.Recipe.Train, task.SampleCount);
        var perStep = (long)train.Batch * train.Accumulate;
        if (images < perStep)
            throw new TrainingException($"split '{task.Recipe.Data.TrainSplit}' has {images} images, one step takes {perStep} "
                + $"(train.batch {train.Batch} × train.accumulate {train.Accumulate}); use a smaller batch");
        var stepsPerEpoch = (int)(images / perStep);
        return new TrainPlan(images, stepsPerEpoch, StepsOf(train, stepsPerEpoch), train.Batch, train.Accumulate);
    }

    /// <summary>The steps of a run of another length on the same data.</summary>
    internal long StepsOf(TrainRecipe train) => StepsOf(train, StepsPerEpoch);

    static long StepsOf(TrainRecipe train, int stepsPerEpoch) => train.Iterations ?? (long)train.Epochs!.Value * stepsPerEpoch;
}
