using Hwaso.Runtime;
using Hwaso.Runtime.Planning;

namespace Hwaso.RuntimeBench;

/// <summary>A step of Hwaso.Runtime, its cost and its time.</summary>
/// <param name="Cost">What it has to do.</param>
/// <param name="Words">Its tensors and its node.</param>
/// <param name="Ms">Milliseconds.</param>
sealed record StepTime(StepCost Cost, string Words, double Ms)
{
    /// <summary>The steps of a network with the least of some runs' times.</summary>
    public static IReadOnlyList<StepTime> Of(Session session, int runs)
    {
        if (!session.IsPlanned)
            return [];
        var times = Enumerable.Range(0, runs).Select(_ => session.Profile()).ToArray();
        return [.. session.Costs().Select((cost, k) =>
            new StepTime(cost, session.Describe(k), times.Select(t => t[k]).Min()))];
    }

    /// <summary>The table of kinds of layers, or of steps: their times beside the machine's limits.</summary>
    public static IEnumerable<string> Table(string name, IReadOnlyList<StepTime> steps, Limits limits, bool each)
    {
        yield return "";
        yield return each ? $"{name}, step by step:" : $"{name}, by kinds of layers:";
        yield return "";
        yield return "| steps | how many | 10⁹ multiply-adds | computed | MB | computed at the peak | bytes at the bandwidth "
            + "| the larger, step by step | measured | of the limit |";
        yield return "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|";
        foreach (var rows in steps.GroupBy(s => each ? s.Words : s.Cost.Kind).OrderByDescending(g => g.Sum(s => s.Ms)))
            yield return Row(rows.Key, [.. rows], limits);
        if (!each)
            yield return Row("all", steps, limits);
    }

    static string Row(string name, IReadOnlyList<StepTime> steps, Limits limits)
    {
        double Sum(Func<StepCost, double> of) => steps.Sum(s => of(s.Cost));
        var limit = 1e3 * Sum(c => Math.Max(c.Products / limits.MultiplyAdds, c.Bytes / limits.Bytes));
        var ms = steps.Sum(s => s.Ms);
        return $"| {name} | {steps.Count} | {Sum(c => c.MultiplyAdds) / 1e9:0.00} | {Sum(c => c.Products) / 1e9:0.00} "
            + $"| {Sum(c => c.Bytes) / 1e6:0} | {1e3 * Sum(c => c.Products) / limits.MultiplyAdds:0.0} ms "
            + $"| {1e3 * Sum(c => c.Bytes) / limits.Bytes:0.0} ms | {limit:0.0} ms | {ms:0.00} ms "
            + $"| {(ms > 0 ? 100 * limit / ms : 0):0} % |";
    }
}
