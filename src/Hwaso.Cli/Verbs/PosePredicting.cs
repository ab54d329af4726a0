using System.Text.Json.Nodes;
using Hwaso.Cli.Output;
using Hwaso.Data;
using Hwaso.Data.Annotations;
using Hwaso.Data.Poses;
using Hwaso.Imaging;
using Hwaso.Inference.Poses;

namespace Hwaso.Cli.Verbs;

/// <summary>The part of <c>hwaso predict</c> that finds joints.</summary>
static class PosePredicting
{
    const string Whole = "whole";

    // Joints below this score are not drawn; the JSON has them.
    const double DrawnFrom = 0.2;

    /// <summary>Writes a JSON and a picture for each image.</summary>
    public static int Run(PredictArguments asked, string? boxes, VerbContext context)
    {
        var known = boxes is null or Whole ? null : BoxesByImage(boxes);
        // Before weights are loaded: an error of usage is one line.
        ImageAnswers.NamesOf(asked.Images);
        using var network = context.OpenPoses(asked.Source);
        return ImageAnswers.Run(asked, context, (stem, path, image) =>
        {
            IReadOnlyList<(CocoBox Box, double Score)> people = known is null ? [(new CocoBox(0, 0, image.Width, image.Height), 1)]
                : known.TryGetValue(Path.GetFileNameWithoutExtension(path), out var listed) ? listed
                : throw new DatasetException(
                    path, $"is not among the {known.Count} images of {boxes}; name an image of it, or other boxes");
            return Write(stem, path, image, people, network);
        }, network.Engine);
    }

    static string Write(
        string stem, string path, RgbImage image, IReadOnlyList<(CocoBox Box, double Score)> people, PoseNetwork network)
    {
        var list = new JsonArray();
        var picture = new RgbImage(image.Width, image.Height, (byte[])image.Pixels.Clone());
        foreach (var (n, (box, score)) in people.Index())
        {
            var joints = network.Estimator.Estimate(image, PersonCrop.OfBox(box, network.Estimator.Options.Sampling.Aspect));
            list.Add(new JsonObject
            {
                ["box"] = new JsonArray(box.X, box.Y, box.Width, box.Height),
                ["score"] = network.Estimator.ScoreOf(joints, score),
                ["keypoints"] = new JsonArray([.. joints.Select(v => (JsonNode)v)]),
            });
            Skeleton.Draw(
                picture, [.. joints.Select(v => (double)v)], network.Description.Skeleton, DrawnFrom, people.Count > 1 ? n : null);
        }
        Png.Write(stem + ".png", picture);
        var json = new JsonObject
        {
            ["image"] = path,
            ["width"] = image.Width,
            ["height"] = image.Height,
            ["joints"] = JsonOutput.Array(network.Description.Joints),
            ["people"] = list,
        };
        File.WriteAllText(stem + ".json", json.ToJsonString());
        return stem + ".json";
    }

    // Boxes stand in annotations with the images' files, or in results whose image numbers are the files' names, as COCO's are.
    static Dictionary<string, IReadOnlyList<(CocoBox, double)>> BoxesByImage(string path)
    {
        if (!CocoResults.IsList(path))
        {
            var file = CocoFile.Read(path);
            var byImage = file.Annotations.ToLookup(a => a.ImageId, a => (a.Box, 1.0));
            return file.Images.DistinctBy(i => Path.GetFileNameWithoutExtension(i.FileName)).ToDictionary(
                i => Path.GetFileNameWithoutExtension(i.FileName), i => (IReadOnlyList<(CocoBox, double)>)[.. byImage[i.Id]]);
        }
        var results = CocoResults.Read(path);
        // A detector's file has boxes of all its categories; people are COCO's first.
        var people = results.Entries.Any(e => e.CategoryId == 1) ? results.Entries.Where(e => e.CategoryId == 1) : results.Entries;
        return people.GroupBy(e => $"{e.ImageId:000000000000}").ToDictionary(
            g => g.Key, g => (IReadOnlyList<(CocoBox, double)>)
            [
                .. g.Select(e => (e.Box ?? throw results.Error(e, "no 'bbox'; boxes of people were wanted"), e.Score)),
            ]);
    }
}
