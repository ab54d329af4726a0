namespace Hwaso.Data.Loading;

/// <summary>What happens to an image and its labels on the way into training; the defaults are the official HRNet recipe's.</summary>
public sealed record Augmentation
{
    /// <summary>Height of the crop in pixels.</summary>
    public required int CropHeight { get; init; }

    /// <summary>Width of the crop in pixels.</summary>
    public required int CropWidth { get; init; }

    /// <summary>The long side in pixels that scale 1 means; null for the image's own.</summary>
    public int? BaseSize { get; init; }

    /// <summary>The smallest scale.</summary>
    public double MinScale { get; init; } = 0.5;

    /// <summary>The largest scale.</summary>
    public double MaxScale { get; init; } = 2.1;

    /// <summary>The distance between scales.</summary>
    public double ScaleStep { get; init; } = 0.1;

    /// <summary>Whether half the images are mirrored.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>Whether brightness, contrast, saturation and hue are distorted.</summary>
    public bool PhotometricDistortion { get; init; }

    /// <summary>What is subtracted from red, green and blue in 0 … 1.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0.485, 0.456, 0.406];

    /// <summary>What they are then divided by.</summary>
    public IReadOnlyList<double> Std { get; init; } = [0.229, 0.224, 0.225];

    internal void Check()
    {
        static void Require(bool fine, string problem)
        {
            if (!fine)
                throw new ArgumentException(problem);
        }
        Require(CropHeight > 0 && CropWidth > 0, $"a crop of {CropHeight}×{CropWidth}: both sides must be at least 1");
        Require(BaseSize is null or > 0, $"BaseSize is {BaseSize}; at least 1 was wanted, or null for the image's own long side");
        Require(MinScale > 0 && MaxScale >= MinScale && double.IsFinite(MaxScale), $"scales from {MinScale} to {MaxScale}: above 0 and in rising order were wanted");
        Require(ScaleStep > 0, $"ScaleStep is {ScaleStep}; above 0 was wanted");
        Require(Mean.Count == 3 && Std.Count == 3 && Std.All(d => d > 0), "Mean and Std need three values each, those of Std above 0");
    }
}
