using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Data;
using Hwaso.Data.Layouts;
using Hwaso.Metrics;
using Hwaso.Metrics.Scoring;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso score</c>: scores label PNGs or result files on disk.</summary>
sealed class ScoreVerb : Verb
{
    const string PlainLabels = ScoredPairs.PlainLabels;

    readonly Argument<string> predictions = new("PREDICTIONS")
    {
        Description = "predicted label PNGs: a folder (searched with all folders in it), a file, or a pattern with one star; poses, "
            + "boxes and masks: COCO's result JSON, or for mpii a .mat file as the authors' code writes it, or a JSON list of people's "
            + "joints [x, y] from 0",
    };

    readonly Argument<string> truth = new("TRUTH")
    {
        Description = "true label PNGs, likewise; or the folder of a data set; poses, boxes and masks: the annotation JSON, or MPII's "
            + "folder",
    };

    readonly Option<string?> layout = Values.Choice(
        "--layout", $"the layout whose classes and label values the files have; {PlainLabels}: values 0 to N-1",
            [.. Datasets.Layouts, PlainLabels, .. PoseScoring.Layouts, .. ObjectScoring.Layouts],
        required: true);

    readonly Option<int?> classes = Values.Whole("--classes", "N", $"number of classes, with --layout {PlainLabels}", min: 1);

    readonly Option<int?> ignored = Values.Whole(
        "--ignore", "VALUE", $"true value whose pixels do not count, with --layout {PlainLabels}, 0 to 255 (default: 255)");

    readonly Option<string?> split = Values.Text("--split", "NAME", "split to score, where TRUTH is a data set (default: val)");

    readonly Option<string?> values = Values.Choice(
        "--values",
        "the meaning of predicted values: labels, as in the data set's label files (Cityscapes: label ids); or indices from 0 on, as "
        + "predict writes them (default: labels)",
        ["labels", "indices"]);

    readonly MeasureOptions measures = new();

    readonly Option<bool> classAgnostic = Values.Flag(
        "--class-agnostic", "with coco-boxes and coco-masks: a detection may match a truth of any category, as proposals are scored");

    readonly Option<string?> maxDetections = Values.Text(
        "--max-detections", "A,B,C", "with coco-boxes and coco-masks: detections of an image that count (default: 1,10,100)");

    readonly Option<string?> against = Values.Text(
        "--against", "OTHERS", "other predictions of the same truth: also prints the difference in mIoU with its interval");

    readonly Option<string?> confusion = Values.Text(
        "--confusion", "FILE.csv", "writes the confusion matrix: a row per true class, a column per predicted one");

    public ScoreVerb() => Command = new Command("score", "scores label PNGs or result files on disk, no network involved")
    {
        predictions, truth, layout, classes, ignored, split, values, measures.Absent, measures.Boundary, measures.Bootstrap, classAgnostic,
        maxDetections, against, confusion,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "score results cityscapes/gtFine/val --layout cityscapes",
        "score results VOCdevkit --layout voc --split val --boundary",
        "score ours cityscapes --layout cityscapes --against theirs",
        "score results.json annotations/person_keypoints_val2017.json --layout coco-keypoints",
        "score results.json annotations/instances_val2017.json --layout coco-boxes",
        "score panoptic.json annotations/panoptic_val2017.json --layout coco-panoptic",
        "score 'out/pred_*.png' 'out/gt_*.png' --layout labels --classes 5 --absent zero --json",
    ];

