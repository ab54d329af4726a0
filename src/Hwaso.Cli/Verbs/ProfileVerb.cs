using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Graph;
using Hwaso.Inference.Networks;
using Hwaso.Models.Networks;
using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso profile</c>: parameters and cost of a network.</summary>
sealed class ProfileVerb : Verb
{
    // The field divides by 2^30 and calls it G; the unit is spelt out so that nobody takes it for 10^9.
    const double Gi = 1L << 30;

    readonly Argument<string> model = new("MODEL")
    {
        Description = "a short name (see hwaso models) or a recipe",
        CompletionSources = { Completion.Networks },
    };

    readonly Option<SizePx?> size = Values.Size("--size", "size of the image, height x width", required: true);
    readonly Option<int?> classes = Values.Whole("--classes", "N", "number of classes; ignored by networks without classes", min: 1);
    readonly Option<int?> proposals = Values.Whole(
        "--proposals", "N", "boxes that a detector's head looks at (default: 1000)", min: 1);
    readonly Option<bool> layers = Values.Flag("--layers", "also lists every layer");
    readonly Option<string?> draw = Values.Text("--draw", "FILE.svg", "also draws the network, block by block");

    public ProfileVerb() => Command = new Command("profile", "counts a network's parameters and multiply-adds, in total or per layer")
    {
        model, size, classes, proposals, layers, draw,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "profile hrnetv2-w48 --size 480x480 --classes 59",
        "profile hrnetv2-w48+psa-spatial --size 480x480 --classes 59 --layers",
        "profile faster-rcnn-hrnetv2p-w18 --size 800x1344 --proposals 1000",
        "profile hrnetv2-w18 --size 480x480 --classes 59 --draw hrnet.svg",
    ];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var (name, (height, width)) = (arguments.GetRequiredValue(model), arguments.GetValue(size)!.Value);
        var definition = ModelArgument.Find(name);
        var count = ModelArgument.Classes(definition, name, arguments.GetValue(classes));
        var boxes = arguments.GetValue(proposals);
        if (boxes is not null && definition is not DetectorDefinition)
            throw new UsageException($"--proposals is for detectors; {definition.Name} has none, leave it out");
        var profile = NetworkProfile.Of(definition, count, height, width, boxes);
        var rows = arguments.GetValue(layers) ? profile.Layers() : null;
        if (arguments.GetValue(draw) is { } file)
            File.WriteAllText(file, profile.Drawing());
        context.Result(Report(profile, rows), output =>
        {
            if (rows is { Count: > 0 })
                output.WriteLine(LayerTable.ToText(rows));
            output.WriteLine($"{definition.Name}, {(definition.HasClasses ? $"{count} classes, " : "")}"
                + $"1 x {definition.ImageChannels} x {height} x {width}");
            output.WriteLine($"parameters             {profile.Parameters,18:N0}");
            output.WriteLine($"multiply-adds          {profile.Cost.Macs,18:N0}  ({profile.Cost.Macs / Gi:0.000} x 2^30; convolution and "
                + "linear layers)");
            output.WriteLine($"with matrix products   {profile.Cost.MacsAll,18:N0}  ({profile.Cost.MacsAll / Gi:0.000} x 2^30)");
        });
        return ExitCode.Done;
    }

    static JsonObject Report(NetworkProfile profile, IReadOnlyList<LayerRow>? rows)
    {
        var report =
            new JsonObject { ["parameters"] = profile.Parameters, ["macs"] = profile.Cost.Macs, ["macs_all"] = profile.Cost.MacsAll };
        if (rows is not null)
            report["layers"] = new JsonArray([.. rows.Select(row => new JsonObject
            {
                ["name"] = row.Path,
                ["kind"] = row.Kind,
                ["input"] = Shapes(row.InputShapes),
                ["output"] = Shapes(row.OutputShapes),
                ["parameters"] = row.Parameters,
                ["macs"] = row.Macs,
                ["macs_all"] = row.MacsAll,
            })]);
        return report;
    }

    static JsonArray Shapes(IReadOnlyList<IReadOnlyList<long>> shapes) =>
        [.. shapes.Select(shape => new JsonArray([.. shape.Select(side => (JsonNode?)JsonValue.Create(side))]))];
}
