using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;

namespace Hwaso.Models.Families;

/// <summary>An HRNetV2 of any size under an OCR head.</summary>
public sealed record HRNetOcrDefinition : HRNetSegmentationDefinition
{
    /// <summary>The head's widths.</summary>
    public OcrConfig Ocr { get; init; } = new();

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 19;

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new HRNetOcr(w, Config, Ocr, classes);
}
