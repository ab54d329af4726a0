using System.CommandLine;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Verbs;
using Hwaso.Recipes;

namespace Hwaso.Cli.Tests;

/// <summary>A verb with one of everything, whose work is the test's.</summary>
sealed class FakeVerb : Verb
{
    readonly Argument<string> folder = new("DIR") { Description = "a folder" };
    readonly Option<SizePx?> size = Values.Size("--size", "the size", required: true);
    readonly Option<int?> count = Values.Whole("--count", "N", "how many", min: 1);
    readonly Option<string?> layout = Values.Choice("--layout", "the layout", ["cityscapes", "voc"]);
    readonly Option<double[]?> scales = Values.PositiveList("--scales", "LIST", "the scales");
    readonly Option<string[]> set = Values.Settings("--set", "a value");
    readonly Func<FakeVerb, ParseResult, VerbContext, int> work;

    public FakeVerb(Func<FakeVerb, ParseResult, VerbContext, int> work)
    {
        this.work = work;
        Command = new Command("render", "renders nothing") { folder, size, count, layout, scales, set };
    }

    public FakeVerb(Func<VerbContext, int> work) : this((_, _, context) => work(context))
    {
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples => ["render here --size 2x3"];

    public SizePx Size(ParseResult arguments) => arguments.GetValue(size)!.Value;

    public double[]? Scales(ParseResult arguments) => arguments.GetValue(scales);

    public string[] Set(ParseResult arguments) => arguments.GetValue(set) ?? [];

    public override int Run(ParseResult arguments, VerbContext context) => work(this, arguments, context);
}
