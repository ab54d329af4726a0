using System.Text.Json.Nodes;
using Hwaso.Metrics.Coco;

namespace Hwaso.Bench;

/// <summary>COCO's keypoint evaluation from two files to the ten numbers, and with intervals if the request has <c>bootstrap</c>.</summary>
sealed class KeypointsCase(JsonObject request) : Case
{
    readonly string root = request["root"]!.GetValue<string>();
    readonly KeypointScoreOptions options = new()
    {
        Bootstrap = request["bootstrap"]?.GetValue<int>() ?? 0,
        Threads = request["processors"]?.GetValue<int>() ?? 1,
    };

    public override void WarmUp() => Run();

    public override void Run() =>
        Value = KeypointScorer.Score(Path.Combine(root, "truth.json"), Path.Combine(root, "results.json"), options).Ap;

    public override void Dispose()
    {
    }
}
