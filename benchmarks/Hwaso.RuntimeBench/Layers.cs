using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Runtime;

namespace Hwaso.RuntimeBench;

/// <summary>Where a network's time goes, by kinds of layers, beside what the machine's limits would let them take.</summary>
static class Layers
{
    /// <summary>A row each: kind, steps, multiply-adds, products, bytes, and milliseconds, medians of some runs.</summary>
    public static JsonArray Rows(Session session, int runs)
    {
        var times = new double[runs][];
        for (var run = 0; run < runs; run++)
            times[run] = session.Profile();
        var costs = session.Costs();
        var medians = costs.Select((_, k) => times.Select(t => t[k]).Order().ElementAt(runs / 2)).ToArray();
        var rows = costs.Zip(medians).GroupBy(c => c.First.Kind).OrderByDescending(g => g.Sum(c => c.Second));
        return new JsonArray([.. rows.Select(g => (JsonNode)new JsonObject
        {
            ["kind"] = g.Key,
            ["steps"] = g.Count(),
            ["multiply_adds"] = g.Sum(c => c.First.MultiplyAdds),
            ["products"] = g.Sum(c => c.First.Products),
            ["bytes"] = g.Sum(c => c.First.Bytes),
            ["ms"] = g.Sum(c => c.Second),
        })]);
    }

    /// <summary>A line a step, for those who want to know exactly.</summary>
    public static IEnumerable<string> Lines(Session session, int runs)
    {
        var times = Enumerable.Range(0, runs).Select(_ => session.Profile()).ToArray();
        return session.Costs().Select((cost, k) => string.Create(CultureInfo.InvariantCulture,
            $"{times.Select(t => t[k]).Order().ElementAt(runs / 2),9:F3} ms {cost.Products / 1e6,9:F1} M {cost.Bytes / 1e6,8:F2} MB  {cost.Kind}: {session.Describe(k)}"));
    }
}
