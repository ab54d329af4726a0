using System.Text.Json.Nodes;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Recipes;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks.Boxes;
using Hwaso.Training.Tasks.Poses;
using Hwaso.Training.Tasks.Segmentation;

namespace Hwaso.Training.Tasks;

/// <summary>Finds the task of a recipe: its network decides.</summary>
public static class TrainingTasks
{
    /// <summary>Opens the data of a request's task and checks that the recipe fits it.</summary>
    /// <exception cref="RecipeException">The recipe describes no network that can be trained, or data that do not exist or fit.</exception>
    public static ITrainingTask Open(TrainRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Of(request.Recipe).Open(request);
    }

    /// <summary>Reads a validation back from its line of <c>metrics.jsonl</c>, without opening the data.</summary>
    /// <exception cref="RecipeException">The recipe describes no network that can be trained.</exception>
    public static Validation Read(RecipeFile recipe, JsonObject fields)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return Of(recipe).Read(fields);
    }

    // A task is a line here.
    static (Func<TrainRequest, ITrainingTask> Open, Func<JsonObject, Validation> Read) Of(RecipeFile file)
    {
        try
        {
            return Zoo.Define(file.Model) switch
            {
                SegmentationDefinition definition => (request => new SegmentationTask(request, definition), SegmentationScores.Read),
                PoseDefinition definition => (request => new PoseTask(request, definition), PoseScores.Read),
                DetectorDefinition definition => (request => new BoxTask(request, definition), BoxScores.Read),
                var other => throw new ArgumentException(
                    $"{other.Name} is a network for {other.Task.Word()}; one for segmentation, poses or detection was wanted"),
            };
        }
        catch (ArgumentException error)
        {
            throw file.Error(file.Model.Name is null ? "model" : "model.name", error.Message);
        }
    }
}
