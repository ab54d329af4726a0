using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Data.Layouts;
using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso dataset check</c> reads every file of a data set; <c>hwaso dataset convert</c> prepares published downloads.</summary>
sealed class DatasetVerb : Verb
{
    readonly Argument<string> folder = new("DIR") { Description = "folder of the data set" };
    readonly Option<string?> layout = Values.Choice("--layout", "on-disk layout", [.. Datasets.Layouts], required: true);
    readonly Option<string[]?> splits = Values.NameList("--splits", "LIST", "splits to check, separated by commas (default: train,val)");
    readonly Option<string?> page = Values.Text("--html", "FILE", "also writes what was found as a page, with the worst pictures");
    static readonly string[] kinds = ["voc-aug", "pascal-context"];

    readonly Argument<string> kind = new("KIND") { Description = "voc-aug: SBD's .mat files, for VOC 2012's augmented training list; pascal-context: its .mat files or trainval_merged.json, for VOC 2010" };
    readonly Argument<string> source = new("SOURCE") { Description = "what was downloaded: benchmark_RELEASE; the folder of PASCAL Context's .mat files, or its trainval_merged.json" };
    readonly Argument<string> target = new("TARGET") { Description = "folder of VOC, where label PNGs and lists are added" };
    readonly Func<DatasetCheckArguments, VerbContext, int> check;
    readonly Func<DatasetConvertArguments, VerbContext, int> convert;
    readonly Command converting;

    /// <summary>The verb, done by <paramref name="check"/> and <paramref name="convert"/>.</summary>
    public DatasetVerb(Func<DatasetCheckArguments, VerbContext, int> check, Func<DatasetConvertArguments, VerbContext, int> convert)
    {
        (this.check, this.convert) = (check, convert);
        converting = new Command("convert", "prepares a published data set's raw download for training: label PNGs and lists")
        {
            kind, source, target,
        };
        Command = new Command("dataset", "looks after data sets")
        {
            new Command("check", "reads every file of a data set: counts, class histogram, wrong sizes, unknown labels, broken images; exits 1 if it finds problems")
            {
                folder, layout, splits, page,
            },
            converting,
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "dataset check cityscapes --layout cityscapes",
        "dataset check VOCdevkit/VOC2012 --layout voc --json",
        "dataset check photos --layout folder --html check.html",
        "dataset convert voc-aug benchmark_RELEASE VOCdevkit/VOC2012",
        "dataset convert pascal-context trainval_merged.json VOCdevkit/VOC2010",
    ];

    public override int Run(ParseResult arguments, VerbContext context) => arguments.CommandResult.Command == converting
        ? convert(new DatasetConvertArguments(Kind(arguments.GetRequiredValue(kind)), arguments.GetRequiredValue(source), arguments.GetRequiredValue(target)), context)
        : check(new DatasetCheckArguments(
            arguments.GetRequiredValue(folder), arguments.GetValue(layout)!, arguments.GetValue(splits) is { Length: > 0 } named ? named : ["train", "val"], arguments.GetValue(page)), context);

    static string Kind(string given) => kinds.Contains(given) ? given
        : throw new UsageException($"KIND '{given}': wanted {string.Join(" or ", kinds)}{NearName.HintOfSeveral(given, kinds)}");
}
