using System.Text.Json.Nodes;
using Hwaso.Runtime;

namespace Hwaso.RuntimeBench;

/// <summary>Measures where a network's time goes.</summary>
static class Layers
{
    /// <summary>One object per step: kind, sizes, multiply-adds, products, bytes, and the median milliseconds of some runs.</summary>
    public static JsonArray Steps(Session session, int runs)
    {
        var times = Enumerable.Range(0, runs).Select(_ => session.Profile()).ToArray();
        return new JsonArray([.. session.Costs().Select((cost, k) => (JsonNode)new JsonObject
        {
            ["kind"] = cost.Kind,
            ["step"] = session.Describe(k),
            ["multiply_adds"] = cost.MultiplyAdds,
            ["products"] = cost.Products,
            ["bytes"] = cost.Bytes,
            ["ms"] = times.Select(t => t[k]).Order().ElementAt(runs / 2),
        })]);
    }
}
