using System.Text.Json;
using Hwaso.Common;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime;

/// <summary>
/// How to use an exported network: its classes and its normalisation. Entries missing in the file take the values of ImageNet's networks.
/// </summary>
/// <param name="Classes">Names and colours, by label; empty if the file does not name them.</param>
/// <param name="Mean">The means of red, green and blue in 0 … 1 that are subtracted from an image.</param>
/// <param name="Deviation">The standard deviations that the difference is divided by.</param>
/// <param name="AlignCorners">Whether scores are resized to the image corner to corner (PyTorch's align_corners).</param>
public sealed record SegmentationMetadata(
    IReadOnlyList<SegmentationClass> Classes, IReadOnlyList<float> Mean, IReadOnlyList<float> Deviation, bool AlignCorners)
{
    /// <summary>The metadata key of the network's task; a file without it is taken for a segmentation network.</summary>
    public const string TaskKey = ModelMetadata.Task;

    /// <summary>The value of <see cref="TaskKey"/> for segmentation networks.</summary>
    public const string Task = ModelMetadata.Segmentation;

    /// <summary>The metadata key of the classes: a JSON array of <c>{"name": …, "color": [r, g, b]}</c>.</summary>
    public const string ClassesKey = ModelMetadata.Classes;

    /// <summary>The metadata key of <see cref="Mean"/>: a JSON array of three numbers.</summary>
    public const string MeanKey = ModelMetadata.Mean;

    /// <summary>The metadata key of <see cref="Deviation"/>: a JSON array of three numbers above 0.</summary>
    public const string DeviationKey = ModelMetadata.Deviation;

    /// <summary>The metadata key of <see cref="AlignCorners"/>: <c>true</c> or <c>false</c>.</summary>
    public const string AlignCornersKey = ModelMetadata.AlignCorners;

    /// <summary>Reads a file's metadata.</summary>
    /// <exception cref="ModelFormatException">An entry cannot be parsed.</exception>
    internal static SegmentationMetadata Read(IReadOnlyDictionary<string, string> metadata, string place) => new(
        Parse<IReadOnlyList<SegmentationClass>>(
            metadata, ClassesKey, place, "a list of names and colours", json => json.EnumerateArray().Select(ReadClass).ToArray(), []),
        Parse<IReadOnlyList<float>>(metadata, MeanKey, place, "three numbers", json => Three(json, _ => true), [0.485f, 0.456f, 0.406f]),
        Parse<IReadOnlyList<float>>(
            metadata, DeviationKey, place, "three numbers above 0", json => Three(json, v => v > 0), [0.229f, 0.224f, 0.225f]),
        Parse(metadata, AlignCornersKey, place, "true or false", json => json.GetBoolean(), false));

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

    static float[] Three(JsonElement json, Func<float, bool> fits)
    {
        var values = json.EnumerateArray().Select(v => v.GetSingle()).ToArray();
        return values.Length == 3 && values.All(v => float.IsFinite(v) && fits(v)) ? values : throw new FormatException();
    }
}
