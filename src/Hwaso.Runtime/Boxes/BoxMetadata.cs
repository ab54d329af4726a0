using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Boxes;

/// <summary>
/// How to use a detector: its categories, the size of its images, and which answers are detections. Checkpoints have its JSON.
/// </summary>
public sealed record BoxMetadata
{
    /// <summary>The metadata key.</summary>
    public const string Key = ModelMetadata.Boxes;

    /// <summary>Number and name of each category, in the order of the classes.</summary>
    public required IReadOnlyList<(long Id, string Name)> Categories { get; init; }

    /// <summary>The short side that images are fitted into, in pixels.</summary>
    public int ShortSide { get; init; } = 800;

    /// <summary>The long side that images are fitted into, in pixels.</summary>
    public int LongSide { get; init; } = 1333;

    /// <summary>Detections have scores above this.</summary>
    public double Score { get; init; } = 0.05;

    /// <summary>The largest intersection over union of two detections of a class.</summary>
    public double Overlap { get; init; } = 0.5;

    /// <summary>Detections of an image.</summary>
    public int Most { get; init; } = 100;

    /// <summary>Whose conventions an exported detector follows: Authors, Mmdetection or Torchvision; null in checkpoints.</summary>
    public string? Form { get; init; }

    /// <summary>The metadata as JSON.</summary>
    public string Write() => Fields().ToJsonString();

    JsonObject Fields()
    {
        var fields = new JsonObject
        {
            ["categories"] = new JsonArray([.. Categories.Select(c => (JsonNode)new JsonObject { ["id"] = c.Id, ["name"] = c.Name })]),
            ["input"] = new JsonArray(ShortSide, LongSide),
            ["score"] = Score,
            ["overlap"] = Overlap,
            ["most"] = Most,
        };
        if (Form is { } form)
            fields["form"] = form;
        return fields;
    }

    /// <summary>Reads the JSON.</summary>
    /// <param name="json">The text.</param>
    /// <param name="place">The file, for errors.</param>
    /// <exception cref="ModelFormatException">The text has another form.</exception>
    public static BoxMetadata Read(string json, string place)
    {
        try
        {
            var fields = JsonNode.Parse(json)!;
            var metadata = new BoxMetadata
            {
                Categories = [.. fields["categories"]!.AsArray().Select(c => (c!["id"]!.GetValue<long>(), c["name"]!.GetValue<string>()))],
                ShortSide = fields["input"]![0]!.GetValue<int>(),
                LongSide = fields["input"]![1]!.GetValue<int>(),
                Score = fields["score"]!.GetValue<double>(),
                Overlap = fields["overlap"]!.GetValue<double>(),
                Most = fields["most"]!.GetValue<int>(),
                Form = fields["form"]?.GetValue<string>(),
            };
            // A file that was exported from an imported network names no categories.
            return metadata is { ShortSide: > 0, Most: > 0 } && (metadata.Categories.Count > 0 || metadata.Form is not null)
                && metadata.LongSide >= metadata.ShortSide ? metadata
                : throw new FormatException();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NullReferenceException or FormatException
            or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            throw new ModelFormatException($"{place}: metadata {Key}", "is not a description of categories, sizes and limits");
        }
    }
}
