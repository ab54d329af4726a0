using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Inference.Boxes;
using Hwaso.Nn.Boxes;

namespace Hwaso.Cli.Verbs;

/// <summary>The part of <c>hwaso predict</c> that finds objects.</summary>
static class BoxPredicting
{
    /// <summary>Writes a JSON and a picture for each image.</summary>
    public static int Run(PredictArguments asked, double? least, VerbContext context)
    {
        if (asked.Overlay || asked.Submission is not null || !asked.Views.Views.IsPlain)
            throw new UsageException("--overlay, --submission and views are for segmentation networks; a detector writes pictures anyway");
        // Before weights are loaded: an error of usage is one line.
        ImageAnswers.NamesOf(asked.Images);
        // An exported network has its limit inside: the detections above a higher one are chosen here.
        string[] settings = least is { } score && !Segmenter.IsExported(asked.Source)
            ? [string.Create(CultureInfo.InvariantCulture, $"detection.score={score}")]
            : [];
        using var network = context.OpenDetector(asked.Source, settings);
        return ImageAnswers.Run(
            asked, context,
            (stem, path, image) => Write(stem, path, image, network, least ?? 0, least ?? ObjectPicture.DrawnFrom), network.Engine);
    }

    static string Write(string stem, string path, RgbImage image, DetectorNetwork network, double least, double drawnFrom)
    {
        var list = new JsonArray();
        var extent = network.Finder.Form.Extent;
        FoundObject[] found = [.. network.Finder.Find(image).Where(d => d.Score >= least).OrderByDescending(d => d.Score)];
        foreach (var one in found)
        {
            var (box, score, label) = one;
            var category = network.CategoryOf(label);
            var entry = new JsonObject
            {
                ["category_id"] = category.Id,
                ["category"] = category.Name,
                ["score"] = score,
                ["box"] = new JsonArray((JsonNode)box.X1, box.Y1, box.X2 - box.X1 + extent, box.Y2 - box.Y1 + extent),
            };
            list.Add(entry);
            if (one.Mask is { } mask)
                entry["segmentation"] = new JsonObject { ["size"] = new JsonArray(image.Height, image.Width), ["counts"] = mask };
        }
        Png.Write(stem + ".png", ObjectPicture.Draw(image, found, network, drawnFrom));
        var json = new JsonObject { ["image"] = path, ["width"] = image.Width, ["height"] = image.Height, ["objects"] = list };
        File.WriteAllText(stem + ".json", json.ToJsonString());
        return stem + ".json";
    }
}
