using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Training.Objectives;

namespace Hwaso.Training.Runs;

/// <summary>What trains in one stage of a run: objective, optimiser, average and rate. A run without stages is one stage.</summary>
sealed class TrainingStage : IDisposable
{
    readonly SegmentationNet net;
    readonly Recipe recipe;
    readonly ITrainingObjective objective;
    readonly LearningRatePolicy policy;

    /// <summary>Prepares a stage on the network as it is.</summary>
    /// <param name="plan">Where it stands in the run.</param>
    /// <param name="net">The network.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="file">Where the recipe's keys stand.</param>
    /// <param name="stepsPerEpoch">Optimiser steps of an epoch.</param>
    /// <param name="device">Where it happens.</param>
    /// <param name="compute">The narrower type to compute in; null for float32.</param>
    /// <exception cref="RecipeException">Losses, stages or depth do not fit the network.</exception>
    public TrainingStage(StagePlan plan, SegmentationNet net, Recipe recipe, RecipeFile file, int stepsPerEpoch, Device device, ScalarType? compute)
    {
        (Plan, this.net, this.recipe) = (plan, net, recipe);
        objective = ObjectiveFactory.Of(net, recipe.Loss, file, plan.Recipe);
        Begin();
        var optimizer = plan.Recipe?.Optimizer ?? recipe.Train.Optimizer;
        Rate = optimizer.LearningRate;
        Optimiser = TrainingParts.Optimiser(optimizer, net);
        policy = TrainingParts.Policy(recipe.Train.Schedule, recipe.Train.Epochs is null ? 1 : stepsPerEpoch);
        Average = recipe.Train.EmaDecay is { } decay ? new WeightAverage(net.Weights, decay) : null;
        Step = new TrainStep(objective, Optimiser, Average, recipe.Train, device, compute);
    }

    /// <summary>Where it stands in the run.</summary>
    public StagePlan Plan { get; }

    /// <summary>What updates the weights, new in each stage.</summary>
    public Optimiser Optimiser { get; }

    /// <summary>The moving average of weights, new in each stage; null where there is none.</summary>
    public WeightAverage? Average { get; }

    /// <summary>What does a step.</summary>
    public TrainStep Step { get; }

    /// <summary>The rate that the schedule begins with.</summary>
    public double Rate { get; }

    /// <summary>Whether the semantic answer is learned, so that it is worth scoring.</summary>
    public bool IsScored => Plan.Recipe is null or { SemanticWeight: > 0 };

    /// <summary>The learning rate of a step of the run; the schedule runs over the stage.</summary>
    public double RateAt(long step) => policy.At(step - Plan.First, Plan.End - Plan.First, Rate);

    /// <summary>Lets what learns in this stage learn, and the rest be.</summary>
    public void Begin()
    {
        net.Train();
        if (net is UNetMultiDecoder decoders && Plan.Recipe is { } stage)
            decoders.Learn([.. stage.Learn]);
        if (recipe.Train.BatchNorm != BatchNormLearning.All)
            BatchNormFreezing.FreezeStatistics(net.Weights);
        if (recipe.Train.BatchNorm == BatchNormLearning.Nothing)
            BatchNormFreezing.FreezeParameters(net.Weights);
    }

    /// <summary>Does what comes before a stage: copies one decoder to the other.</summary>
    public static void Copy(StagePlan plan, SegmentationNet net)
    {
        if (net is not UNetMultiDecoder decoders)
            return;
        if (plan.Recipe?.Copy == DecoderCopy.DepthToSemantic)
            decoders.CopyDepthToSemantic();
        else if (plan.Recipe?.Copy == DecoderCopy.SemanticToDepth)
            decoders.CopySemanticToDepth();
    }

    /// <summary>Frees optimiser and average.</summary>
    public void Dispose()
    {
        objective.Dispose();
        Optimiser.Dispose();
        Average?.Dispose();
    }
}
