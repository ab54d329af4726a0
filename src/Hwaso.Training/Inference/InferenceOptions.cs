using Hwaso.Training.Recipes;

namespace Hwaso.Training.Inference;

/// <summary>How a network is asked for an image's labels.</summary>
public sealed record InferenceOptions
{
    /// <summary>Scales whose class probabilities are averaged.</summary>
    public IReadOnlyList<double> Scales { get; init; } = [1];

    /// <summary>Whether each scale is also asked on the mirrored image.</summary>
    public bool Flip { get; init; }

    /// <summary>Classes that change places in the mirrored image, as <see cref="Hwaso.Data.ClassList.FlipPairs"/>.</summary>
    public IReadOnlyList<(byte Left, byte Right)> FlipPairs { get; init; } = [];

    /// <summary>Size of a sliding window; null asks whole images.</summary>
    public SizePx? Crop { get; init; }

    /// <summary>Step of the sliding window; null: two thirds of it, as the official HRNet code.</summary>
    public SizePx? Stride { get; init; }

    /// <summary>The size that images are resized to first; null for their own.</summary>
    public SizePx? Size { get; init; }

    /// <summary>Checks that the settings fit each other.</summary>
    /// <exception cref="ArgumentException">No scale, one that is not positive, or a stride that skips pixels.</exception>
    public void Check()
    {
        if (Scales.Count == 0 || Scales.Any(s => !(s > 0) || !double.IsFinite(s)))
            throw new ArgumentException($"scales [{string.Join(", ", Scales)}]: one or more numbers above 0 were wanted");
        if (Stride is { } stride && Crop is null)
            throw new ArgumentException($"stride {stride} without a crop: name the window's size too");
        if (Crop is { } crop && Stride is { } step && (step.Height > crop.Height || step.Width > crop.Width || step.Height < 1 || step.Width < 1))
            throw new ArgumentException($"stride {step} with windows of {crop}: it must be from 1 to the window's size, or pixels are skipped");
    }
}
