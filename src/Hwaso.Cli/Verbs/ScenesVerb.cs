using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso scenes</c>: renders a labelled data set.</summary>
sealed class ScenesVerb : Verb
{
    readonly Argument<string> folder = new("DIR") { Description = "folder to write to" };
    readonly Option<string?> layout = Values.Choice("--layout", "on-disk layout", ["cityscapes", "voc"], required: true);
    readonly Option<int?> count = Values.Whole("--count", "N", "scenes to train on", min: 1, required: true);
    readonly Option<int?> val = Values.Whole("--val", "N", "scenes to validate on (default: a fifth of --count)", min: 0);
    readonly Option<SizePx?> size = Values.Size("--size", "image, height x width (default: 256x512)");
    readonly Option<int?> seed = Values.Whole("--seed", "S", "the same seed renders the same scenes (default: 1)");
    readonly Func<ScenesArguments, VerbContext, int> render;

    /// <summary>The verb, done by <paramref name="render"/>.</summary>
    public ScenesVerb(Func<ScenesArguments, VerbContext, int> render)
    {
        this.render = render;
        Command = new Command("scenes", "renders labelled street scenes with instances and exact depth, in the on-disk layout of Cityscapes or VOC")
        {
            folder, layout, count, val, size, seed,
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "scenes demo/data --layout cityscapes --count 400 --val 60 --size 256x512 --seed 1",
        "scenes data/voc --layout voc --count 100",
    ];

    public override int Run(ParseResult arguments, VerbContext context) => render(
        new ScenesArguments(
            arguments.GetRequiredValue(folder),
            arguments.GetValue(layout)!,
            arguments.GetValue(count)!.Value,
            arguments.GetValue(val),
            arguments.GetValue(size) ?? new SizePx(256, 512),
            arguments.GetValue(seed) ?? 1),
        context);
}
