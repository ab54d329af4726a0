using System.Globalization;
using Hwaso.Recipes;

namespace Hwaso.Inference;

/// <summary>
/// How a network looks at an image: whole or by windows, at which scales, mirrored too or not, and how the answers are summed.
/// </summary>
public sealed record Views
{
    /// <summary>Scales whose class scores are summed.</summary>
    public IReadOnlyList<double> Scales { get; init; } = [1];

    /// <summary>Whether the mirrored image is segmented too, at each scale.</summary>
    public bool Flip { get; init; }

    /// <summary>Classes that change places in the mirrored image, as <see cref="Hwaso.Data.ClassList.FlipPairs"/>.</summary>
    public IReadOnlyList<(byte Left, byte Right)> FlipPairs { get; init; } = [];

    /// <summary>Size of a sliding window; null for whole images.</summary>
    public SizePx? Crop { get; init; }

    /// <summary>Step of the sliding window; null: two thirds of it, as the official HRNet code.</summary>
    public SizePx? Stride { get; init; }

    /// <summary>Whether an image smaller than the window is padded with black, right and below, before normalisation.</summary>
    public bool PadToCrop { get; init; }

    /// <summary>The largest scale that is segmented whole although there is a window; 0 for none.</summary>
    public double WholeUpTo { get; init; }

    /// <summary>The size that images are resized to first; null for their own.</summary>
    public SizePx? Size { get; init; }

    /// <summary>The long side in pixels that scale 1 means; null for no such bound.</summary>
    public int? LongSide { get; init; }

    /// <summary>
    /// The short side in pixels that scale 1 means; with <see cref="LongSide"/> too, neither is exceeded. Null for no such bound.
    /// </summary>
    public int? ShortSide { get; init; }

    /// <summary>Whether scores are resized corner to corner; null: as the network's definition says.</summary>
    public bool? AlignCorners { get; init; }

    /// <summary>How the scores of several views become one.</summary>
    public ViewSum Sum { get; init; }

    /// <summary>Whether an image is seen once and whole, which every engine can do.</summary>
    public bool IsPlain => this is
    {
        Scales: [1], Flip: false, Crop: null, Size: null, LongSide: null, ShortSide: null, AlignCorners: null, Sum: ViewSum.Softmax,
    };

    static string Bound(int? side) => side?.ToString(CultureInfo.InvariantCulture) ?? "any";

    internal string ScaleList => string.Join(", ", Scales.Select(scale => scale.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Checks that the settings fit each other.</summary>
    /// <exception cref="ArgumentException">No scale, one that is not positive, or a stride that skips pixels.</exception>
    public void Check()
    {
        if (Scales.Count == 0 || Scales.Any(s => !(s > 0) || !double.IsFinite(s)))
            throw new ArgumentException($"scales [{ScaleList}]: one or more numbers above 0 were wanted");
        if (Stride is { } stride && Crop is null)
            throw new ArgumentException($"stride {stride} without a crop: name the window's size too");
        if (Crop is { } crop && Stride is { } step && !Windows.Cover(crop, step))
            throw new ArgumentException(
                $"stride {step} with windows of {crop}: it must be from 1 to the window's size, or pixels are skipped");
        if (LongSide < 1 || ShortSide < 1)
            throw new ArgumentException(
                $"sides of {Bound(LongSide)} and {Bound(ShortSide)} pixels for scale 1: at least 1 was wanted");
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
        return (height >= width) == byLong
            ? (side, Rounded((double)width * side / height))
            : (Rounded((double)height * side / width), side);
    }

    static long Rounded(double length) => Math.Max(1, (long)(length + 0.5));
}

/// <summary>How the scores of windows, mirror images and scales become one map: published figures differ by this alone.</summary>
public enum ViewSum
{
    /// <summary>The logits of windows and of both mirror images are averaged, and the softmax of each scale is summed.</summary>
    Softmax,

    /// <summary>
    /// A window's logits are averaged with its mirror image's; their exponentials, not divided by their sum, are averaged over windows
    /// and summed over scales: HRNet's official code, whose figures need it.
    /// </summary>
    Exponential,

    /// <summary>
    /// The logits of windows are averaged, and the softmax of each scale and of each mirror image is summed: mmsegmentation.
    /// </summary>
    SoftmaxOfEach,
}
