using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Data.Converting;
using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso dataset convert</c>: prepares a published download for training.</summary>
sealed class DatasetConvertVerb : Verb
{
    static readonly string[] boxKinds = ["voc-boxes", "labelme", "cityscapes-instances"];
    static readonly string[] kinds = ["voc-aug", "pascal-context", .. boxKinds];

    readonly Argument<string> kind = new("KIND")
    {
        Description = "voc-aug: SBD's .mat files, for VOC 2012's augmented training list; "
            + "pascal-context: its .mat files or trainval_merged.json, for VOC 2010; to the layout coco: voc-boxes: VOC's XML files; "
            + "labelme: its JSON files; cityscapes-instances: Cityscapes' instanceIds PNGs",
    };

    readonly Argument<string> source = new("SOURCE")
    {
        Description = "the download: benchmark_RELEASE; the folder of PASCAL Context's .mat files, or its trainval_merged.json; "
            + "VOC's folder of a year; the folder of labelme's files, or of one for each split; Cityscapes' folder",
    };

    readonly Argument<string> target = new("TARGET")
    {
        Description = "folder of VOC, to which label PNGs and lists are added; "
        + "for the layout coco a new folder, which gets annotations and copies of the images"
    };

    public DatasetConvertVerb() => Command = new Command(
        "convert", "prepares a data set for training: label PNGs and lists, or boxes and masks in COCO's form")
    {
        kind, source, target,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "dataset convert voc-aug benchmark_RELEASE VOCdevkit/VOC2012",
        "dataset convert pascal-context trainval_merged.json VOCdevkit/VOC2010",
        "dataset convert voc-boxes VOCdevkit/VOC2012 voc-coco",
        "dataset convert labelme photos photos-coco",
    ];

    public DatasetConvertArguments Read(ParseResult arguments) =>
        new(Kind(arguments.GetRequiredValue(kind)), arguments.GetRequiredValue(source), arguments.GetRequiredValue(target));

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var asked = Read(arguments);
        if (boxKinds.Contains(asked.Kind))
            return ConvertBoxes(asked, context);
        ConversionSummary summary;
        using (var progress = context.CountedProgress("Converting", "images"))
            summary = asked.Kind == "voc-aug"
                ? SbdConversion.Run(asked.Source, asked.Target, context.ProcessorThreads, progress.Report, context.Cancel)
                : ContextConversion.Run(asked.Source, asked.Target, context.ProcessorThreads, progress.Report, context.Cancel);
        context.Result(
            new JsonObject
            {
                ["labels"] = summary.Labels,
                ["lists"] = new JsonObject(summary.Lists.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value))),
                ["problems"] = new JsonArray(
                    [.. summary.Problems.Select(p => new JsonObject { ["path"] = p.Path, ["message"] = p.Message })]),
            },
            output =>
            {
                foreach (var problem in summary.Problems)
                    output.WriteLine($"{problem.Path}: {problem.Message}");
                var lists = summary.Lists.Select(l => $"{l.Key}.txt names {l.Value}");
                output.WriteLine($"{summary.Labels} label PNGs; {string.Join(", ", lists)}");
            });
        return summary.Problems.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    static int ConvertBoxes(DatasetConvertArguments asked, VerbContext context)
    {
        CocoSummary summary;
        using (var progress = context.CountedProgress("Converting", "images"))
            summary = asked.Kind switch
            {
                "voc-boxes" => VocBoxConversion.Run(asked.Source, asked.Target, progress.Report, context.Cancel),
                "labelme" => LabelmeConversion.Run(asked.Source, asked.Target, progress.Report, context.Cancel),
                _ => CityscapesBoxConversion.Run(asked.Source, asked.Target, progress.Report, context.Cancel),
            };
        context.Result(
            new JsonObject
            {
                ["splits"] = new JsonObject(summary.Splits.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value))),
                ["categories"] = new JsonObject(summary.Categories.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value))),
                ["problems"] = new JsonArray(
                    [.. summary.Problems.Select(p => new JsonObject { ["path"] = p.Path, ["message"] = p.Message })]),
            },
            output =>
            {
                foreach (var problem in summary.Problems)
                    output.WriteLine($"{problem.Path}: {problem.Message}");
                foreach (var (name, count) in summary.Categories)
                    output.WriteLine($" {name,-20} {count,9} objects");
                output.WriteLine(string.Join(", ", summary.Splits.Select(s => $"{s.Key} {s.Value} images")));
            });
        return summary.Problems.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    static string Kind(string given) => kinds.Contains(given) ? given
        : throw new UsageException($"KIND '{given}': wanted {string.Join(" or ", kinds)}{NearName.HintOfSeveral(given, kinds)}");
}

/// <summary>The arguments of <c>hwaso dataset convert</c>.</summary>
/// <param name="Kind">voc-aug or pascal-context.</param>
/// <param name="Source">The raw download.</param>
/// <param name="Target">The folder of VOC that is completed.</param>
sealed record DatasetConvertArguments(string Kind, string Source, string Target);
