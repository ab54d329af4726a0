namespace Hwaso.Models.Heads;

/// <summary>The heads of a fully convolutional network; the defaults are torchvision's.</summary>
public sealed record FcnConfig
{
    /// <summary>Channels between the two convolutions of the head; null for a quarter of the features', as released.</summary>
    public int? Channels { get; init; }

    /// <summary>Probability with which an element is dropped before the last convolution, in training.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Whether a second head learns on the third stage, in training alone.</summary>
    public bool Auxiliary { get; init; } = true;

    /// <summary>What the parts are called.</summary>
    public FcnNames Names { get; init; } = FcnNames.Torchvision;

    /// <summary>Whether logits are brought to the image's size with corners aligned: not in torchvision, but in PyTorch-Encoding.</summary>
    public bool AlignCorners { get; init; }
}
