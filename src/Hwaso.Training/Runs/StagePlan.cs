using Hwaso.Recipes;

namespace Hwaso.Training.Runs;

/// <summary>Where a stage stands among the steps of a run.</summary>
/// <param name="Index">Its number, from 0.</param>
/// <param name="First">Steps before it.</param>
/// <param name="End">Steps with it.</param>
/// <param name="Recipe">What happens in it; null for a run without stages.</param>
sealed record StagePlan(int Index, long First, long End, TrainStageRecipe? Recipe)
{
    /// <summary>The stages of a run; one where the recipe has none.</summary>
    public static IReadOnlyList<StagePlan> Of(Recipe recipe, TrainPlan plan)
    {
        if (recipe.Stages.Count == 0)
            return [new StagePlan(0, 0, plan.Steps, null)];
        var stages = new List<StagePlan>();
        foreach (var stage in recipe.Stages)
        {
            var first = stages.Count == 0 ? 0 : stages[^1].End;
            stages.Add(new StagePlan(stages.Count, first, first + (long)stage.Epochs * plan.StepsPerEpoch, stage));
        }
        return stages;
    }
}
