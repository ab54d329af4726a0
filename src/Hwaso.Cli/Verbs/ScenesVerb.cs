using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Scenes;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso scenes</c>: renders a labelled data set.</summary>
sealed class ScenesVerb : Verb
{
    readonly Argument<string> folder = new("DIR") { Description = "folder to write to" };
    readonly Option<string?> layout = Values.Choice("--layout", "on-disk layout", ["cityscapes", "voc", "coco"], required: true);
    readonly Option<int?> count = Values.Whole("--count", "N", "scenes to train on", min: 1, required: true);
    readonly Option<int?> val = Values.Whole("--val", "N", "scenes to validate on (default: a fifth of --count)", min: 0);
    readonly Option<SizePx?> size = Values.Size("--size", "size of the images, height x width (default: 256x512)");
    readonly Option<string?> people = Values.Choice(
        "--people", "layout coco: mixed, near and far and turned anywhere; or near, most turned to the camera (default: mixed)",
        ["mixed", "near"]);

    readonly Option<int?> seed = Values.Whole("--seed", "S", "the same seed renders the same scenes (default: 1)");

    public ScenesVerb() => Command = new Command(
        "scenes", "renders labelled street scenes with instances and exact depth, in the on-disk layout of Cityscapes, VOC or COCO "
            + "(with the joints of people)")
    {
        folder, layout, count, val, size, people, seed,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "scenes demo/data --layout cityscapes --count 400 --val 60 --size 256x512 --seed 1",
        "scenes data/voc --layout voc --count 100",
        "scenes data/people --layout coco --count 500 --people near",
    ];

    public ScenesArguments Read(ParseResult arguments) => new(
        arguments.GetRequiredValue(folder), arguments.GetValue(layout)!, arguments.GetValue(count)!.Value, arguments.GetValue(val),
        arguments.GetValue(size) ?? new SizePx(256, 512), arguments.GetValue(seed) ?? 1, CrowdOf(arguments));

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var asked = Read(arguments);
        var val = asked.Val ?? Math.Max(1, asked.Count / 5);
        OutputFolder.Make(asked.Folder);
        SceneSetSummary summary;
        using (var progress = context.Progress("Rendering", asked.Count + val, "scenes"))
            summary = SceneSet.Write(
                asked.Folder, LayoutOf(asked.Layout), asked.Count, asked.Size.Width, asked.Size.Height, (ulong)asked.Seed, val,
                context.ProcessorThreads, done => progress.Report(done), asked.Crowd, context.Cancel);
        context.Result(
            new JsonObject { ["train"] = summary.Train, ["val"] = summary.Val, ["classes"] = JsonOutput.Array(summary.Classes) },
            output => output.WriteLine(
                $"{summary.Train} scenes to train on and {summary.Val} to validate on, {asked.Size}, in {asked.Folder} ({asked.Layout} "
                    + "layout)"));
        return ExitCode.Done;
    }

    SceneCrowd? CrowdOf(ParseResult arguments) => arguments.GetValue(people) switch
    {
        null => null,
        _ when arguments.GetValue(layout) != "coco" => throw new UsageException("--people is for --layout coco; leave it out"),
        "near" => SceneCrowd.Near,
        _ => SceneCrowd.Mixed,
    };

    static SceneLayout LayoutOf(string name) => name switch
    {
        "voc" => SceneLayout.Voc,
        "coco" => SceneLayout.Coco,
        _ => SceneLayout.Cityscapes,
    };
}

/// <summary>The arguments of <c>hwaso scenes</c>.</summary>
/// <param name="Folder">Folder to write to.</param>
/// <param name="Layout"><c>cityscapes</c>, <c>voc</c> or <c>coco</c>.</param>
/// <param name="Count">Scenes to train on.</param>
/// <param name="Val">Scenes to validate on; null: a fifth of <see cref="Count"/>, at least 1.</param>
/// <param name="Size">Size of the images.</param>
/// <param name="Seed">The same seed renders the same scenes.</param>
/// <param name="Crowd">People besides those of the streets; null for the layout's usual ones.</param>
sealed record ScenesArguments(string Folder, string Layout, int Count, int? Val, SizePx Size, int Seed, SceneCrowd? Crowd);
