using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tests.Loop;

/// <summary>The type that a run computes in.</summary>
public sealed class ForwardPassTests(SceneFolder scenes) : TensorTest, IClassFixture<SceneFolder>
{
    readonly SmallRuns runs = new(scenes.Root);

    [Fact]
    public void Bfloat16_computes_in_float32_where_the_processor_has_no_instructions_for_it_and_says_so()
    {
        runs.Train("wide");
        runs.Train("asked", settings: "train.precision=bfloat16");
        const string Line = "train.precision bfloat16: this processor has no instructions for it";
        var said = File.ReadAllText(runs.At("asked").Log).Contains(Line, StringComparison.Ordinal);
        Assert.Equal(!TorchInfo.ProcessorHasBFloat16, said);
        if (said)
            Assert.Equal(runs.Bits("wide"), runs.Bits("asked"));
        else
            Assert.NotEqual(runs.Bits("wide"), runs.Bits("asked"));
    }

    [Fact]
    public void Own_kernels_learn_what_libtorchs_learn()
    {
        var apart = Enumerable.Range(11, 5).Select(seed =>
        {
            runs.Train($"theirs {seed}", 2, settings: [$"seed={seed}", "train.kernels=libtorch"]);
            runs.Train($"own {seed}", 2, settings: $"seed={seed}");
            var (theirs, own) = (runs.Losses($"theirs {seed}").ToArray(), runs.Losses($"own {seed}").ToArray());
            Assert.NotEqual(theirs, own);
            Assert.InRange(own[0] / theirs[0], 1 - 1e-5, 1 + 1e-5);
            return Math.Abs((own[1] / theirs[1]) - 1);
        });
        // The order of sums moves a loss by some 1e-6. With some seeds, others with other vectors, it moves a ReLU's input over zero, and
        // the second loss by up to 1e-2; a wrong gradient would move it with all.
        Assert.InRange(apart.Order().ElementAt(2), 0, 1e-4);
    }

    [Theory]
    [InlineData("hwaso", false, null, true)]
    [InlineData("libtorch", false, null, false)]
    [InlineData("hwaso", false, ScalarType.BFloat16, false)]
    [InlineData("hwaso", true, null, false)]
    public void Own_kernels_are_for_float32_on_a_processor_and_libtorchs_run_otherwise(
        string kernels, bool cuda, ScalarType? type, bool own)
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var recipe = RecipeFile.Read(SmallRuns.Recipe, "small.yaml", $"train.kernels={kernels}").Recipe;
        var place = cuda ? Device.Cuda() : Device.Cpu;
        Assert.Equal(own, ForwardPass.Of(weights, recipe.Train, place, type, _ => { }).OwnKernels);
    }

    [Theory]
    [InlineData("float32", true, null)]
    [InlineData("bfloat16", true, ScalarType.BFloat16)]
    [InlineData("bfloat16", false, null)]
    public void A_processor_computes_in_what_it_is_faster_with(string precision, bool processorHas, ScalarType? type)
    {
        var said = new List<string>();
        var recipe = RecipeFile.Read(SmallRuns.Recipe, "small.yaml", $"train.precision={precision}");
        Assert.Equal(type, ForwardPass.TypeOf(recipe, Device.Cpu, processorHas, said.Add));
        Assert.Equal(precision != "float32" && type is null, said.Count == 1);
    }

    [Fact]
    public void A_CUDA_graph_on_a_processor_is_an_error_with_its_line_before_anything_is_made()
    {
        var error = Assert.Throws<RecipeException>(() => runs.Train("graph", settings: "train.cuda_graph=true"));
        Assert.Equal("--set train.cuda_graph=true: train.cuda_graph: is for CUDA devices; this run is on cpu; remove it", error.Message);
        Assert.False(Directory.Exists(runs.At("graph").Root));
    }

    [Fact]
    public void Float16_on_a_processor_is_an_error_with_its_line_before_anything_is_made()
    {
        var error = Assert.Throws<RecipeException>(() => runs.Train("narrow", settings: "train.precision=float16"));
        Assert.Equal(
            "--set train.precision=float16: train.precision: float16 is for CUDA devices; take bfloat16 or float32 on a processor",
            error.Message);
        Assert.False(Directory.Exists(runs.At("narrow").Root));
    }

    public override void Dispose()
    {
        base.Dispose();
        runs.Dispose();
    }
}
