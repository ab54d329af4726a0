using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Data;
using Hwaso.Data.Layouts;
using Hwaso.Metrics;
using Hwaso.Metrics.Scoring;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso score</c>: pairs found, counted and told.</summary>
static class Scoring
{
    public static int Run(ScoreArguments arguments, VerbContext context)
    {
        var plain = arguments.Layout == ScoreVerb.PlainLabels;
        var classes = plain ? ClassList.Numbered(arguments.Classes!.Value) : Datasets.ClassesOf(arguments.Layout, arguments.Truth);
        var table = plain ? LabelTable.Plain(classes.Count, arguments.Ignored) : Datasets.LabelsOf(arguments.Layout, arguments.Truth);
        var cityscapes = IsCityscapes(arguments.Layout);
        var options = new ScoreOptions
        {
            Bootstrap = arguments.Bootstrap,
            BoundaryRatio = !arguments.Boundary ? null : cityscapes ? BoundaryTally.CityscapesRatio : BoundaryTally.UsualRatio,
        };
        // Of plain labels, the value that is ignored in the truth may be predicted as any other.
        var scorer = new FolderScorer(classes, table, plain ? PredictedValues.Indices : arguments.Values, cityscapes);
        var pairs = Pairs(arguments, arguments.Predictions, context);
        var others = arguments.Against is { } against ? Pairs(arguments, against, context) : null;
        if (others is not null && (arguments.Bootstrap == 0 || pairs.Count < 2))
            throw new UsageException("--against compares over resampled images: it wants two images or more, and --bootstrap above 0");
        var report = Score(scorer, pairs, options, arguments.Predictions, context);
        var difference = others is null ? null : report.DifferenceFrom(Score(scorer, others, options, arguments.Against!, context), arguments.Absent);
        if (arguments.Confusion is { } file)
            File.WriteAllText(file, ConfusionCsv.Text(report.Confusion, classes.Names));
        Warn(report, arguments, context);
        context.Result(
            (JsonObject)JsonNode.Parse(ScoreJson.Text(report, arguments.Absent, difference))!,
            console =>
            {
                console.WriteLine($"{arguments.Predictions}: {report.Images} images, {classes.Name}");
                console.WriteLine(ScoreTable.Text(report, arguments.Absent, difference));
            });
        return ExitCode.Done;
    }

    static IReadOnlyList<LabelPair> Pairs(ScoreArguments arguments, string predictions, VerbContext context)
    {
        if (IsCityscapes(arguments.Layout))
            return LabelPairs.Cityscapes(predictions, TruthOfCityscapes(arguments), context.Log);
        if (arguments.Split is null && (arguments.Layout == ScoreVerb.PlainLabels || !IsDataset(arguments.Truth, arguments.Layout)))
            return LabelPairs.ByName(predictions, arguments.Truth, context.Log);
        if (arguments.Layout == ScoreVerb.PlainLabels)
            throw new UsageException($"--split names a part of a data set; with --layout {ScoreVerb.PlainLabels} TRUTH is the labels themselves");
        return LabelPairs.OfSplit(predictions, Datasets.Open(arguments.Layout, arguments.Truth, arguments.Split ?? "val"), context.Log);
    }

    static bool IsCityscapes(string layout) => layout.StartsWith("cityscapes", StringComparison.Ordinal);

    static string TruthOfCityscapes(ScoreArguments arguments)
    {
        var name = arguments.Layout == "cityscapes" ? "gtFine" : "gtCoarse";
        // Each archive may have been unpacked into a folder of its own.
        var whole = !Directory.Exists(arguments.Truth) ? null
            : Directory.EnumerateDirectories(arguments.Truth).Order(StringComparer.Ordinal).Prepend(arguments.Truth).Select(f => Path.Combine(f, name)).FirstOrDefault(Directory.Exists);
        if (whole is null && arguments.Split is null)
            return arguments.Truth;
        var folder = Path.Combine(whole ?? arguments.Truth, arguments.Split ?? "val");
        return Directory.Exists(folder) ? folder : throw new DatasetException(folder, "no such folder; it should hold the split's *_gtFine_labelIds.png");
    }

    static bool IsDataset(string folder, string layout)
    {
        try
        {
            return Directory.Exists(folder) && Datasets.LayoutsOf(folder).Contains(layout);
        }
        catch (DatasetException)
        {
            return false;
        }
    }

    static ScoreReport Score(FolderScorer scorer, IReadOnlyList<LabelPair> pairs, ScoreOptions options, string what, VerbContext context)
    {
        using var progress = context.Progress($"Scoring {what}", pairs.Count, "images");
        return scorer.Score(pairs, options, context.ProcessorThreads, done => progress.Report(done), context.Cancel);
    }

    // Half of a picture predicted as nothing is hardly meant: the usual reason is the other numbering.
    static void Warn(ScoreReport report, ScoreArguments arguments, VerbContext context)
    {
        if (report.Scores.OutOfRangePixels * 2 > report.Scores.Pixels)
            context.Log($"warning: {100.0 * report.Scores.OutOfRangePixels / report.Scores.Pixels:0} % of the pixels are predicted as no class; are the values {(arguments.Values == PredictedValues.Labels ? "training indices (--values indices)" : "label values (--values labels)")}, or those of another data set?");
    }
}
