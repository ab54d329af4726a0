using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Training.Processes;

namespace Hwaso.Training.Loop;

/// <summary>Trains one stage of a run with an optimiser, an average and a schedule of its own. A run without stages is one stage.</summary>
sealed class TrainingStage : IDisposable
{
    readonly ILearnerStage learner;
    readonly TrainStep step;
    readonly Weights weights;
    readonly BatchNormLearning norms;
    readonly LearningRatePolicy policy;
    readonly StageSpan span;
    readonly double rate;

    /// <summary>Prepares a stage on the network as it is.</summary>
    /// <param name="span">Its place among the steps of the run.</param>
    /// <param name="learner">The task's network.</param>
    /// <param name="weights">The network's weights.</param>
    /// <param name="train">Optimiser, schedule and what a step does.</param>
    /// <param name="stepsPerEpoch">Optimiser steps of an epoch.</param>
    /// <param name="pass">How forward passes compute.</param>
    /// <param name="scaler">The scaler of losses; null where none is needed.</param>
    /// <param name="team">The processes that share each step.</param>
    /// <param name="timeline">Records the steps; null to record nothing.</param>
    /// <exception cref="RecipeException">Losses or stages do not fit the network.</exception>
    public TrainingStage(
        StageSpan span, ILearner learner, Weights weights, TrainRecipe train, int stepsPerEpoch, ForwardPass pass, LossScaler? scaler,
        Team team, Timeline? timeline)
    {
        (this.span, this.weights, norms, Scaler) = (span, weights, train.BatchNorm, scaler);
        this.learner = learner.Stage(span.Index);
        Begin();
        var optimizer = span.Plan.Optimizer ?? train.Optimizer;
        rate = optimizer.LearningRate;
        Optimiser = OptimiserOf(optimizer, weights, learner.HeadPaths, train.Schedule.BackboneIterations > 0);
        policy = PolicyOf(train.Schedule, train.Epochs is null ? 1 : stepsPerEpoch);
        Average = train.EmaDecay is { } decay ? new WeightAverage(weights, decay) : null;
        step = new TrainStep(pass, Optimiser, Average, train, scaler, team,
            team.ExchangeOf([.. weights.Parameters.Select(p => p.Value).Where(p => p.RequiresGrad)]), timeline);
    }

    /// <summary>What the task says about it.</summary>
    public StagePlan Plan => span.Plan;

    /// <summary>Its index, from 0.</summary>
    public int Index => span.Index;

    /// <summary>Steps of the run up to its end.</summary>
    public long End => span.End;

    /// <summary>Updates the weights; new in each stage.</summary>
    public Optimiser Optimiser { get; }

    /// <summary>The moving average of weights, new in each stage; null where there is none.</summary>
    public WeightAverage? Average { get; }

    /// <summary>Keeps float16's gradients in range; null where none is needed.</summary>
    public LossScaler? Scaler { get; }

    /// <summary>The rate that the schedule begins with.</summary>
    public double FirstRate => rate;

    /// <summary>The files of the last batch.</summary>
    public IEnumerable<string> Files => step.Files;

    /// <summary>Whether the last step changed nothing because the scale of its loss was too large.</summary>
    public bool WasLeftOut => step.WasLeftOut;

    /// <summary>Whether the last step computed anything, so that statistics of batches or random numbers may have moved on.</summary>
    public bool HasComputed => step.HasComputed;

    /// <summary>The learning rate of a step of the run; the schedule runs over the stage.</summary>
    public double RateAt(long step) => RateAt(step, span.End);

    /// <summary>The learning rate of a step if the stage ended after another number of steps of the run.</summary>
    public double RateAt(long step, long end) => policy.At(step - span.First, end - span.First, rate);

    /// <summary>Lets the weights of this stage learn, and leaves the rest.</summary>
    public void Begin()
    {
        learner.Begin();
        if (norms != BatchNormLearning.All)
            BatchNormFreezing.FreezeStatistics(weights);
        if (norms == BatchNormLearning.Nothing)
            BatchNormFreezing.FreezeParameters(weights);
    }

