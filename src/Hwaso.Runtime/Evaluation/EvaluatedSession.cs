using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Evaluation;

/// <summary>The inputs and outputs of an evaluated model, for inputs of one size.</summary>
sealed class EvaluatedSession(EvaluatedGraph graph, IReadOnlyList<OnnxType> types, IReadOnlyList<int[]> shapes, RunTools tools)
{
    readonly Value[] inputs = tools.Inputs(types, shapes);
    Value[]? outputs;
    IReadOnlySet<string>? watched;

    public long Bytes => inputs.Sum(v => v.Bytes) + (outputs ?? []).Sum(v => v.Bytes);

    public Value Input(int input) => input >= 0 && input < inputs.Length
        ? inputs[input]
        : throw new ArgumentOutOfRangeException(nameof(input), $"number {input} of {inputs.Length}; they count from 0");

    public Value Output(int output) => outputs is null
        ? throw new InvalidOperationException("the outputs of this model have types and sizes that are known after the first run")
        : output >= 0 && output < outputs.Length
            ? outputs[output]
            : throw new ArgumentOutOfRangeException(nameof(output), $"number {output} of {outputs.Length}; they count from 0");

    public void Run(CancellationToken stop)
    {
        tools.Stop = stop;
        foreach (var input in inputs)
            input.Settle();
        AreScoresFinite = true;
        tools.Seen = watched is null ? null : Watch();
        try
        {
            outputs = graph.Run(inputs, null, tools);
        }
        finally
        {
            tools.Seen = null;
        }
    }

    /// <summary>
    /// Whether the numbers were finite that the first output's integers were made from in the last run; true if nobody looked.
    /// </summary>
    public bool AreScoresFinite { get; private set; } = true;

    /// <summary>Lets each run look at them.</summary>
    public void WatchScores() => watched = graph.LastPlaces();

    // Integers are made from the real numbers before them; what is finite there, and made integers again, is looked at as well.
    Action<string, Value> Watch()
    {
        Value? before = null;
        return (place, value) =>
        {
            if (!watched!.Contains(place))
                return;
            if (!value.IsReal && before is not null)
                AreScoresFinite &= IsFinite(before);
            before = value.IsReal ? value : null;
        };
    }

    static bool IsFinite(Value value) => !value.IsReal || Enumerable.Range(0, value.Count).All(k => double.IsFinite(value[k]));

    /// <summary>Runs again up to the first node with a number that is not finite; null if there is none.</summary>
    public string? FirstNotFinite()
    {
        string? found = null;
        tools.Seen = (place, value) =>
        {
            if (found is null && !IsFinite(value))
                found = place;
        };
        try
        {
            graph.Run(inputs, null, tools);
        }
        finally
        {
            tools.Seen = null;
        }
        return found;
    }
}
