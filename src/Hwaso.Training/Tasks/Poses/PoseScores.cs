using System.Text.Json.Nodes;
using Hwaso.Data.Poses;
using Hwaso.Metrics.Coco;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tasks.Poses;

/// <summary>The validations of poses: COCO's ten numbers or PCKh, as scores and as a line of <c>metrics.jsonl</c>.</summary>
static class PoseScores
{
    /// <summary>The score that decides which weights are the best.</summary>
    public const string Ap = "ap", Heads = "mean";

    const string JointsKey = "oks_of_joints";

    /// <summary>The validation of COCO's numbers.</summary>
    /// <param name="scores">The numbers.</param>
    /// <param name="joints">Joints that lie near their truth, a share for each joint; null where none is visible.</param>
    /// <param name="description">The joints.</param>
    public static Validation Of(KeypointScores scores, IReadOnlyList<double?> joints, PoseDescription description)
    {
        var fields = new JsonObject(scores.Numbers.Select(n => KeyValuePair.Create(n.Name, (JsonNode?)n.Value)));
        fields[JointsKey] = new JsonArray([.. joints.Select(j => (JsonNode?)j)]);
        return Read(fields) with
        {
            Curves = [.. description.Joints.Zip(joints).Where(j => j.Second is not null).Select(j => ($"near/{j.First}", j.Second!.Value))],
        };
    }

    /// <summary>The validation of PCKh.</summary>
    public static Validation Of(HeadScores scores) =>
        Read(new JsonObject(scores.Numbers.Select(n => KeyValuePair.Create(n.Name, (JsonNode?)n.Value))));

    /// <summary>Reads a validation back.</summary>
    public static Validation Read(JsonObject fields)
    {
        (string Name, string Title)[] known = fields.ContainsKey(Ap)
            ? [.. new KeypointScores(0, 0, 0, 0, 0, 0, 0, 0, 0, 0).Numbers.Select(n => (n.Name, n.Title))]
            :
            [
                (Heads, "PCKh"),
                .. new HeadScores(0, 0, 0, 0, 0, 0, 0, 0, 0).Numbers.Where(n => n.Name != Heads).Select(n => (n.Name, n.Name)),
            ];
        // A number without a truth that counts is -1 and has no value.
        Score[] all = [.. known.Select(n => new Score(
            n.Name, n.Title, fields[n.Name] is JsonValue value && value.GetValue<double>() is >= 0 and var number ? number : null))];
        return new Validation { All = all, Shown = [.. all.Where(s => s.Name is Ap or "ar" or Heads)], Fields = fields };
    }

    /// <summary>The joints' shares of a validation; empty where it has none.</summary>
    public static IReadOnlyList<double?> Joints(JsonObject fields) => fields[JointsKey] is JsonArray list
        ? [.. list.Select(n => n?.GetValue<double>())]
        : [];
}
