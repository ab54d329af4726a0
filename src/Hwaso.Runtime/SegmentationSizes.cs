namespace Hwaso.Runtime;

/// <summary>The size of an image and that of the labels wanted for it.</summary>
/// <param name="Width">Columns of the image.</param>
/// <param name="Height">Rows of the image.</param>
/// <param name="LabelWidth">Columns of the labels.</param>
/// <param name="LabelHeight">Rows of the labels.</param>
readonly record struct SegmentationSizes(int Width, int Height, int LabelWidth, int LabelHeight)
{
    /// <summary>Labels of the image's own size.</summary>
    public SegmentationSizes(int width, int height) : this(width, height, width, height)
    {
    }
}
