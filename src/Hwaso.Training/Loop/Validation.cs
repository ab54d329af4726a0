using System.Text.Json.Nodes;
using Hwaso.Reports;
using static System.FormattableString;

namespace Hwaso.Training.Loop;

/// <summary>What a validation measured, in the forms in which a run writes it.</summary>
public sealed record Validation
{
    /// <summary>Every score that is defined, as <c>result.json</c> and TensorBoard list them.</summary>
    public required IReadOnlyList<Score> All { get; init; }

    /// <summary>The scores that people are shown, at least one; the first decides which weights are the best.</summary>
    public required IReadOnlyList<Score> Shown { get; init; }

    /// <summary>The fields of its line in <c>metrics.jsonl</c>, from which the task can read it back; none is called <c>loss</c>.</summary>
    public required JsonObject Fields { get; init; }

    /// <summary>More values for TensorBoard, such as one a class, by their tags.</summary>
    public IReadOnlyList<(string Tag, double Value)> Curves { get; init; } = [];

    /// <summary>Whatever a reader of the scores should know, a sentence each, such as images that were left out.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Files about its images that the run's folder keeps until the next validation.</summary>
    public IReadOnlyList<ValidationFile> Files { get; init; } = [];

    /// <summary>The score that decides which weights are the best.</summary>
    public Score Main => Shown[0];

    /// <summary>The shown scores in words.</summary>
    public string Text => string.Join(", ", Shown);

    /// <summary>Whether its main score is better than another validation's, or the first that is a number.</summary>
    public bool IsBetterThan(Validation? other) => Main.IsBetterThan(other?.Main);
}

/// <summary>One number that a validation measured.</summary>
/// <param name="Name">Its name in files, such as <c>miou</c>.</param>
/// <param name="Title">Its name for people, such as mIoU.</param>
/// <param name="Value">Its value; null where it is not defined.</param>
/// <param name="LowerIsBetter">Whether it is an error rather than a score.</param>
public sealed record Score(string Name, string Title, double? Value, bool LowerIsBetter = false)
{
    /// <summary>Whether its value is better than that of the same score elsewhere; a value that is not finite is none.</summary>
    public bool IsBetterThan(Score? other) =>
        Known is { } ours && (other?.Known is not { } theirs || (LowerIsBetter ? ours < theirs : ours > theirs));

    double? Known => Value is { } value && double.IsFinite(value) ? value : null;

    /// <summary>Title and value with four decimals; a dash where it is not defined.</summary>
    public override string ToString() => Value is null ? $"{Title} {Format.Missing}" : Invariant($"{Title} {Value:0.0000}");
}
