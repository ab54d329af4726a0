using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso profile</c>: parameters and cost of a network.</summary>
sealed class ProfileVerb : Verb
{
    readonly Argument<string> model = new("MODEL") { Description = "a short name (see hwaso models) or a recipe" };
    readonly Option<SizePx?> size = Values.Size("--size", "input, height x width", required: true);
    readonly Option<int?> classes = Values.Whole("--classes", "N", "number of classes; of networks that know none, nothing", min: 1);
    readonly Option<bool> layers = Values.Flag("--layers", "a row per layer");
    readonly Option<string?> draw = Values.Text("--draw", "FILE.svg", "also draws the network, block by block");
    readonly Func<ProfileArguments, VerbContext, int> profile;

    /// <summary>The verb, done by <paramref name="profile"/>.</summary>
    public ProfileVerb(Func<ProfileArguments, VerbContext, int> profile)
    {
        this.profile = profile;
        Command = new Command("profile", "counts a network's parameters and multiply-adds, in all or per layer")
        {
            model, size, classes, layers, draw,
        };
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "profile hrnetv2-w48 --size 480x480 --classes 59",
        "profile hrnetv2-w48+psa-spatial --size 480x480 --classes 59 --layers",
        "profile hrnetv2-w18 --size 480x480 --classes 59 --draw hrnet.svg",
    ];

    public override int Run(ParseResult arguments, VerbContext context) => profile(
        new ProfileArguments(
            arguments.GetRequiredValue(model),
            arguments.GetValue(size)!.Value,
            arguments.GetValue(classes),
            arguments.GetValue(layers),
            arguments.GetValue(draw)),
        context);
}
