namespace Hwaso.Scenes;

/// <summary>How a set of scenes lies on disk.</summary>
public enum SceneLayout
{
    /// <summary>As Cityscapes: leftImg8bit, gtFine and disparity.</summary>
    Cityscapes,

    /// <summary>As PASCAL VOC 2012: JPEGImages, SegmentationClass, SegmentationObject and ImageSets.</summary>
    Voc,
}
