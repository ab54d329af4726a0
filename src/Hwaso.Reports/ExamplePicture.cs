using Hwaso.Imaging;

namespace Hwaso.Reports;

/// <summary>One picture to look at: input, truth and prediction of one size.</summary>
/// <param name="Name">Name shown with it, usually the file's.</param>
/// <param name="Input">The photograph.</param>
/// <param name="Truth">True classes, or null where there is no truth.</param>
/// <param name="Prediction">Predicted classes.</param>
/// <param name="Miou">mIoU of this picture as a share of 1, if known.</param>
public sealed record ExamplePicture(string Name, RgbImage Input, LabelMap? Truth, LabelMap Prediction, double? Miou = null)
{
    /// <summary>The heading that it stands under, such as Best; null for none.</summary>
    public string? Group { get; init; }

    /// <summary>The depth that the network gives, as colours; null where it gives none.</summary>
    public RgbImage? Depth { get; init; }

    /// <summary>The depth that it should give, in the same colours; null where none is known.</summary>
    public RgbImage? TrueDepth { get; init; }
}
