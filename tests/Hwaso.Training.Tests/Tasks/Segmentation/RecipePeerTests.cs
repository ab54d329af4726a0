using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Inference;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Training.Studies;
using Hwaso.Training.Tests.Loop;

namespace Hwaso.Training.Tests.Tasks.Segmentation;

/// <summary>
/// Every recipe and every study's row, with data, loader and trainer, against plain PyTorch (benchmarks/peers/recipes.py), made small by
/// the settings in tests/fixtures/reference/recipes.json. A new recipe is recorded by record_recipes.py beside it.
/// </summary>
public sealed class RecipePeerTests(RecipePeerData data) : TensorTest, IClassFixture<RecipePeerData>
{
    // Another order of sums moves float32 as far from float64 as PyTorch's own four did, or a few times that. Where it moves a ReLU's input
    // to the other side of 0 in one of them and not in another, a loss changes by millionths and a part's change by a hundredth; a step
    // changes losses by thousandths.
    const double Times = 4, LossKink = 3e-6, ChangeKink = 0.02;
    const string Counter = "num_batches_tracked";

    // Of networks after HRNet's time one recipe of each way to train stands for the rest: groups by name and warm-up, losses of edges.
    // Answers and gradients of all of them are in tests/fixtures/modern, losses, groups and schedules too.
    static readonly string[] later = ["segformer", "upernet", "deeplabv3plus", "pspnet", "ddrnet", "pidnet", "bisenetv2", "stdc"];
    static readonly string[] recordedOfLater =
    [
        "segformer-b0_ade20k.yaml", "upernet-convnext-t_ade20k.yaml", "deeplabv3plus-resnet18_cityscapes.yaml",
        "ddrnet23-slim_cityscapes.yaml", "pidnet-s_cityscapes.yaml", "bisenetv2_cityscapes.yaml", "stdc1_cityscapes.yaml",
    ];

    // Twenty steps of a whole network's width take long; two stand for them in every run.
    static readonly string[] always = ["segformer-b0_ade20k.yaml", "pidnet-s_cityscapes.yaml"];

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-peer").FullName;

    public static TheoryData<string> Recorded => [.. Names.Where(name => always.Contains(name) || !recordedOfLater.Contains(name))];

    public static TheoryData<string> Long => [.. Names.Where(name => recordedOfLater.Contains(name) && !always.Contains(name))];

    static IEnumerable<string> Names =>
        JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/recipes.json")))!["cases"]!.AsObject().Select(c => c.Key);

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Recipe_trains_as_PyTorch_does(string name) => Train(name);

    [Theory]
    [MemberData(nameof(Long))]
    [Trait("Time", "Long")]
    public void Recipe_of_a_later_network_trains_as_PyTorch_does(string name) => Train(name);

    void Train(string name)
    {
        var wanted = data.Cases[name]!;
        var settings = wanted["settings"]!.AsArray().Select(s => s!.GetValue<string>());
        var recipe = Open(name, [.. settings, $"model.pretrained='{At("formula.safetensors")}'"]);
        var before = WriteWeights(recipe);
        var run = new RunFolder(At("run"));
        // Where the loss counts the pixels below a certainty, rounding takes a pixel across that limit, and with it its share of the loss.
        var tolerance = Times * wanted["float32_loss_error"]!.GetValue<double>() + LossKink
            + (wanted["loss_jump"]?.GetValue<double>() ?? 0);
        PeerRun.Check(recipe, data.Folder, run, wanted, tolerance);
        AssertChanges(wanted["changes"]!.AsObject(), before, TensorFile.Read(run.Last).Tensors);
    }

