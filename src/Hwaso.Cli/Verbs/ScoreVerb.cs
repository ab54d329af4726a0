using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Data;
using Hwaso.Data.Layouts;
using Hwaso.Metrics.Scoring;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso score</c>: scores label PNGs on disk.</summary>
sealed class ScoreVerb : Verb
{
    /// <summary>The layout of label PNGs that belong to no data set.</summary>
    public const string PlainLabels = "labels";

    readonly Argument<string> predictions = new("PREDICTIONS") { Description = "predicted label PNGs: a folder (searched with all folders in it), a file, or a pattern with one star" };
    readonly Argument<string> truth = new("TRUTH") { Description = "true label PNGs, likewise; or the folder of a data set" };
    readonly Option<string?> layout = Values.Choice("--layout", $"whose classes and label values they are; {PlainLabels}: values 0 to N-1", [.. Datasets.Layouts, PlainLabels], required: true);
    readonly Option<int?> classes = Values.Whole("--classes", "N", $"number of classes, with --layout {PlainLabels}", min: 1);
    readonly Option<int?> ignored = Values.Whole("--ignore", "VALUE", $"true value whose pixels do not count, with --layout {PlainLabels}, 0 to 255 (default: 255)");
    readonly Option<string?> split = Values.Text("--split", "NAME", "split to score, where TRUTH is a data set (default: val)");
    readonly Option<string?> values = Values.Choice("--values", "what the predicted values are: labels, those of the data set's label files (Cityscapes: label ids); or indices from 0 on, as predict writes them (default: labels)", ["labels", "indices"]);
    readonly MeasureOptions measures = new();
    readonly Option<string?> against = Values.Text("--against", "OTHERS", "other predictions of the same truth: tells the difference in mIoU with its interval");
    readonly Option<string?> confusion = Values.Text("--confusion", "FILE.csv", "writes the confusion matrix: a row a true class, a column a predicted one");
    readonly Func<ScoreArguments, VerbContext, int> score;

    /// <summary>The verb, done by <paramref name="score"/>.</summary>
    public ScoreVerb(Func<ScoreArguments, VerbContext, int> score)
    {
        this.score = score;
        Command = new Command("score", "scores label PNGs on disk, no network involved")
        {
            predictions, truth, layout, classes, ignored, split, values, measures.Absent, measures.Boundary, measures.Bootstrap, against, confusion,
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "score results cityscapes/gtFine/val --layout cityscapes",
        "score results VOCdevkit --layout voc --split val --boundary",
        "score ours cityscapes --layout cityscapes --against theirs",
        "score 'out/pred_*.png' 'out/gt_*.png' --layout labels --classes 5 --absent zero --json",
    ];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var named = arguments.GetValue(layout)!;
        var count = arguments.GetValue(classes);
        if (named == PlainLabels && count is not (>= 1 and <= 255))
            throw new UsageException($"--layout {PlainLabels} wants the number of classes: --classes N, 1 to 255");
        if (named != PlainLabels && (count is not null || arguments.GetValue(ignored) is not null))
            throw new UsageException($"--classes and --ignore go with --layout {PlainLabels}; {named} has its own classes");
        if (arguments.GetValue(ignored) > byte.MaxValue)
            throw new UsageException($"--ignore {arguments.GetValue(ignored)}: 0 to 255 was wanted");
        return score(
            new ScoreArguments(
                arguments.GetRequiredValue(predictions),
                arguments.GetRequiredValue(truth),
                named,
                count,
                (byte)(arguments.GetValue(ignored) ?? ClassList.Ignore),
                arguments.GetValue(split),
                arguments.GetValue(values) == "indices" ? PredictedValues.Indices : PredictedValues.Labels,
                measures.AbsentOf(arguments),
                arguments.GetValue(measures.Boundary),
                measures.BootstrapOf(arguments),
                arguments.GetValue(against),
                arguments.GetValue(confusion)),
            context);
    }
}