    public ScoreArguments Read(ParseResult arguments)
    {
        var named = arguments.GetValue(layout)!;
        var count = arguments.GetValue(classes);
        if (named == PlainLabels && count is not (>= 1 and <= 255))
            throw new UsageException($"--layout {PlainLabels} wants the number of classes: --classes N, 1 to 255");
        var objects = ObjectScoring.Layouts.Contains(named);
        if (!objects && (arguments.GetValue(classAgnostic) || arguments.GetValue(maxDetections) is not null))
            throw new UsageException(
                $"--class-agnostic and --max-detections are for coco-boxes and coco-masks; leave them out with {named}");
        if ((objects || PoseScoring.Layouts.Contains(named))
            && (arguments.GetValue(split) ?? arguments.GetValue(values) ?? arguments.GetValue(against) ?? arguments.GetValue(confusion))
                is not null)
            throw new UsageException($"--split, --values, --against and --confusion are for label PNGs; leave them out with {named}");
        if (named != PlainLabels && (count is not null || arguments.GetValue(ignored) is not null))
            throw new UsageException($"--classes and --ignore go with --layout {PlainLabels}; {named} has its own classes");
        if (arguments.GetValue(ignored) > byte.MaxValue)
            throw new UsageException($"--ignore {arguments.GetValue(ignored)}: 0 to 255 was wanted");
        return new ScoreArguments(
            arguments.GetRequiredValue(predictions), arguments.GetRequiredValue(truth), named, count,
            (byte)(arguments.GetValue(ignored) ?? ClassList.Ignore), arguments.GetValue(split),
            arguments.GetValue(values) == "indices" ? PredictedValues.Indices : PredictedValues.Labels, measures.AbsentOf(arguments),
            arguments.GetValue(measures.Boundary), measures.BootstrapOf(arguments), arguments.GetValue(against),
                arguments.GetValue(confusion));
    }

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var asked = Read(arguments);
        if (PanopticScoring.Is(asked))
            return PanopticScoring.Run(asked, context);
        if (PoseScoring.Layouts.Contains(asked.Layout))
            return PoseScoring.Run(asked, context);
        if (ObjectScoring.Layouts.Contains(asked.Layout))
            return ObjectScoring.Run(asked, arguments.GetValue(classAgnostic), arguments.GetValue(maxDetections), context);
        var plain = asked.Layout == PlainLabels;
        var cityscapes = ScoredPairs.IsCityscapes(asked.Layout);
        var classes = plain ? ClassList.Numbered(asked.Classes!.Value) : Datasets.ClassesOf(asked.Layout, asked.Truth);
        var table = plain ? LabelTable.Plain(classes.Count, asked.Ignored) : Datasets.LabelsOf(asked.Layout, asked.Truth);
        var options = new ScoreOptions
        {
            Bootstrap = asked.Bootstrap,
            BoundaryRatio = !asked.Boundary ? null : cityscapes ? BoundaryTally.CityscapesRatio : BoundaryTally.UsualRatio,
        };
        // Of plain labels, the value that is ignored in the truth may be predicted as any other.
        var scorer = new FolderScorer(classes, table, plain ? PredictedValues.Indices : asked.Values, cityscapes);
        var pairs = Pairs(asked, asked.Predictions, context);
        var others = asked.Against is { } against ? Pairs(asked, against, context) : null;
        if (others is not null && (asked.Bootstrap == 0 || pairs.Count < 2))
            throw new UsageException("--against compares over resampled images: it wants two images or more, and --bootstrap above 0");
        var report = Score(scorer, pairs, options, asked.Predictions, context);
        var difference = others is null ? null
            : report.DifferenceFrom(Score(scorer, others, options, asked.Against!, context), asked.Absent);
        if (asked.Confusion is { } file)
            File.WriteAllText(file, ConfusionCsv.Text(report.Confusion, classes.Names));
        Warn(report, scorer, table, asked, context);
        context.Result((JsonObject)JsonNode.Parse(ScoreJson.Text(report, asked.Absent, difference))!, output =>
        {
            output.WriteLine($"{asked.Predictions}: {report.Images} images, {classes.Name}");
            output.WriteLine(ScoreTable.Text(report, asked.Absent, difference));
        });
        return ExitCode.Done;
    }

    static IReadOnlyList<LabelPair> Pairs(ScoreArguments asked, string predictions, VerbContext context) =>
        UsageException.When(() => ScoredPairs.Of(asked.Layout, predictions, asked.Truth, asked.Split, context.Log));

    static ScoreReport Score(FolderScorer scorer, IReadOnlyList<LabelPair> pairs, ScoreOptions options, string name, VerbContext context)
    {
        using var progress = context.Progress($"Scoring {name}", pairs.Count, "images");
        return scorer.Score(pairs, options, context.ProcessorThreads, done => progress.Report(done), context.Cancel);
    }

    // Half of a picture predicted as no class is hardly meant: the usual reason is the other numbering.
    static void Warn(ScoreReport report, FolderScorer scorer, LabelTable table, ScoreArguments asked, VerbContext context)
    {
        // Values that are all training indices, and not the same as label values: predict wrote them.
        var classes = report.Classes.Count;
        if (asked is { Layout: not PlainLabels, Values: PredictedValues.Labels } && scorer.HighestPrediction < classes
            && Enumerable.Range(0, classes).Any(k => table.MeaningOf(k) != k))
            context.Log($"warning: no predicted value is above {scorer.HighestPrediction}: are they training indices, as hwaso predict "
                + "writes them? Then add --values indices");
        else if (report.Scores.OutOfRangePixels * 2 > report.Scores.Pixels)
            WarnOfOthers(report, asked, context);
    }

    static void WarnOfOthers(ScoreReport report, ScoreArguments asked, VerbContext context)
    {
        var other = asked.Values == PredictedValues.Labels ? "training indices (--values indices)" : "label values (--values labels)";
        context.Log($"warning: {100.0 * report.Scores.OutOfRangePixels / report.Scores.Pixels:0} % of the pixels are predicted as no "
            + $"class; are the values {other}, or those of another data set?");
    }
}

/// <summary>The arguments of <c>hwaso score</c>.</summary>
/// <param name="Predictions">Predicted label PNGs: a folder, a file, or a pattern with one star.</param>
/// <param name="Truth">True ones, likewise, or the folder of a data set.</param>
/// <param name="Layout">The data set's layout, or <c>labels</c>.</param>
/// <param name="Classes">Number of classes of the layout <c>labels</c>.</param>
/// <param name="Ignored">The true value of the layout <c>labels</c> that does not count.</param>
/// <param name="Split">The split of a data set; null: val where the truth is a data set, else everything in it.</param>
/// <param name="Values">The meaning of predicted values.</param>
/// <param name="Absent">How absent classes enter the means.</param>
/// <param name="Boundary">Whether boundary IoU is wanted.</param>
/// <param name="Bootstrap">Resamplings for confidence intervals; 0 for none.</param>
/// <param name="Against">Other predictions of the same truth, for the difference; null for none.</param>
/// <param name="Confusion">File for the confusion matrix; null for none.</param>
sealed record ScoreArguments(
    string Predictions, string Truth, string Layout, int? Classes, byte Ignored, string? Split, PredictedValues Values,
    AbsentClasses Absent, bool Boundary, int Bootstrap, string? Against, string? Confusion);
