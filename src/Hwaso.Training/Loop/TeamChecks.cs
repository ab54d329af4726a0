using Hwaso.Recipes;

namespace Hwaso.Training.Loop;

/// <summary>What processes that train as one must have in common, and what changes when others continue a run.</summary>
static class TeamChecks
{
    /// <summary>Refuses what they cannot share.</summary>
    /// <exception cref="TrainingException">They found other data.</exception>
    /// <exception cref="RecipeException">The recipe asks for what only one process can do.</exception>
    public static void Refuse(TrainRequest request, ITrainingTask task)
    {
        var (team, train) = (request.Team, task.Recipe.Train);
        if (team.GatherOf(task.DataText).Index().FirstOrDefault(t => t.Item != task.DataText) is { Item: { } there } apart)
            throw new TrainingException(
                $"process {apart.Index} found {there}, process {team.Rank} {task.DataText}; give all the same data");
        if (train.Batch % team.Size != 0)
            throw request.Recipe.Error("train.batch", $"{train.Batch} does not divide among {team.Size} processes; use a multiple");
        if (train.CudaGraph && team.IsShared)
            throw request.Recipe.Error(
                "train.cuda_graph", "is for one process; gradients of several are exchanged within a step; remove it");
    }

    /// <summary>What differs from the processes that began a run, a sentence each.</summary>
    public static IEnumerable<string> Changes(ResumeState begun, TrainRequest request)
    {
        if (begun.Threads != request.Threads)
            yield return $"resumed with {Counted(request.Threads, "thread", "threads")}, begun with {begun.Threads}: sums may round "
                + "otherwise, so the result may differ in its last bits";
        var size = request.Team.Size;
        if (begun.Processes != size)
            yield return $"resumed with {Counted(size, "process", "processes")}, begun with {begun.Processes}: sums round otherwise"
                + $"{(size > begun.Processes ? ", and the random numbers of the new ones begin anew" : "")}, so the result may "
                + "differ in its last bits";
        if (begun.Arithmetic is { } before && ResumeState.ArithmeticHere() is var here && here != before)
            yield return $"resumed by {here}; before it was {before}: sums may round otherwise, so the result may differ in its last bits";
    }

    static string Counted(int count, string one, string several) => $"{count} {(count == 1 ? one : several)}";
}
