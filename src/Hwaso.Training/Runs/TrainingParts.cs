using Hwaso.Data;
using Hwaso.Data.Depth;
using Hwaso.Data.Loading;
using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Training.Runs;

/// <summary>From what a recipe says to the parts that train.</summary>
static class TrainingParts
{
    public static Optimiser Optimiser(OptimizerRecipe recipe, SegmentationNet net)
    {
        bool IsHead(KeyValuePair<string, Tensor> p) => net.HeadPaths.Any(h => p.Key.StartsWith(h + ".", StringComparison.Ordinal));
        // Norms' scales and shifts, biases and layer scales are what has one dimension.
        bool Decays(KeyValuePair<string, Tensor> p) => recipe.DecayNorms || p.Value.Dimensions > 1;
        var groups = net.Weights.Parameters.Where(p => p.Value.RequiresGrad)
            .GroupBy(p => (Rate: IsHead(p) ? recipe.HeadRateMultiplier : 1, Decay: Decays(p) ? recipe.WeightDecay : 0))
            .Select(g => new ParameterGroup(g.ToArray(), g.Key.Rate, g.Key.Decay)).ToArray();
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

    public static Loader Loader(Recipe recipe, SegmentationDataset data, DepthSource? depth, int threads) => new(
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
            Balance = recipe.Data.ClassBalance > 0 ? ClassBalance.Of(data, recipe.Data.ClassBalance, recipe.Data.Workers ?? threads) : null,
        },
        depth);
}
