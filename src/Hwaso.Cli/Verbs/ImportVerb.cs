using System.CommandLine;
using Hwaso.Cli.Arguments;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso import</c>: brings an official checkpoint in.</summary>
sealed class ImportVerb : Verb
{
    readonly Argument<string[]> files = new("FILE") { Description = "the checkpoint, .pth or .safetensors; several where backbone and head were published apart", Arity = ArgumentArity.OneOrMore };
    readonly Option<string?> model = Values.Text("--model", "MODEL", "the network it belongs to: a short name (see hwaso models) or a recipe", required: true);
    readonly Option<int?> classes = Values.Whole("--classes", "N", "number of classes; of networks that know none, nothing", min: 1);
    readonly Option<string?> output = Values.Text("--out", "FILE", "the .safetensors file to write", required: true);
    readonly Option<bool> skip = Values.Flag("--skip-mismatched", "leaves out tensors whose shape differs instead of refusing");
    readonly Func<ImportArguments, VerbContext, int> import;

    /// <summary>The verb, done by <paramref name="import"/>.</summary>
    public ImportVerb(Func<ImportArguments, VerbContext, int> import)
    {
        this.import = import;
        Command = new Command("import", "converts a PyTorch checkpoint to safetensors and lists keys that are missing or unexpected")
        {
            files, model, classes, output, skip,
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "import hrnet_w48_cityscapes.pth --model hrnetv2-w48 --classes 19 --out w48.safetensors",
        "import dinov2_vits14_pretrain.pth dinov2_vits14_nyu_dpt_head.pth --model dinov2-vits14-depth-dpt --out depth.safetensors",
    ];

    public override int Run(ParseResult arguments, VerbContext context) => import(
        new ImportArguments(
            [.. arguments.GetRequiredValue(files)],
            arguments.GetValue(model)!,
            arguments.GetValue(classes),
            arguments.GetValue(output)!,
            arguments.GetValue(skip)),
        context);
}
