using System.Text.Json.Nodes;
using Hwaso.Torch;

namespace Hwaso.Bench;

/// <summary>Keeps the last three prepared cases and times them on request.</summary>
sealed class Worker : IDisposable
{
    const int Kept = 3;
    static readonly string[] notPartOfACase = ["threads", "repeats", "seconds"];

    readonly List<(string Key, Case Case)> prepared = [];

    public JsonObject Answer(JsonObject request)
    {
        TorchInfo.Threads = request["threads"]?.GetValue<int>() ?? Environment.ProcessorCount;
        var key = string.Join(";",
            request.Where(f => !notPartOfACase.Contains(f.Key)).OrderBy(f => f.Key).Select(f => $"{f.Key}={f.Value?.ToJsonString()}"));
        var found = prepared.FirstOrDefault(p => p.Key == key).Case;
        if (found is null)
        {
            if (Case.Of(request) is not { } made)
                return new JsonObject { ["skipped"] = $"no case {request["case"]?.ToJsonString()}" };
            while (prepared.Count >= Kept)
            {
                prepared[0].Case.Dispose();
                prepared.RemoveAt(0);
            }
            found = made;
            found.WarmUp();
            prepared.Add((key, found));
        }
        var before = Environment.CpuUsage.TotalTime;
        var times = found.Times(request["repeats"]?.GetValue<int>() ?? 3, request["seconds"]?.GetValue<double>()).ToArray();
        return new JsonObject
        {
            ["times_ms"] = new JsonArray([.. times.Select(t => (JsonNode)t)]),
            // Of all threads, a call's mean: says more than times where other programs run.
            ["cpu_ms"] = (Environment.CpuUsage.TotalTime - before).TotalMilliseconds / times.Length,
            ["value"] = found.Value,
        };
    }

    public void Dispose()
    {
        foreach (var (_, made) in prepared)
            made.Dispose();
    }
}
