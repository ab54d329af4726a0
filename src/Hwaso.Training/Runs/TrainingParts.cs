using Hwaso.Data;
using Hwaso.Data.Loading;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Training.Recipes;

namespace Hwaso.Training.Runs;

/// <summary>From what a recipe says to the parts that train.</summary>
static class TrainingParts
{
    public static Optimiser Optimiser(OptimizerRecipe recipe, SegmentationNet net)
    {
        bool IsHead(KeyValuePair<string, Tensor> p) => net.HeadPaths.Any(h => p.Key.StartsWith(h + ".", StringComparison.Ordinal));
        var parameters = net.Weights.Parameters.ToArray();
        IReadOnlyList<ParameterGroup> groups = recipe.HeadRateMultiplier == 1
            ? [new ParameterGroup(parameters, 1, recipe.WeightDecay)]
            :
            [
                new ParameterGroup(parameters.Where(p => !IsHead(p)).ToArray(), 1, recipe.WeightDecay),
                new ParameterGroup(parameters.Where(IsHead).ToArray(), recipe.HeadRateMultiplier, recipe.WeightDecay),
            ];
        return recipe.Kind switch
        {
            OptimizerKind.Sgd => new Sgd(groups, recipe.LearningRate, recipe.Momentum, nesterov: recipe.Nesterov),
            OptimizerKind.Adam or OptimizerKind.AdamW =>
                new Adam(groups, recipe.LearningRate, recipe.Beta1, recipe.Beta2, recipe.Eps, decoupled: recipe.Kind == OptimizerKind.AdamW),
            _ => throw new ArgumentOutOfRangeException(nameof(recipe), recipe.Kind, "an optimiser that is not known"),
        };
    }

    /// <param name="recipe">The schedule.</param>
    /// <param name="stepsPerUnit">Steps of one unit of the milestones.</param>
    public static LearningRatePolicy Policy(ScheduleRecipe recipe, int stepsPerUnit)
    {
        LearningRatePolicy policy = recipe.Kind switch
        {
            ScheduleKind.Poly => new PolyPolicy(recipe.Power, recipe.End),
            ScheduleKind.Cosine => new CosinePolicy(recipe.End),
            ScheduleKind.Step => new StepPolicy(recipe.Milestones.Select(m => (long)m * stepsPerUnit).ToArray(), recipe.Gamma),
            ScheduleKind.Constant => new ConstantPolicy(),
            _ => throw new ArgumentOutOfRangeException(nameof(recipe), recipe.Kind, "a schedule that is not known"),
        };
        return policy with { WarmupIterations = recipe.WarmupIterations, WarmupRatio = recipe.WarmupRatio };
    }

    public static Loader Loader(Recipe recipe, SegmentationDataset data, int threads) => new(
        data,
        new Augmentation
        {
            CropHeight = recipe.Augment.Crop.Height,
            CropWidth = recipe.Augment.Crop.Width,
            BaseSize = recipe.Augment.BaseSize,
            MinScale = recipe.Augment.ScaleMin,
            MaxScale = recipe.Augment.ScaleMax,
            ScaleStep = recipe.Augment.ScaleStep,
            Flip = recipe.Augment.Flip,
            PhotometricDistortion = recipe.Augment.Photometric,
            Mean = [.. recipe.Augment.Mean],
            Std = [.. recipe.Augment.Std],
        },
        new LoaderOptions
        {
            BatchSize = recipe.Train.Batch,
            Seed = recipe.Seed,
            Threads = recipe.Data.Workers ?? threads,
            CacheBytes = (long)recipe.Data.CacheMb << 20,
        });
}