    [Fact]
    public void Every_shipped_recipe_and_study_row_is_recorded()
    {
        var root = RepositoryRoot.File("recipes");
        var files = Directory.GetFiles(root, "*.yaml", SearchOption.AllDirectories)
            .Where(f => Path.GetFileName(Path.GetDirectoryName(f)) != "studies")
            // Poses have their own peer (PosePeerTests).
            .Where(f => Zoo.Define(Recipe.Load(f).Model).Task == ModelTask.Segmentation).ToArray();
        var shipped = files.Select(f => Bare(Recipe.Load(f))).ToArray();
        var missing = files.Select(f => Path.GetRelativePath(root, f))
            .Where(f => recordedOfLater.Contains(f) || !later.Any(name => f.StartsWith(name, StringComparison.Ordinal)))
            .Where(f => !data.Cases.ContainsKey(f)).ToList();
        foreach (var file in Directory.GetFiles(Path.Combine(root, "studies"), "*.yaml"))
            // A row that is a recipe as it stands is recorded as that.
            missing.AddRange(Study.Load(file, small: false).Variants
                .Where(v => !shipped.Contains(Bare(v.Recipe(0, []).Recipe)))
                .Select(v => $"studies/{Path.GetFileName(file)}: {v.Name}").Where(row => !data.Cases.ContainsKey(row)));
        Assert.True(
            missing.Count == 0,
            $"python3 tests/fixtures/reference/record_recipes.py was not run since these were added: {string.Join(", ", missing)}");
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A recipe without what changes no formula.</summary>
    static Recipe Bare(Recipe recipe) => recipe with { Name = "", Train = recipe.Train with { OwnKernels = true } };

    static RecipeFile Open(string name, string[] settings)
    {
        var parts = name.Split(": ", 2);
        var path = RepositoryRoot.File("recipes", parts[0]);
        return Path.GetDirectoryName(parts[0]) == "studies"
            ? Study.Load(path, small: false).Variants.Single(v => v.Name == parts[1]).Recipe(0, settings)
            : RecipeFile.Load(path, settings);
    }

    static void AssertChanges(JsonObject wanted, Dictionary<string, float[]> before, IReadOnlyDictionary<string, HostTensor> after)
    {
        // A part's own error is one throw of the dice, which may have come out small: the largest of all parts' stands for each.
        var error = wanted.Max(c => c.Value!["float32_error"]!.GetValue<double>());
        foreach (var (part, change) in wanted)
        {
            var (squares, product) = (0.0, 0.0);
            foreach (var (key, values) in before.Where(t => PartOf(t.Key) == part))
            {
                var (now, probe) = (after[key].ToFloats(), FormulaWeights.Fill($"probe.{key}", values.Length, 1).ToFloats());
                for (var k = 0; k < values.Length; k++)
                {
                    var difference = (double)now[k] - values[k];
                    (squares, product) = (squares + difference * difference, product + difference * probe[k]);
                }
            }
            var length = change!["length"]!.GetValue<double>();
            var tolerance = length * (Times * error + ChangeKink);
            Assert.True(
                Math.Abs(Math.Sqrt(squares) - length) <= tolerance,
                $"{part} changed by {Math.Sqrt(squares):g9}, in PyTorch by {length:g9}");
            Assert.True(
                Math.Abs(product - change["product"]!.GetValue<double>()) <= tolerance,
                $"{part} changed in another direction: {product:g9}, in PyTorch {change["product"]}, at length {length:g9}");
        }
    }

    static string PartOf(string key) =>
        key.EndsWith(".running_mean", StringComparison.Ordinal) || key.EndsWith(".running_var", StringComparison.Ordinal)
            ? "statistics" : key.Split('.')[0];

    /// <summary>Writes the network's first weights by the rule, and returns all that training changes.</summary>
    Dictionary<string, float[]> WriteWeights(RecipeFile recipe)
    {
        using var weights = Weights.Create(initialise: false);
        Zoo.DefineSegmentation(recipe.Model).Build(weights, recipe.Model.Classes!.Value);
        var tensors = weights.State.Select(s => KeyValuePair.Create(s.Key, FormulaWeights.Fill(s.Key, s.Value.Shape))).ToArray();
        SafeTensors.Write(At("formula.safetensors"), tensors);
        return tensors.Where(t => !t.Key.EndsWith(Counter, StringComparison.Ordinal)).ToDictionary(t => t.Key, t => t.Value.ToFloats());
    }

    string At(string name) => Path.Combine(folder, name);
}
