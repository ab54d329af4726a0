using System.Text.Json.Nodes;
using Hwaso.Data.Depth;
using Hwaso.Imaging;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Files;
using Hwaso.Training.Networks;
using Hwaso.Training.Recipes;
using Hwaso.Training.Runs;

namespace Hwaso.Training.Tests.Runs;

/// <summary>The multi-decoder recipes, data, loader and trainer and all, against a plain PyTorch of the same (benchmarks/peers/stages.py; tests/fixtures/reference/stages.json).</summary>
public sealed class StagePeerTests : TensorTest
{
    // Another order of sums moves float32 as far from float64 as PyTorch's own four did, or a few times that; each loss is rounded once more.
    const double Times = 4, Rounding = 1e-6;

    static readonly JsonNode recorded = JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/stages.json")))!;
    static readonly int count = recorded["count"]!.GetValue<int>(), height = recorded["size"]![0]!.GetValue<int>(), width = recorded["size"]![1]!.GetValue<int>();
    static readonly int block = recorded["block"]!.GetValue<int>(), classes = recorded["classes"]!.GetValue<int>();

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-peer").FullName;

    [Theory]
    [InlineData("single", "single")]
    [InlineData("single, epsilon 0.01", "single", "train.optimizer.eps=0.01")]
    [InlineData("joint, epsilon 0.01", "joint", "train.optimizer.eps=0.01")]
    [InlineData("depth-copy-semantic-both", "depth-copy-semantic-both")]
    [InlineData("depth-copy-semantic-both, epsilon 0.01", "depth-copy-semantic-both", "train.optimizer.eps=0.01")]
    [InlineData("depth-copy-semantic-both, encoder kept by SGD", "depth-copy-semantic-both", "train.optimizer.eps=0.01", "stages[1].learn=[semantic]", "stages[1].optimizer={name: sgd, learning_rate: 0.01, momentum: 0.9}")]
    public void Recipes_train_as_PyTorch_does(string name, string file, params string[] settings)
    {
        var wanted = recorded["cases"]![name]!;
        var losses = wanted["losses"]!.AsArray().Select(l => l!.GetValue<double>()).ToArray();
        WriteData();
        var recipe = RecipeOf(file, losses.Length, settings);
        var before = WriteWeights(recipe);
        using (var trainer = new Trainer(new TrainRequest(recipe, folder, new RunFolder(At("run")), false, Device.Cpu, 1), new RunWatcher(_ => { })))
            Assert.True(trainer.Run(default).Finished);

        var run = new RunFolder(At("run"));
        var tolerance = Times * wanted["float32_loss_error"]!.GetValue<double>() + Rounding;
        var got = MetricsLog.Open(run.Metrics, long.MaxValue).Losses.Select(l => l.Loss).ToArray();
        Assert.Equal(losses.Length, got.Length);
        for (var k = 0; k < losses.Length; k++)
            Assert.True(Math.Abs(got[k] - losses[k]) <= tolerance * losses[k], $"step {k + 1}: loss {got[k]:g9}, PyTorch's {losses[k]:g9}, {Math.Abs(got[k] / losses[k] - 1):g2} apart where {tolerance:g2} is allowed");
        AssertChanges(wanted["changes"]!.AsObject(), before, TensorFile.Read(run.Last).Tensors);
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    static void AssertChanges(JsonObject wanted, Dictionary<string, float[]> before, IReadOnlyDictionary<string, HostTensor> after)
    {
        foreach (var (part, change) in wanted)
        {
            var (squares, product) = (0.0, 0.0);
            foreach (var (key, values) in before.Where(t => t.Key.StartsWith(part + ".", StringComparison.Ordinal)))
            {
                var (now, probe) = (after[key].ToFloats(), FormulaWeights.Fill($"probe.{key}", values.Length, 1).ToFloats());
                for (var k = 0; k < values.Length; k++)
                {
                    var difference = (double)now[k] - values[k];
                    (squares, product) = (squares + difference * difference, product + difference * probe[k]);
                }
            }
            var length = change!["length"]!.GetValue<double>();
            // A part's own error is one throw of the dice, which may have come out small: a thousandth of the change is allowed at least.
            var tolerance = length * (Times * change["float32_error"]!.GetValue<double>() + 1e-3);
            Assert.True(Math.Abs(Math.Sqrt(squares) - length) <= tolerance, $"{part} changed by {Math.Sqrt(squares):g9}, in PyTorch by {length:g9}");
            Assert.True(Math.Abs(product - change["product"]!.GetValue<double>()) <= tolerance, $"{part} changed in another direction: {product:g9}, in PyTorch {change["product"]}, at length {length:g9}");
        }
    }

    /// <summary>The recipe as shipped, on the small network and on images that go into the network as they are.</summary>
    RecipeFile RecipeOf(string file, int steps, string[] settings)
    {
        var path = RepositoryRoot.File("recipes", "multidecoder", $"{file}.yaml");
        var stages = Recipe.Load(path).Stages.Count;
        return RecipeFile.Load(
            path,
            [
                $"model={{family: unet-resnet{(file == "single" ? "" : "-multidecoder")}, resnet: {{blocks: [1, 1, 1, 1], block: basic, widths: [8, 8, 16, 16], stem_channels: 8}}, unet: {{channels: [16, 16, 8, 8, 8]}}, pretrained: '{At("formula.safetensors")}'}}",
                "data.layout=list", file == "single" ? "data.depth=" : $"data.depth_unit={recorded["unit"]}",
                "augment.base_size=", "augment.scale_min=1", "augment.scale_max=1", "augment.flip=false", $"augment.crop=[{height}, {width}]",
                $"train.batch={count}", "train.log_every=1", "validate.every=0",
                .. stages == 0 ? [$"train.epochs={steps}"] : Enumerable.Range(0, stages).Select(k => $"stages[{k}].epochs={steps / stages}"),
                .. settings,
            ]);
    }

    /// <summary>Writes the network's first weights by the rule, and returns its parameters.</summary>
    Dictionary<string, float[]> WriteWeights(RecipeFile recipe)
    {
        using var weights = Weights.Create(initialise: false);
        ModelFactory.DefineSegmentation(recipe.Model).Build(weights, classes);
        var tensors = weights.State.Select(s => KeyValuePair.Create(s.Key, FormulaWeights.Fill(s.Key, s.Value.Shape))).ToArray();
        SafeTensors.Write(At("formula.safetensors"), tensors);
        var parameters = weights.Parameters.Select(p => p.Key).ToHashSet(StringComparer.Ordinal);
        return tensors.Where(t => parameters.Contains(t.Key)).ToDictionary(t => t.Key, t => t.Value.ToFloats());
    }

    void WriteData()
    {
        foreach (var kind in new[] { "images", "labels", "Depth" })
            Directory.CreateDirectory(At(kind));
        File.WriteAllLines(At("labels.txt"), Enumerable.Range(0, classes).Select(k => $"class{k}"));
        foreach (var split in new[] { "train", "val" })
            File.WriteAllLines(At($"{split}.txt"), Enumerable.Range(0, count).Select(k => $"images/{k}.png labels/{k}.png"));
        var (image, label, depth, hole) = (Blocks("image", 3), Blocks("label", 1), Blocks("depth", 1), Blocks("hole", 1));
        for (var n = 0; n < count; n++)
        {
            var (pixels, labels, values) = (new RgbImage(width, height), new LabelMap(width, height), new Gray16Image(width, height));
            for (var k = 0; k < height * width; k++)
            {
                var at = (n * (height / block) + k / width / block) * (width / block) + k % width / block;
                for (var c = 0; c < 3; c++)
                    pixels.Pixels[3 * k + c] = (byte)(image[3 * at + c] * 256);
                var own = (byte)(label[at] * (classes + 1));
                labels.Labels[k] = own == classes ? (byte)255 : own;
                values.Values[k] = hole[at] >= 0.1 ? (ushort)(depth[at] * 65536) : (ushort)0;
            }
            Png.Write(At($"images/{n}.png"), pixels);
            Png.WriteGray(At($"labels/{n}.png"), labels);
            Png.WriteGray16(At($"Depth/{n}.png"), values, new Dictionary<string, string> { [DepthPng.ScaleKey] = $"{recorded["scale"]}" });
        }
    }

    static double[] Blocks(string key, int channels) =>
        [.. FormulaWeights.Fill($"{key}.running_var", count * (height / block) * (width / block) * channels).ToFloats().Select(v => v - 0.5)];

    string At(string name) => Path.Combine(folder, name);
}
