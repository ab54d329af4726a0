using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Data.Annotations;
using Hwaso.Data.Panoptic;
using Hwaso.Imaging;
using Hwaso.Imaging.Masks;
using Hwaso.Inference.Queries;
using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary>The options of verbs that ask a network with queries for instances or panoptic segments.</summary>
sealed class QueryOptions
{
    const string Instances = "instances", Panoptic = "panoptic";

    readonly Option<string?> wanted = Values.Choice(
        "--as", "networks with queries (EoMT, Mask2Former): instances, or panoptic segments (default: labels)",
        ["labels", Instances, Panoptic]);

    readonly Option<string[]?> things = Values.NameList(
        "--things", "A,B,…", "with --as: the classes whose objects are told apart (default: as the data set said)");

    readonly Option<SizePx?> fit = Values.Size(
        "--fit", "with --as: fits images into this height x width, as EoMT's authors do with the size of training (default: own size)");

    /// <summary>The options.</summary>
    public IEnumerable<Option> All => [wanted, things, fit];

    /// <summary>What is asked for; null for labels.</summary>
    /// <exception cref="UsageException">Options that go with something else.</exception>
    public QueryArguments? Of(ParseResult arguments)
    {
        if (arguments.GetValue(wanted) is (Instances or Panoptic) and { } kind)
            return new QueryArguments(kind == Panoptic, arguments.GetValue(things), arguments.GetValue(fit));
        return arguments.GetValue(things) is null && arguments.GetValue(fit) is null ? null
            : throw new UsageException("--things and --fit go with --as instances or --as panoptic; add it");
    }
}

/// <summary>What is asked of a network with queries.</summary>
/// <param name="IsPanoptic">Whether panoptic segments are wanted, otherwise instances.</param>
/// <param name="Things">The classes whose objects are told apart; null: as the file says.</param>
/// <param name="Fit">The size that images are fitted into; null for their own.</param>
sealed record QueryArguments(bool IsPanoptic, IReadOnlyList<string>? Things, SizePx? Fit)
{
    /// <summary>Opens the network and sets it up.</summary>
    public QueryNetwork Open(string source, VerbContext context)
    {
        var network = context.OpenQueries(source);
        UsageException.When(() =>
        {
            if (Things is not null)
                network.TellApart(Things);
            if (Fit is not null)
                network.Fit = Fit;
        });
        return network;
    }
}

/// <summary>The part of <c>hwaso predict</c> that finds instances and panoptic segments.</summary>
static class QueryPredicting
{
    /// <summary>
    /// Writes <c>instances.json</c>, COCO's results, or <c>panoptic.json</c> and PNGs, COCO's panoptic form, and pictures where wanted.
    /// </summary>
    public static int Run(PredictArguments asked, QueryArguments wanted, double? least, VerbContext context)
    {
        if (asked.Submission is not null || !asked.Views.Views.IsPlain)
            throw new UsageException("--submission and views are for labels; leave them out with --as instances or --as panoptic");
        var names = ImageAnswers.NamesOf(asked.Images);
        var ids = ImageIds(names);
        using var network = wanted.Open(asked.Source, context);
        if (wanted.IsPanoptic && network.Things.Count == 0)
            context.Log($"warning: {asked.Source} does not say which classes are things: the objects of a class become one segment; name "
                + "classes with --things");
        if (wanted.IsPanoptic && least is { } score)
            network.Limits = network.Limits with { Score = score };
        Directory.CreateDirectory(asked.Out);
        return wanted.IsPanoptic ? Panoptic(asked, network, ids, context) : Instances(asked, network, ids, least, context);
    }

    static int Panoptic(PredictArguments asked, QueryNetwork network, Dictionary<string, long> ids, VerbContext context)
    {
        using var writer = new PanopticWriter(Path.Combine(asked.Out, "panoptic.json"));
        var code = ImageAnswers.Run(
            asked, context,
            (stem, _, image) =>
            {
                var map = network.Panoptic(image);
                if (asked.Overlay)
                    Png.Write(stem + "_overlay.png", QueryPicture.Draw(image, map, network.Categories));
                var name = Path.GetFileName(stem);
                return writer.Add(ids[name], name, map);
            },
            network.Engine);
        writer.Finish(network.Categories);
        return code;
    }

    static int Instances(PredictArguments asked, QueryNetwork network, Dictionary<string, long> ids, double? least, VerbContext context)
    {
        var (all, categories) = (new List<CocoResult>(), network.Categories);
        var code = ImageAnswers.Run(
            asked, context,
            (stem, path, image) =>
            {
                FoundInstance[] found = [.. network.Instances(image).Where(f => f.Score >= (least ?? 0))];
                if (asked.Overlay)
                    Png.Write(stem + "_overlay.png", QueryPicture.Draw(image, found, categories, least ?? QueryPicture.DrawnFrom));
                var list = new JsonArray();
                foreach (var one in found)
                {
                    var (category, text, box) = (categories[one.Label], RunLengthText.Write(one.Mask), one.Mask.Box);
                    list.Add(new JsonObject
                    {
                        ["category_id"] = category.Id,
                        ["category"] = category.Name,
                        ["score"] = one.Score,
                        ["box"] = new JsonArray(box.X, box.Y, box.Width, box.Height),
                        ["segmentation"] = new JsonObject { ["size"] = new JsonArray(image.Height, image.Width), ["counts"] = text },
                    });
                    all.Add(new CocoResult
                    {
                        Index = all.Count,
                        ImageId = ids[Path.GetFileName(stem)],
                        CategoryId = category.Id,
                        Score = one.Score,
                        Outline = new CocoOutline { Height = image.Height, Width = image.Width, Text = text },
                    });
                }
                var json = new JsonObject { ["image"] = path, ["width"] = image.Width, ["height"] = image.Height, ["objects"] = list };
                File.WriteAllText(stem + ".json", json.ToJsonString());
                return stem + ".json";
            },
            network.Engine);
        CocoResultsWriter.Write(Path.Combine(asked.Out, "instances.json"), new CocoResults("the network's answers", all));
        return code;
    }

    /// <summary>The images' numbers: their names where all are numbers, as COCO's are, else from 1 on.</summary>
    static Dictionary<string, long> ImageIds(string[] names)
    {
        if (names.FirstOrDefault(n => n is "instances" or "panoptic") is { } taken)
            throw new UsageException($"an image is called {taken}, as the file of all results; name its file otherwise");
        var named = names.All(n => n.Length <= 18 && n.All(char.IsAsciiDigit));
        return names.Index().ToDictionary(n => n.Item, n => named ? long.Parse(n.Item) : n.Index + 1);
    }
}
