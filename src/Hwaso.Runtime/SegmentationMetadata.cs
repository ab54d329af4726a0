using System.Text.Json;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime;

/// <summary>
/// How to use an exported network: its classes and its normalisation. Entries missing in the file take the caller's values, or else
/// those of ImageNet's networks.
/// </summary>
/// <param name="Classes">Names and colours, by label; empty if the file does not name them.</param>
/// <param name="Mean">The mean of each channel in 0 … 1 that are subtracted from an image.</param>
/// <param name="Deviation">The standard deviations that the difference is divided by.</param>
/// <param name="AlignCorners">Whether scores are resized to the image corner to corner (PyTorch's align_corners).</param>
public sealed record SegmentationMetadata(
    IReadOnlyList<SegmentationClass> Classes, IReadOnlyList<float> Mean, IReadOnlyList<float> Deviation, bool AlignCorners)
{
    /// <summary>The value of a white pixel before the mean is subtracted.</summary>
    public float Range { get; init; } = 1;

    /// <summary>What a single output channel is; null where the file does not say.</summary>
    public OneChannel? OneChannel { get; init; }

    /// <summary>The probability above which a pixel of a single output channel is of class 1, above 0 and below 1.</summary>
    public float Threshold { get; init; } = 0.5f;

    /// <summary>What the file does not say and was assumed, a sentence each; empty if it says everything.</summary>
    public IReadOnlyList<string> Assumptions { get; init; } = [];

    /// <summary>The metadata key of the network's task; a file without it is taken for a segmentation network.</summary>
    public const string TaskKey = ModelMetadata.Task;

    /// <summary>The value of <see cref="TaskKey"/> for segmentation networks.</summary>
    public const string Task = ModelMetadata.Segmentation;

    /// <summary>The metadata key of the classes: a JSON array of <c>{"name": …, "color": [r, g, b]}</c>.</summary>
    public const string ClassesKey = ModelMetadata.Classes;

    /// <summary>The metadata key of <see cref="Mean"/>: a JSON array of a number for each channel.</summary>
    public const string MeanKey = ModelMetadata.Mean;

    /// <summary>The metadata key of <see cref="Deviation"/>: a JSON array of a number above 0 for each channel.</summary>
    public const string DeviationKey = ModelMetadata.Deviation;

    /// <summary>The metadata key of <see cref="OneChannel"/>: <c>logit</c>, <c>probability</c> or <c>label</c>.</summary>
    public const string OneChannelKey = ModelMetadata.OneChannel;

    /// <summary>The metadata key of <see cref="Threshold"/>: a number above 0 and below 1.</summary>
    public const string ThresholdKey = ModelMetadata.Threshold;

    /// <summary>The metadata key of <see cref="AlignCorners"/>: <c>true</c> or <c>false</c>.</summary>
    public const string AlignCornersKey = ModelMetadata.AlignCorners;

    /// <summary>Reads a file's metadata.</summary>
    /// <param name="metadata">The file's entries.</param>
    /// <param name="place">The file, for messages.</param>
    /// <param name="options">What the caller knows.</param>
    /// <param name="channels">Channels of the network's images.</param>
    /// <param name="isFloat">Whether the network takes floating-point numbers; integers are pixel values.</param>
    /// <exception cref="ModelFormatException">An entry cannot be parsed.</exception>
    /// <exception cref="ArgumentException">The options do not have as many numbers as the network has channels.</exception>
    internal static SegmentationMetadata Read(
        IReadOnlyDictionary<string, string> metadata, string place, SegmentationOptions options, int channels, bool isFloat)
    {
        var read = new SegmentationMetadata(
            Parse<IReadOnlyList<SegmentationClass>>(
                metadata, ClassesKey, place, "a list of names and colours", json => json.EnumerateArray().Select(ReadClass).ToArray(), []),
            Parse<IReadOnlyList<float>>(metadata, MeanKey, place, $"{Count(channels)} numbers", json => Numbers(json, channels, _ => true),
                Colours(channels, [0.449f], [0.485f, 0.456f, 0.406f], 0)),
            Parse<IReadOnlyList<float>>(
                metadata, DeviationKey, place, $"{Count(channels)} numbers above 0", json => Numbers(json, channels, v => v > 0),
                Colours(channels, [0.226f], [0.229f, 0.224f, 0.225f], 1)),
            Parse(metadata, AlignCornersKey, place, "true or false", json => json.GetBoolean(), false))
        {
            OneChannel = options.OneChannel ?? ReadOneChannel(metadata, place),
            Threshold = Between0And1(options.Threshold)
                ?? Parse(metadata, ThresholdKey, place, "a number above 0 and below 1",
                    json => json.GetSingle() is > 0 and < 1 and var threshold ? threshold : throw new FormatException(), 0.5f),
        };
        if (options.HasNormalisation)
            return read with
            {
                Mean = Given(options.Mean, channels, "mean", v => true) ?? [0],
                Deviation = Given(options.Deviation, channels, "deviation", v => v > 0) ?? [1],
                Range = Given(options.Range is { } range ? [range] : null, 1, "range", v => v > 0)?[0] ?? 1,
            };
        if (metadata.ContainsKey(MeanKey) || metadata.ContainsKey(DeviationKey))
            return read;
        if (!isFloat)
            return read with { Mean = [0], Deviation = [1], Range = 255 };
        return read with
        {
            Assumptions =
            [
                channels is not (1 or 3 or 4) ? "the file does not say how its images are normalised; values from 0 to 1 are assumed" :
                $"the file does not say how its images are normalised; ImageNet's mean {PixelTable.Text(read.Mean)} and deviation "
                    + $"{PixelTable.Text(read.Deviation)} of values from 0 to 1 are assumed",
            ],
        };
    }

    static OneChannel? ReadOneChannel(IReadOnlyDictionary<string, string> metadata, string place) =>
        metadata.GetValueOrDefault(OneChannelKey) switch
        {
            null => null,
            "logit" => Hwaso.Runtime.OneChannel.Logit,
            "probability" => Hwaso.Runtime.OneChannel.Probability,
            "label" => Hwaso.Runtime.OneChannel.Label,
            _ => throw new ModelFormatException($"{place}: metadata {OneChannelKey}", "is not logit, probability or label"),
        };

    static float? Between0And1(float? threshold) => threshold is null or (> 0 and < 1) ? threshold
        : throw new ArgumentException(FormattableString.Invariant($"threshold {threshold}: a probability above 0 and below 1 was wanted"));

    static string Count(int channels) => channels switch { 1 => "one", 3 => "three", 4 => "four", _ => $"{channels}" };

    // ImageNet's for gray and colours; an alpha, and channels that are no colours, stay as they are.
    static IReadOnlyList<float> Colours(int channels, float[] gray, float[] colours, float other) => channels switch
    {
        1 => gray,
        3 => colours,
        4 => [.. colours, other],
        _ => [.. Enumerable.Repeat(other, channels)],
    };

    static IReadOnlyList<float>? Given(IReadOnlyList<float>? numbers, int channels, string name, Func<float, bool> fits) =>
        numbers is null || ((numbers.Count == 1 || numbers.Count == channels) && numbers.All(v => float.IsFinite(v) && fits(v)))
            ? numbers
            : throw new ArgumentException($"{name} {PixelTable.Text(numbers)}: one number or {channels} were wanted, finite"
                + (fits(0) ? "" : " and above 0"));

    static T Parse<T>(
        IReadOnlyDictionary<string, string> metadata, string key, string place, string wanted, Func<JsonElement, T> read, T otherwise)
    {
        if (!metadata.TryGetValue(key, out var text))
            return otherwise;
        try
        {
            using var json = JsonDocument.Parse(text);
            return read(json.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException
            or KeyNotFoundException or IndexOutOfRangeException)
        {
            throw new ModelFormatException($"{place}: metadata {key}", $"is not {wanted}");
        }
    }

    static SegmentationClass ReadClass(JsonElement json)
    {
        var color = json.GetProperty("color");
        return new(json.GetProperty("name").GetString() ?? "", color[0].GetByte(), color[1].GetByte(), color[2].GetByte());
    }

    static float[] Numbers(JsonElement json, int channels, Func<float, bool> fits)
    {
        var values = json.EnumerateArray().Select(v => v.GetSingle()).ToArray();
        return values.Length == channels && values.All(v => float.IsFinite(v) && fits(v)) ? values : throw new FormatException();
    }
}
