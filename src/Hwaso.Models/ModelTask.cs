namespace Hwaso.Models;

/// <summary>What a network answers.</summary>
public enum ModelTask
{
    /// <summary>A class for every pixel: logits [N, K, h, w].</summary>
    Segmentation,

    /// <summary>Features of an image, without classes.</summary>
    Features,

    /// <summary>Depth in metres for every pixel: [N, 1, H, W].</summary>
    Depth,

    /// <summary>A class for the whole image: logits [N, K].</summary>
    Classification,

    /// <summary>A heat map for every joint of a person: [N, J, h, w].</summary>
    Pose,

    /// <summary>Boxes of objects, with masks or without: [N, 100, 6].</summary>
    Detection,
}

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
        ModelTask.Detection => "detection",
        _ => throw new ArgumentOutOfRangeException(nameof(task), task, "a task that is not known"),
    };
}