    /// <summary>The batches of a pass over the data, from one of them on.</summary>
    public IEnumerator<ITrainingBatch> Batches(int epoch, int firstBatch) => learner.Batches(epoch, firstBatch).GetEnumerator();

    /// <summary>Does a step and returns its loss.</summary>
    /// <param name="batches">Where its batches come from.</param>
    /// <param name="at">Steps of the run before it.</param>
    /// <param name="stop">Cancelled where this process is to stop after the step.</param>
    /// <exception cref="TrainingException">Memory is short.</exception>
    public double Step(IEnumerator<ITrainingBatch> batches, long at, CancellationToken stop)
    {
        Optimiser.LaterRate = policy.LaterAt(at - span.First, span.End - span.First, rate);
        return step.Run(batches, RateAt(at), stop);
    }

    /// <summary>Whether this or another process was asked to stop during the last step.</summary>
    public bool Stops => step.Stops;

    /// <summary>Frees losses, optimiser and average.</summary>
    public void Dispose()
    {
        learner.Dispose();
        step.Dispose();
        Optimiser.Dispose();
        Average?.Dispose();
    }

    static Optimiser OptimiserOf(OptimizerRecipe recipe, Weights weights, IReadOnlyList<string> headPaths, bool backboneLater)
    {
        var groups = ParameterGroups.Of(recipe, weights, headPaths, backboneLater);
        return recipe.Kind switch
        {
            OptimizerKind.Sgd => new Sgd(groups, recipe.LearningRate, recipe.Momentum, nesterov: recipe.Nesterov),
            OptimizerKind.Adam => new Adam(groups, recipe.LearningRate, recipe.Beta1, recipe.Beta2, recipe.Eps),
            OptimizerKind.AdamW => new Adam(groups, recipe.LearningRate, recipe.Beta1, recipe.Beta2, recipe.Eps, decoupled: true),
            _ => throw new ArgumentOutOfRangeException(nameof(recipe), recipe.Kind, "an optimiser that is not known"),
        };
    }

    /// <param name="recipe">The schedule.</param>
    /// <param name="stepsPerUnit">Steps of one unit of the milestones.</param>
    static LearningRatePolicy PolicyOf(ScheduleRecipe recipe, int stepsPerUnit)
    {
        LearningRatePolicy policy = recipe.Kind switch
        {
            ScheduleKind.Poly => new PolyPolicy(recipe.Power, recipe.End),
            ScheduleKind.Cosine => new CosinePolicy(recipe.End),
            ScheduleKind.Step => new StepPolicy(recipe.Milestones.Select(m => (long)m * stepsPerUnit).ToArray(), recipe.Gamma),
            ScheduleKind.Constant => new ConstantPolicy(),
            _ => throw new ArgumentOutOfRangeException(nameof(recipe), recipe.Kind, "a schedule that is not known"),
        };
        return policy with
        {
            WarmupIterations = recipe.WarmupIterations,
            WarmupRatio = recipe.WarmupRatio,
            WarmupForm = recipe.Warmup == WarmupKind.Exponential ? WarmupForm.Exponential : WarmupForm.Linear,
            BeginsAfterWarmup = recipe.AfterWarmup,
            LaterIterations = recipe.BackboneIterations,
        };
    }
}

/// <summary>The place of a stage among the steps of a run.</summary>
/// <param name="Index">Its index, from 0.</param>
/// <param name="First">Steps before it.</param>
/// <param name="End">Steps up to its end.</param>
/// <param name="Plan">What the task says about it.</param>
sealed record StageSpan(int Index, long First, long End, StagePlan Plan)
{
    /// <summary>The spans of stages one after another.</summary>
    public static IReadOnlyList<StageSpan> Of(IReadOnlyList<StagePlan> stages, TrainPlan length)
    {
        var spans = new List<StageSpan>();
        foreach (var stage in stages)
        {
            var first = spans.Count == 0 ? 0 : spans[^1].End;
            var end = stage.Epochs is { } epochs ? first + (long)epochs * length.StepsPerEpoch : length.Steps;
            spans.Add(new StageSpan(spans.Count, first, end, stage));
        }
        return spans;
    }
}
