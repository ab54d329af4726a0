using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Studies;

/// <summary>A finished run that a study uses again instead of training it.</summary>
static class FinishedRun
{
    /// <summary>Refuses a run whose recipe is another than it would be trained with now.</summary>
    /// <exception cref="TrainingException">It is, or its recipe cannot be read.</exception>
    public static void RequireSame(RunFolder folder, Recipe now)
    {
        var difference = File.Exists(folder.Recipe)
            ? ResumeState.Difference(File.ReadAllText(folder.Recipe), now.ToYaml(folder.Recipe))
            : $"{folder.Recipe} is not there";
        if (difference is not null)
            throw new TrainingException(
                $"{folder.Root}: holds a run of another recipe ({difference}); remove it, or keep this study in another folder with --out");
    }
}
