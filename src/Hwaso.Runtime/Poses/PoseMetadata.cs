using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Poses;

/// <summary>
/// How to use a pose network: its joints, its crops, and how joints are found. Its JSON is in checkpoints and exported files.
/// </summary>
public sealed record PoseMetadata
{
    /// <summary>The metadata key.</summary>
    public const string Key = ModelMetadata.Pose;

    /// <summary>The joints' names, J of them.</summary>
    public required IReadOnlyList<string> Joints { get; init; }

    /// <summary>The bones, as pairs of joints from 0.</summary>
    public IReadOnlyList<(int From, int To)> Skeleton { get; init; } = [];

    /// <summary>Left and right joints from 0.</summary>
    public IReadOnlyList<(int Left, int Right)> FlipPairs { get; init; } = [];

    /// <summary>A joint's spread in OKS; empty where none are known.</summary>
    public IReadOnlyList<double> Sigmas { get; init; } = [];

    /// <summary>The crop's width in pixels.</summary>
    public int Width { get; init; } = 192;

    /// <summary>The crop's height in pixels.</summary>
    public int Height { get; init; } = 256;

    /// <summary>How joints are placed between pixels of the heat map.</summary>
    public PoseRefinement Refinement { get; init; } = PoseRefinement.Quarter;

    /// <summary>Side of the kernel that blurs heat maps for DARK's step.</summary>
    public int Blur { get; init; } = 11;

    /// <summary>Whether mirror images are looked at too.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>Whether the mirror image's heat maps move one pixel.</summary>
    public bool Shift { get; init; } = true;

    /// <summary>Whether crops are those of unbiased data processing.</summary>
    public bool Unbiased { get; init; }

    /// <summary>Joints above this score make a person's score.</summary>
    public double JointThreshold { get; init; } = 0.2;

    /// <summary>The metadata as JSON.</summary>
    public string Write() => new JsonObject
    {
        ["joints"] = new JsonArray([.. Joints.Select(j => (JsonNode)j)]),
        ["skeleton"] = Pairs(Skeleton),
        ["flip_pairs"] = Pairs(FlipPairs),
        ["sigmas"] = new JsonArray([.. Sigmas.Select(s => (JsonNode)s)]),
        ["input"] = new JsonArray(Height, Width),
        ["refinement"] = Refinement.ToString(),
        ["blur"] = Blur,
        ["flip"] = Flip,
        ["shift"] = Shift,
        ["unbiased"] = Unbiased,
        ["joint_threshold"] = JointThreshold,
    }.ToJsonString();

    /// <summary>Reads the JSON.</summary>
    /// <param name="json">The text.</param>
    /// <param name="place">The file, for errors.</param>
    /// <exception cref="ModelFormatException">The text has another form.</exception>
    public static PoseMetadata Read(string json, string place)
    {
        try
        {
            var fields = JsonNode.Parse(json)!;
            var metadata = new PoseMetadata
            {
                Joints = [.. fields["joints"]!.AsArray().Select(j => j!.GetValue<string>())],
                Skeleton = Pairs(fields["skeleton"]),
                FlipPairs = Pairs(fields["flip_pairs"]),
                Sigmas = [.. fields["sigmas"]!.AsArray().Select(s => s!.GetValue<double>())],
                Height = fields["input"]![0]!.GetValue<int>(),
                Width = fields["input"]![1]!.GetValue<int>(),
                Refinement = Enum.Parse<PoseRefinement>(fields["refinement"]!.GetValue<string>()),
                Blur = fields["blur"]!.GetValue<int>(),
                Flip = fields["flip"]!.GetValue<bool>(),
                Shift = fields["shift"]!.GetValue<bool>(),
                Unbiased = fields["unbiased"]!.GetValue<bool>(),
                JointThreshold = fields["joint_threshold"]!.GetValue<double>(),
            };
            var joints = metadata.Joints.Count;
            var outside = metadata.Skeleton.Concat(metadata.FlipPairs)
                .Any(p => p.Item1 < 0 || p.Item1 >= joints || p.Item2 < 0 || p.Item2 >= joints);
            return !outside && metadata is { Width: > 0, Height: > 0, Blur: > 0 } && metadata.Blur % 2 == 1 ? metadata
                : throw new FormatException();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NullReferenceException or FormatException
            or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            throw new ModelFormatException($"{place}: metadata {Key}", "is not a description of joints, pairs and crops");
        }
    }

    static JsonArray Pairs(IReadOnlyList<(int, int)> pairs) =>
        new([.. pairs.Select(p => (JsonNode)new JsonArray(p.Item1, p.Item2))]);

    static (int, int)[] Pairs(JsonNode? node) =>
        [.. node!.AsArray().Select(p => (p![0]!.GetValue<int>(), p[1]!.GetValue<int>()))];
}
