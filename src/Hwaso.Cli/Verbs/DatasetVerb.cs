using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Data;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso dataset check</c>: reads every file of a data set.</summary>
sealed class DatasetVerb : Verb
{
    readonly Argument<string> folder = new("DIR") { Description = "folder of the data set" };
    readonly Option<string?> layout = Values.Choice("--layout", "on-disk layout", [.. Datasets.Layouts], required: true);
    readonly Func<DatasetCheckArguments, VerbContext, int> check;

    /// <summary>The verb, done by <paramref name="check"/>.</summary>
    public DatasetVerb(Func<DatasetCheckArguments, VerbContext, int> check)
    {
        this.check = check;
        Command = new Command("dataset", "looks after data sets")
        {
            new Command("check", "reads every file of a data set: counts, class histogram, wrong sizes, unknown labels, broken images; exits 1 if it finds problems")
            {
                folder, layout,
            },
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "dataset check cityscapes --layout cityscapes",
        "dataset check VOCdevkit/VOC2012 --layout voc --json",
    ];

    public override int Run(ParseResult arguments, VerbContext context) => check(
        new DatasetCheckArguments(
            arguments.GetRequiredValue(folder),
            arguments.GetValue(layout)!),
        context);
}
