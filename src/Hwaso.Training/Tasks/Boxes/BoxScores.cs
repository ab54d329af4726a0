using System.Text.Json.Nodes;
using Hwaso.Metrics.Coco;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tasks.Boxes;

/// <summary>
/// The validations of detectors: COCO's twelve numbers of boxes, and of masks where there are some, as scores and as a line of
/// <c>metrics.jsonl</c>.
/// </summary>
static class BoxScores
{
    /// <summary>The score that decides which weights are the best.</summary>
    public const string Ap = "ap";

    const string CategoriesKey = "ap_of_categories";

    /// <summary>What the names of the numbers of masks begin with.</summary>
    const string MaskPrefix = "mask_";

    static readonly string[] shown = [Ap, "ap50", "ap75", MaskPrefix + Ap];

    /// <summary>The validation of the twelve numbers.</summary>
    /// <param name="scores">Those of boxes.</param>
    /// <param name="masks">Those of masks; null where the network finds none.</param>
    public static Validation Of(ObjectScores scores, ObjectScores? masks = null)
    {
        var fields = new JsonObject(Numbers(scores).Select(n => KeyValuePair.Create(n.Name, (JsonNode?)n.Value)));
        foreach (var (name, _, value) in masks is null ? [] : Numbers(masks))
            fields[MaskPrefix + name] = value;
        // Two categories may have one name.
        fields[CategoriesKey] = new JsonArray(
            [.. scores.ByCategory.Select(c => new JsonObject { ["name"] = c.Category.Name, ["ap"] = c.Ap < 0 ? null : c.Ap })]);
        return Read(fields) with
        {
            Curves =
            [
                .. scores.ByCategory.Where(c => c.Ap >= 0).DistinctBy(c => c.Category.Name).Select(c => ($"ap/{c.Category.Name}", c.Ap)),
            ],
        };
    }

    /// <summary>Reads a validation back.</summary>
    public static Validation Read(JsonObject fields)
    {
        // A number without a truth that counts is -1 and has no value.
        var names = Numbers(new ObjectScores(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        Score[] all =
        [
            .. names.Select(n => Of(n.Name, n.Title)),
            .. names.Where(_ => fields.ContainsKey(MaskPrefix + Ap)).Select(n => Of(MaskPrefix + n.Name, $"mask {n.Title}")),
        ];
        return new Validation { All = all, Shown = [.. all.Where(s => shown.Contains(s.Name))], Fields = fields };

        Score Of(string name, string title) =>
            new(name, title, fields[name] is JsonValue value && value.GetValue<double>() is >= 0 and var number ? number : null);
    }

    /// <summary>The average precision of each category of a validation; null where no truth counts.</summary>
    public static IReadOnlyList<(string Name, double? Ap)> Categories(JsonObject fields) => fields[CategoriesKey] is JsonArray list
        ? [.. list.Select(c => (c!["name"]!.GetValue<string>(), c["ap"]?.GetValue<double>()))]
        : [];

    static IReadOnlyList<(string Name, string Title, double Value)> Numbers(ObjectScores scores) =>
        scores.Numbers(new ObjectScoreOptions().MaxDetections);
}
