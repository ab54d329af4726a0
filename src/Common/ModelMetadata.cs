namespace Hwaso.Common;

/// <summary>The metadata keys of exported ONNX files: the exporter writes them, Hwaso.Runtime reads them.</summary>
/// <remarks>The source is compiled into every project that needs it. Files out there hold these keys, so none may change.</remarks>
static class ModelMetadata
{
    /// <summary>The network's task, such as <see cref="Segmentation"/>; a file without it is taken for a segmentation network.</summary>
    public const string Task = "hwaso.task";

    /// <summary>The task of a segmentation network.</summary>
    public const string Segmentation = "segmentation";

    /// <summary>The classes: a JSON array of <c>{"name": …, "color": [r, g, b]}</c>, in the order of the labels.</summary>
    public const string Classes = "hwaso.classes";

    /// <summary>The means of red, green and blue in 0 … 1 that are subtracted from an image: a JSON array of three numbers.</summary>
    public const string Mean = "hwaso.mean";

    /// <summary>The deviations that it is then divided by: a JSON array of three numbers above 0.</summary>
    public const string Deviation = "hwaso.std";

    /// <summary>What the only output channel of a network of two classes is: <c>logit</c>, <c>probability</c> or <c>label</c>.</summary>
    public const string OneChannel = "hwaso.one_channel";

    /// <summary>The probability above which such a channel's pixel is of the second class: a number above 0 and below 1.</summary>
    public const string Threshold = "hwaso.threshold";

    /// <summary>Whether scores are resized to the image corner to corner (align_corners): <c>true</c> or <c>false</c>.</summary>
    public const string AlignCorners = "hwaso.align_corners";

    /// <summary>How to use a pose network: JSON of joints, pairs, crops and protocol.</summary>
    public const string Pose = "hwaso.pose";

    /// <summary>How to use a detector: JSON of categories, sizes and limits.</summary>
    public const string Boxes = "hwaso.boxes";

    /// <summary>
    /// Of a file that answers with classes and masks of queries: the number to multiples of which images are padded, right and below.
    /// </summary>
    public const string Queries = "hwaso.queries";
}
