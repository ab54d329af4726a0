namespace Hwaso.Models.Heads;

/// <summary>A DeepLabV3 head; the defaults are torchvision's.</summary>
public sealed record AsppConfig
{
    /// <summary>Channels of every branch and of the projection.</summary>
    public int Channels { get; init; } = 256;

    /// <summary>Dilations of the 3×3 branches: 12, 24, 36 at output stride 8, half of it at 16.</summary>
    public IReadOnlyList<int> Rates { get; init; } = [12, 24, 36];

    /// <summary>Probability with which an element of the projection is dropped, in training.</summary>
    public double Dropout { get; init; } = 0.5;
}
