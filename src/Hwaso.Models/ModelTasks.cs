namespace Hwaso.Models;

/// <summary>The words for tasks.</summary>
public static class ModelTasks
{
    /// <summary>The task in a word, as tables and JSON have it.</summary>
    public static string Word(this ModelTask task) => task switch
    {
        ModelTask.Segmentation => "segmentation",
        ModelTask.Features => "features",
        ModelTask.Depth => "depth",
        ModelTask.Classification => "classification",
        ModelTask.Pose => "pose",
        _ => throw new ArgumentOutOfRangeException(nameof(task), task, "a task that is not known"),
    };
}
