using Hwaso.Recipes;

namespace Hwaso.Inference;

/// <summary>How a network is asked for an image's labels.</summary>
public sealed record InferenceOptions
{
    /// <summary>Scales whose class scores are summed.</summary>
    public IReadOnlyList<double> Scales { get; init; } = [1];

    /// <summary>Whether each scale is also asked on the mirrored image.</summary>
    public bool Flip { get; init; }

    /// <summary>Classes that change places in the mirrored image, as <see cref="Hwaso.Data.ClassList.FlipPairs"/>.</summary>
    public IReadOnlyList<(byte Left, byte Right)> FlipPairs { get; init; } = [];

    /// <summary>Size of a sliding window; null asks whole images.</summary>
    public SizePx? Crop { get; init; }

    /// <summary>Step of the sliding window; null: two thirds of it, as the official HRNet code.</summary>
    public SizePx? Stride { get; init; }

    /// <summary>Whether an image that is smaller than the window is filled up with black, right and below, before normalisation.</summary>
    public bool PadToCrop { get; init; }

    /// <summary>The largest scale that is asked whole although there is a window; 0 for none.</summary>
    public double WholeUpTo { get; init; }

    /// <summary>The size that images are resized to first; null for their own.</summary>
    public SizePx? Size { get; init; }

    /// <summary>The long side in pixels that scale 1 means; null for no such bound.</summary>
    public int? LongSide { get; init; }

    /// <summary>The short side in pixels that scale 1 means; with <see cref="LongSide"/> too, neither is exceeded. Null for no such bound.</summary>
    public int? ShortSide { get; init; }

    /// <summary>How scores are brought to a larger size; null: as the network has it.</summary>
    public bool? AlignCorners { get; init; }

    /// <summary>How the scores of several views become one.</summary>
    public ViewSum Sum { get; init; }

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
        if (LongSide < 1 || ShortSide < 1)
            throw new ArgumentException($"sides of {LongSide?.ToString() ?? "any"} and {ShortSide?.ToString() ?? "any"} pixels for scale 1: at least 1 was wanted");
    }

    /// <summary>The size that an image has at a scale, rounded as OpenCV's callers do.</summary>
    /// <param name="height">Its own height.</param>
    /// <param name="width">Its own width.</param>
    /// <param name="scale">The scale.</param>
    public (long Height, long Width) SizeAt(long height, long width, double scale)
    {
        var (longest, shortest) = (Math.Max(height, width), Math.Min(height, width));
        if (LongSide is null && ShortSide is null)
            return (Rounded(height * scale), Rounded(width * scale));
        // The side that binds is rounded by itself, and the other follows from it.
        var byLong = LongSide is { } bound && (ShortSide is null || (double)bound / longest <= (double)ShortSide.Value / shortest);
        var side = Rounded((byLong ? LongSide!.Value : ShortSide!.Value) * scale);
        return (height >= width) == byLong ? (side, Rounded((double)width * side / height)) : (Rounded((double)height * side / width), side);
    }

    static long Rounded(double length) => Math.Max(1, (long)(length + 0.5));
}
