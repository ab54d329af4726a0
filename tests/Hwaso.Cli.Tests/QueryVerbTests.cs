using System.Text.Json;
using Hwaso.Data.Layouts;
using Hwaso.Data.Panoptic;
using Hwaso.Imaging;

namespace Hwaso.Cli.Tests;

/// <summary>A network with queries, asked for instances and panoptic segments from training to score.</summary>
[Collection(WorkshopTests.Name)]
public sealed class QueryVerbTests(Workshop shop)
{
    const string Recipe = """
        name: queries
        seed: 3
        model: {family: eomt, transformer: {width: 32, depth: 3, heads: 2, patch: 8, image: 64}, eomt: {queries: 12, blocks: 2}}
        data: {layout: cityscapes}
        loss: {name: mask_classification, points: 128}
        augment: {crop: [64, 128]}
        train: {epochs: 2, batch: 4, optimizer: {name: adamw, learning_rate: 0.002}}
        """;

    // Below every probability: a network of six steps is sure of nothing.
    const string Score = "0.02";

    [Fact]
    public void A_query_network_is_trained_used_scored_and_exported()
    {
        var (run, found) = (shop.At("queries"), shop.At("queries-found"));
        File.WriteAllText(shop.At("queries.yaml"), Recipe);
        Json(0, "train", shop.At("queries.yaml"), "--data", shop.Data, "--run", run);

        // The same truth in COCO's form.
        var coco = CocoPanoptic();
        var panoptic = Json(0, "evaluate", run, "--data", shop.Data, "--as", "panoptic");
        Assert.Equal(19, panoptic.GetProperty("categories").GetArrayLength());
        var again = Json(0, "evaluate", run, "--data", coco, "--as", "panoptic", "--results", shop.At("segments.json"));
        var scored = Json(
            0, "score", shop.At("segments.json"), Path.Combine(coco, "annotations/panoptic_val2017.json"), "--layout", "coco-panoptic");
        foreach (var name in new[] { "pq", "sq", "rq", "pq_things", "sq_things", "rq_things", "pq_stuff", "sq_stuff", "rq_stuff" })
        {
            Assert.Equal(panoptic.GetProperty(name).GetDouble(), again.GetProperty(name).GetDouble(), 1e-12);
            Assert.Equal(panoptic.GetProperty(name).GetDouble(), scored.GetProperty(name).GetDouble(), 1e-12);
        }
        // Both know the same things; a truth without one has no precision.
        var instances = Json(0, "evaluate", run, "--data", shop.Data, "--as", "instances", "--results", shop.At("instances.json"));
        Assert.Equal(
            instances.GetProperty("ap").GetDouble(),
            Json(0, "evaluate", run, "--data", coco, "--as", "instances").GetProperty("ap").GetDouble(), 1e-12);
        Assert.True(JsonDocument.Parse(File.ReadAllText(shop.At("instances.json"))).RootElement.GetArrayLength() > 0);

        Json(0, "predict", run, shop.Image, "--out", found, "--as", "panoptic", "--score", Score, "--overlay");
        Json(0, "predict", run, shop.Image, "--out", found, "--as", "instances");
        var label = Path.GetFileNameWithoutExtension(shop.Image);
        var file = PanopticFile.Read(Path.Combine(found, "panoptic.json"));
        var map = file.MapOf(Assert.Single(file.Entries), file.Categories.Select(c => c.Id).ToHashSet());
        Assert.NotEmpty(map.Segments);
        Assert.Equal((128, 64), (map.Width, map.Height));
        Assert.Equal((128, 64), ImageFile.Size(Path.Combine(found, label + "_overlay.png")));
        var things = file.Categories.Where(c => c.IsThing).Select(c => c.Name).ToHashSet();
        Assert.Equal(8, things.Count);
        var objects = JsonDocument.Parse(File.ReadAllText(Path.Combine(found, label + ".json"))).RootElement.GetProperty("objects");
        Assert.All(objects.EnumerateArray(), o => Assert.Contains(o.GetProperty("category").GetString()!, things));
        Assert.Equal(
            objects.GetArrayLength(),
            JsonDocument.Parse(File.ReadAllText(Path.Combine(found, "instances.json"))).RootElement.GetArrayLength());

        Exported(run, map);
        Refused(2, "--things and --fit go with --as", "predict", run, shop.Image, "--out", found, "--things", "car");
        Refused(2, "'horse' is none of the 19 classes", "predict", run, shop.Image, "--out", found, "--as", "panoptic", "--things", "horse");
        Refused(2, "views are for labels", "predict", run, shop.Image, "--out", found, "--as", "panoptic", "--flip");
        Refused(2, "does not tell objects apart", "evaluate", run, "--data", shop.Voc, "--as", "panoptic");
        Refused(1, "hrnetv2 has no queries, so it finds no instances", "predict", shop.Run, shop.Image, "--out", found, "--as", "instances");
    }

    /// <summary>The exported file finds the same segments on Hwaso.Runtime.</summary>
    void Exported(string run, PanopticMap map)
    {
        var (file, found) = (shop.At("queries.onnx"), shop.At("queries-exported"));
        Json(0, "export", run, "--out", file, "--queries", "--size", "64x128");
        Assert.Equal(
            "Hwaso.Runtime",
            Json(0, "predict", file, shop.Image, "--out", found, "--as", "panoptic", "--score", Score).GetProperty("engine").GetString());
        var written = PanopticFile.Read(Path.Combine(found, "panoptic.json"));
        var own = written.MapOf(written.Entries[0], written.Categories.Select(c => c.Id).ToHashSet());
        Assert.Equal(map.Segments.Select(s => s.CategoryId), own.Segments.Select(s => s.CategoryId));
        // But for ties: masks of a network of six steps are as good as equal somewhere.
        var same = map.Ids.Zip(own.Ids).Count(p => p.First == p.Second);
        Assert.True(same >= 0.99 * map.Ids.Length, $"{same} of {map.Ids.Length}");
        Refused(1, "answers with classes and masks of queries", "predict", file, shop.Image, "--out", found);
    }

    string CocoPanoptic()
    {
        var root = shop.At("panoptic");
        var data = Datasets.Open("cityscapes", shop.Data, "val");
        var truth = (IPanopticTruth)data;
        Directory.CreateDirectory(Path.Combine(root, "val2017"));
        Directory.CreateDirectory(Path.Combine(root, "annotations"));
        using var writer = new PanopticWriter(Path.Combine(root, "annotations", "panoptic_val2017.json"));
        foreach (var (k, sample) in data.Samples.Index())
        {
            Png.Write(Path.Combine(root, "val2017", $"{k}.jpg"), ImageFile.ReadRgb(sample.ImagePath));
            writer.Add(truth.ImageIdOf(k), $"{k}", truth.SegmentsOf(k));
        }
        writer.Finish(truth.Categories);
        return root;
    }

    static JsonElement Json(int code, params string[] args)
    {
        var run = CommandLine.Run([.. args, "--json", "--threads", "1"]);
        Assert.True(run.Code == code, $"{string.Join(' ', args)}: {run.Code}, {run.Error}");
        return JsonDocument.Parse(run.Output).RootElement;
    }

    static void Refused(int code, string words, params string[] args)
    {
        var run = CommandLine.Run([.. args, "--threads", "1"]);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Equal(code, run.Code);
    }
}
