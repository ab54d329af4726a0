namespace Hwaso.Models;

/// <summary>What holds for every definition.</summary>
public static class ModelDefinitions
{
    /// <summary>The network without what only training uses: what predicts, is exported and is counted; itself where it has no such part.</summary>
    public static ModelDefinition Deployed(this ModelDefinition definition) => definition is SegmentationDefinition segmentation ? segmentation.Deployed : definition;
}
