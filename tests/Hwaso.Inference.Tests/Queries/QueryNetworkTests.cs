using Hwaso.Checkpoints;
using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Inference.Networks;
using Hwaso.Inference.Queries;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Runtime;
using Hwaso.Runtime.Format;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Inference.Tests.Queries;

/// <summary>Small query networks with initial weights on both engines.</summary>
public sealed class QueryNetworkTests : TensorTest
{
    const int Classes = 4;

    const string Eomt = "{family: eomt, classes: 4, transformer: {width: 32, depth: 3, heads: 2, patch: 16, image: 64}, "
        + "eomt: {queries: 7, blocks: 2}}";

    const string Mask2Former = "{family: mask2former, classes: 4, encoder: resnet18, mask2former: {queries: 7, width: 32, heads: 2, "
        + "encoder_layers: 1, encoder_width: 32, decoder_layers: 2, decoder_width: 32}}";

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-queries").FullName;

    [Theory]
    [InlineData(Eomt)]
    [InlineData(Mask2Former)]
    public void An_exported_network_answers_as_the_checkpoint(string model)
    {
        var (checkpoint, exported) = (Checkpoint(model), Path.Combine(folder, "queries.onnx"));
        using (var loaded = LoadedModel.Open(checkpoint, Device.Cpu))
            Exporter.Write(loaded, new ExportOptions(new SizePx(96, 128), Queries: true), exported);
        var image = Noise(100, 70);
        using var torch = QueryNetwork.Open(checkpoint, Device.Cpu);
        using var managed = QueryNetwork.OpenExported(exported, 1);
        // Fitted into 96×128 it has 90 rows.
        Assert.Equal(new SizePx(96, 128), managed.Fit);
        torch.Fit = managed.Fit;
        Assert.Equal(("libtorch", "Hwaso.Runtime"), (torch.Engine, managed.Engine));
        Assert.Equal([1, 2], managed.Things.Order());
        Assert.Equal(torch.Categories, managed.Categories);

        var (one, other) = (torch.Ask(image), managed.Ask(image));
        var (mask, same) = (new float[100 * 70], new float[100 * 70]);
        var shares = new HashSet<double>();
        for (var q = 0; q < one.Queries; q++)
        {
            // Sums of some hundred products in single precision through a few layers.
            for (var k = 0; k <= Classes; k++)
                Assert.Equal(one.SharesOf(q)[k], other.SharesOf(q)[k], 1e-5);
            one.MaskOf(q, mask);
            other.MaskOf(q, same);
            var largest = mask.Max(Math.Abs);
            Assert.All(mask.Zip(same), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= 1e-4 * largest));
            shares.Add(one.SharesOf(q)[0]);
        }
        Assert.Equal(one.Queries, shares.Count);

        // Seen at its own size, whose sides neither 16 nor 32 divides.
        torch.Fit = null;
        one = torch.Ask(image);
        // The classes' scores are sums over the queries: the network's own answer, from another way through its code.
        using var segmenter = Segmenter.Open(checkpoint, new SegmenterOptions { Engine = Engine.Libtorch, Device = Device.Cpu });
        var labels = segmenter.Segment(image).Labels;
        var scores = new double[Classes * mask.Length];
        for (var q = 0; q < one.Queries; q++)
        {
            one.MaskOf(q, mask);
            for (var k = 0; k < Classes; k++)
                for (var p = 0; p < mask.Length; p++)
                    scores[k * mask.Length + p] += one.SharesOf(q)[k] / (1 + Math.Exp(-mask[p]));
        }
        var agreed = Enumerable.Range(0, mask.Length).Count(p =>
            labels[p] == Enumerable.Range(0, Classes).MaxBy(k => scores[k * mask.Length + p]));
        // But for ties: initial weights leave some classes as good as equal.
        Assert.True(agreed >= 0.999 * mask.Length, $"{agreed} of {mask.Length}");

        var found = torch.Instances(image);
        Assert.All(found, f => Assert.Contains(f.Label, torch.Things));
        torch.TellApart(["sky"]);
        Assert.Equal([0], torch.Things);
        Assert.Contains("'cloud' is none of the 4 classes", Assert.Throws<ArgumentException>(() => torch.TellApart(["cloud"])).Message,
            StringComparison.Ordinal);

        Assert.Contains("takes images of 96x128 pixels", Assert.Throws<ArgumentException>(() => managed.Fit = null).Message,
            StringComparison.Ordinal);
        var refused = Assert.Throws<ModelFormatException>(() => SegmentationModel.Load(exported));
        Assert.Contains("answers with classes and masks of queries", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_without_queries_is_refused_by_name()
    {
        using var run = new SmallRun();
        var error = Assert.Throws<CheckpointException>(() => QueryNetwork.Open(run.Root, Device.Cpu));
        Assert.Contains("has no queries, so it finds no instances and no panoptic segments", error.Message, StringComparison.Ordinal);
        var exported = run.Exported();
        var other = Assert.Throws<ModelFormatException>(() => QueryNetwork.OpenExported(exported, 1));
        Assert.Contains("has no queries", other.Message, StringComparison.Ordinal);
        using var model = LoadedModel.Open(run.Root, Device.Cpu);
        var options = new ExportOptions(Queries: true);
        Assert.Contains("has no queries", Assert.Throws<NotSupportedException>(() => Exporter.Make(model, options)).Message,
            StringComparison.Ordinal);
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    string Checkpoint(string model)
    {
        RandomState.Seed(5);
        var recipe = $"model: {model}";
        using var weights = Weights.Create();
        Zoo.DefineSegmentation(RecipeFile.Read(recipe, "small.yaml").Model).Build(weights, Classes).InitialiseAsPublished();
        var path = Path.Combine(folder, "small.safetensors");
        WeightFile.Save(path, weights, new Dictionary<string, string>
        {
            [CheckpointMetadata.Recipe] = recipe,
            [CheckpointMetadata.Classes] = CheckpointMetadata.WriteClasses(
            [
                new ClassEntry("sky", 1, 2, 3), new ClassEntry("person", 4, 5, 6, HasInstances: true) { CategoryId = 44 },
                new ClassEntry("car", 7, 8, 9, HasInstances: true), new ClassEntry("road", 10, 11, 12),
            ]),
        });
        return path;
    }

    static RgbImage Noise(int width, int height)
    {
        var pixels = new byte[3 * width * height];
        new Random(2).NextBytes(pixels);
        return new RgbImage(width, height, pixels);
    }
}
