using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>If, Loop and Scan: graphs that a node runs.</summary>
static class ControlRules
{
    public static Rule? Read(NodeAttributes a, Func<OnnxGraph, EvaluatedGraph> read)
    {
        EvaluatedGraph Graph(string name) => read(a.Graph(name) ?? throw a.Refuse($"attribute {name} is missing"));
        switch (a.Node.Type)
        {
            case "If":
                var (then, otherwise) = (Graph("then_branch"), Graph("else_branch"));
                return c => (c.Number(0, 0) != 0 ? then : otherwise).Run([], c.Scope, c.Scope.Tools);
            case "Loop":
                var body = Graph("body");
                return c => Loop(c, body);
            case "Scan":
                if (a.Opset < 9)
                    throw a.Refuse("Scan of operator set 8 is not supported; that of 9 is");
                var (step, count) = (Graph("body"), (int)a.Int("num_scan_inputs", 0));
                var axes = new ScanAxes(a.Ints("scan_input_axes"), a.Ints("scan_output_axes"), a.Ints("scan_input_directions"),
                    a.Ints("scan_output_directions"));
                return c => Scan(c, step, count, axes);
            default:
                return null;
        }
    }

    static Value[] Loop(Call c, EvaluatedGraph body)
    {
        var most = c.Has(0) ? c.Ints(0, "trip count")[0] : long.MaxValue;
        var goes = !c.Has(1) || c.Number(1, 1) != 0;
        var carried = Enumerable.Range(2, Math.Max(0, c.Inputs - 2)).Select(k => c[k]).ToArray();
        if (body.Inputs.Count != carried.Length + 2 || body.Outputs.Count < carried.Length + 1)
            throw c.Refuse(
                $"{carried.Length} carried values do not fit a body of {body.Inputs.Count} inputs and {body.Outputs.Count} outputs");
        var collected = Enumerable.Range(0, body.Outputs.Count - 1 - carried.Length).Select(_ => new List<Value>()).ToArray();
        long bytes = 0;
        try
        {
            for (var turn = 0L; goes && turn < most; turn++)
            {
                var results = body.Run(
                    [Value.OfInts(OnnxType.Int64, [], [turn]), Value.OfInts(OnnxType.Bool, [], [1]), .. carried], c.Scope, c.Scope.Tools);
                goes = results[0].Count == 1 && results[0][0] != 0;
                carried = results[1..(carried.Length + 1)];
                for (var k = 0; k < collected.Length; k++)
                    Collect(c, collected[k], results[carried.Length + 1 + k], ref bytes);
            }
            return [.. carried, .. collected.Select((list, k) => Stacked(c, list, 0, body.Ports[carried.Length + 1 + k]))];
        }
        finally
        {
            c.Scope.Tools.Hold(-bytes);
        }
    }

    static Value[] Scan(Call c, EvaluatedGraph body, int scanned, ScanAxes axes)
    {
        var states = c.Inputs - scanned;
        if (scanned < 1 || states < 0 || body.Inputs.Count != c.Inputs || body.Outputs.Count < states)
            throw c.Refuse($"{states} states and {scanned} scanned inputs do not fit the body");
        var carried = Enumerable.Range(0, states).Select(k => c[k]).ToArray();
        var inputs = Enumerable.Range(states, scanned).Select(k => c[k]).ToArray();
        var along = inputs.Select((x, k) => c.Axis(axes.Inputs?[k] ?? 0, x.Rank)).ToArray();
        var length = inputs[0].Shape[along[0]];
        if (inputs.Where((x, k) => x.Shape[along[k]] != length).FirstOrDefault() is { } other)
            throw c.Refuse($"{inputs[0]} and {other} have different lengths along the axes that are scanned");
        var collected = Enumerable.Range(0, body.Outputs.Count - states).Select(_ => new List<Value>()).ToArray();
        long bytes = 0;
        try
        {
            for (var turn = 0; turn < length; turn++)
            {
                var parts = inputs.Select((x, k) =>
                {
                    var at = axes.InputDirections?[k] == 1 ? length - 1 - turn : turn;
                    return ShapeRules.Cut(c, x, along[k], at, 1).View([.. x.Shape[..along[k]], .. x.Shape[(along[k] + 1)..]]);
                });
                var results = body.Run([.. carried, .. parts], c.Scope, c.Scope.Tools);
                carried = results[..states];
                for (var k = 0; k < collected.Length; k++)
                    Collect(c, collected[k], results[states + k], ref bytes);
            }
            for (var k = 0; k < collected.Length; k++)
                if (axes.OutputDirections?[k] == 1)
                    collected[k].Reverse();
            return [.. carried, .. collected.Select((list, k) => Stacked(c, list, axes.Outputs?[k] ?? 0, body.Ports[states + k]))];
        }
        finally
        {
            c.Scope.Tools.Hold(-bytes);
        }
    }

    // What a turn makes lives until the last turn and counts towards the run's memory.
    static void Collect(Call c, List<Value> list, Value value, ref long bytes)
    {
        const int record = 64;
        list.Add(value);
        c.Scope.Tools.Hold(value.Bytes + record);
        bytes += value.Bytes + record;
    }

    // Without a turn, the body's declaration says type and sizes; a free size is 0.
    static Value Stacked(Call c, List<Value> parts, long axis, OnnxPort declared)
    {
        if (parts.Count == 0)
        {
            var each = (declared.Shape ?? []).Select(s => Math.Max(s, 0)).ToArray();
            var first = c.Axis(axis, each.Length + 1);
            return new Value(declared.Type ?? OnnxType.Float32, c.Sizes([.. each[..first], 0, .. each[first..]]));
        }
        var at = c.Axis(axis, parts[0].Rank + 1);
        return ShapeRules.Concat(c, [.. parts.Select(p => p.View([.. p.Shape[..at], 1, .. p.Shape[at..]]))], at);
    }
}

/// <summary>The axes and directions of a Scan; null for the first axis, forwards.</summary>
sealed record ScanAxes(long[]? Inputs, long[]? Outputs, long[]? InputDirections, long[]? OutputDirections);
