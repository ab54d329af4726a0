namespace Hwaso.Models;

/// <summary>What holds for every definition.</summary>
public static class ModelDefinitions
{
    /// <summary>The network without what only training uses: what predicts, is exported and is counted; itself where it has no such part.</summary>
    public static ModelDefinition Deployed(this ModelDefinition definition) => definition is SegmentationDefinition segmentation ? segmentation.Deployed : definition;

    /// <summary>The input that the network is usually counted at: the published one, else what its field counts at.</summary>
    public static (int Height, int Width) UsualSize(this ModelDefinition definition) => definition.PublishedSize ?? definition.Task switch
    {
        ModelTask.Classification => (224, 224),
        ModelTask.Pose => (256, 192),
        ModelTask.Features or ModelTask.Depth => (518, 518),
        _ => (480, 480),
    };
}
