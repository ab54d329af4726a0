using Hwaso.Checkpoints;
using Hwaso.Inference.Networks;
using Hwaso.Models.Attention;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Inference.Tests.Networks;

/// <summary>Networks against what the official PyTorch implementations answered (tests/fixtures).</summary>
public sealed class VerifierTests : TensorTest
{
    // Both sides are float32 sums of some thousand terms: 1e-5 of the largest output is what PyTorch itself differs by between thread
    // counts.
    const double Tolerance = 1e-5;

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-verify").FullName;

    public static ModelRecipe Reduced => RecipeFile.Read("""
        model:
          family: hrnetv2
          classes: 5
          stage1: {blocks: 1, channels: 16}
          stage2: {modules: 1, blocks: [2, 2], channels: [8, 16]}
          stage3: {modules: 1, blocks: [2, 2, 2], channels: [8, 16, 32]}
          stage4: {modules: 1, blocks: [2, 2, 2, 2], channels: [8, 16, 32, 64]}
        """, "reduced.yaml").Model;

    [Fact]
    public void A_reduced_HRNetV2_answers_as_the_official_one_after_import()
    {
        var imported = Path.Combine(folder, "seg.safetensors");
        var definition = Zoo.Define(Reduced);
        var report = Importer.Import(Fixtures.Path("small/hrnetv2_seg.pth"), definition, Reduced, 5, imported, skipMismatched: false);
        Assert.Equal(429, report.Loaded.Count);
        Assert.Empty(report.Missing);
        Assert.Empty(report.Unexpected);

        var errors = Verifier.Verify(definition, imported, Fixture.Read(Fixtures.Path("small/hrnetv2_seg.safetensors")), null);
        Assert.Equal(["output", "output_align_corners_true", "output_odd", "output_upsampled"], errors.Select(e => e.Name).Order());
        Assert.All(errors, e => Assert.InRange(e.Relative, 0, Tolerance));
        using var network = LoadedModel.Open(imported, Device.Cpu);
        Assert.Equal(5, network.Segmentation.Classes);
    }

    [Theory]
    [InlineData("hrnetv2-w18-small-v1", "formula/hrnetv2_w18_small_v1.safetensors")]
    [InlineData("hrnetv2-w18-small-v1+psa-spatial", "reference/hrnetv2_w18_small_v1_psa_spatial.safetensors")]
    public void A_full_size_network_with_formula_weights_answers_as_recorded(string name, string fixture) => AssertAnswers(name, fixture);

    [Theory]
    [Trait("Time", "Long")]
    [InlineData("hrnetv2-w18", "reference/hrnetv2_w18.safetensors")]
    [InlineData("hrnetv2-w18-small-v2", "reference/hrnetv2_w18_small_v2.safetensors")]
    public void A_larger_network_with_formula_weights_answers_as_recorded(string name, string fixture) => AssertAnswers(name, fixture);

    static void AssertAnswers(string name, string fixture)
    {
        var error = Assert.Single(Verifier.Verify(Zoo.Find(name), Verifier.Formula, Fixture.Read(Fixtures.Path(fixture)), null), e =>
            e.Name.StartsWith("output", StringComparison.Ordinal) && !e.Name.Contains("train", StringComparison.Ordinal));
        Assert.InRange(error.Relative, 0, Tolerance);
    }

    [Theory]
    [InlineData("unet-resnet18", "smp_unet_resnet18", "output")]
    public void A_full_size_network_with_formula_weights_gives_every_official_output(
        string name, string fixture, params string[] outputs) => AssertOutputs(name, fixture, outputs);

    [Theory]
    [Trait("Time", "Long")]
    [InlineData("resnet50", "torchvision_resnet50", "output")]
    [InlineData("fcn-resnet50", "torchvision_fcn_resnet50", "output__flat_stride_6", "output_aux__flat_stride_6")]
    public void A_larger_network_with_formula_weights_gives_every_official_output(string name, string fixture, params string[] outputs) =>
        AssertOutputs(name, fixture, outputs);

    static void AssertOutputs(string name, string fixture, string[] outputs)
    {
        var errors = Verifier.Verify(Zoo.Find(name), Verifier.Formula, Fixture.Read(Fixtures.Path($"formula/{fixture}.safetensors")), null);
        Assert.Equal(outputs, errors.Select(e => e.Name));
        Assert.All(errors, e => Assert.InRange(e.Relative, 0, Tolerance));
    }

    /// <summary>Numbered as the authors' code returns them: PIDNet's answer is the second, BiSeNetV2's the first.</summary>
    [Theory]
    [InlineData("pidnet-s", "pidnet_s", 3)]
    [InlineData("bisenetv2", "bisenetv2", 5)]
    public void Every_output_of_a_network_with_several_is_compared(string name, string fixture, int outputs)
    {
        var errors = Verifier.Verify(
            Zoo.Find(name), Verifier.Formula, Fixture.Read(Fixtures.Path($"modern/formula/{fixture}.safetensors")), null);
        Assert.Equal(Enumerable.Range(0, outputs).Select(k => $"output{k}"), errors.Select(e => Fixture.PlainName(e.Name)));
        Assert.All(errors, e => Assert.InRange(e.Relative, 0, Tolerance));
    }

    /// <summary>What its constants are, such as the places of window attention, no file of weights by the rule says.</summary>
    [Fact]
    public void Weights_by_the_rule_leave_a_networks_constants()
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        ReducedNetwork.Of(Zoo.Find("upernet-swin-t")).Build(weights, 3);
        var places = weights.Buffers.First(b => b.Key.EndsWith("relative_position_index", StringComparison.Ordinal)).Value;
        var before = places.ToArray<long>();
        Verifier.FillByFormula(weights);
        Assert.Equal(before, places.ToArray<long>());
        Assert.NotEqual(0, weights["decode_head.conv_seg.bias"].ToArray<float>().Max());
    }

    [Theory]
    [InlineData("psa-p", "psa_p", 3)]
    [InlineData("psa-s", "psa_s", 3)]
    [InlineData("psa-p-channel", "psa_p", 1)]
    [InlineData("psa-p-spatial", "psa_p", 1)]
    [InlineData("psa-s-channel", "psa_s", 1)]
    [InlineData("psa-s-spatial", "psa_s", 1)]
    [InlineData("psa-spatial", "psa_spatial_paper", 1)]
    public void Polarized_self_attention_answers_as_released_branch_by_branch(string name, string fixture, int outputs)
    {
        var module = AttentionModule.All.Single(a => a.Name == name);
        var errors = Verifier.Verify(
            module, Fixtures.Path($"small/{fixture}.pth"), Fixture.Read(Fixtures.Path($"small/{fixture}.safetensors")));
        Assert.Equal(outputs, errors.Count);
        Assert.All(errors, e => Assert.InRange(e.Relative, 0, Tolerance));
    }

    [Theory]
    [InlineData("psa-p", "psa_p", "full.")]
    [InlineData("psa-s", "psa_s", "full.")]
    [InlineData("psa-spatial", "psa_spatial_paper", "")]
    public void Polarized_self_attention_has_the_recorded_gradients(string name, string fixture, string prefix)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var recorded = TensorFile.Read(Fixtures.Path($"small/{fixture}.safetensors")).Tensors;
        var net = AttentionModule.All.Single(a => a.Name == name).Build(weights, 16);
        WeightFile.Load(weights, TensorFile.Read(Fixtures.Path($"small/{fixture}.pth")));
        var x = Tensor.From(recorded["input"]);
        x.RequiresGrad = true;
        net.Call(x).Backward(Tensor.From(recorded["grad_output"]));

        AssertClose(recorded[prefix + "grad_input"].ToFloats(), x.Grad!.ToArray<float>(), Tolerance, "input");
        foreach (var (key, parameter) in weights.Parameters)
            // Gradients through a softmax are differences of terms some thousand times larger: float32's 6e-8 of those.
            AssertClose(recorded[$"{prefix}grad.{key}"].ToFloats(), parameter.Grad!.ToArray<float>(), 5e-4, key);
    }

    // Losses are recorded in float64, gradients and weights in float32, which is 3.2e-4 and 4.7e-5 from its own float64: a few times that
    // is allowed in float64, which shows a wrong step. float32 jumps where rounding decides on which side of zero a ReLU's input lies
    // (2.3e-5 in the loss without AVX2): ten times as much is allowed it.
    [Theory]
    [InlineData(ScalarType.Float64, 1e-8, 1e-3, 1e-4)]
    [InlineData(ScalarType.Float32, 2e-4, 1e-2, 1e-3)]
    public void Five_training_steps_go_as_the_official_network_goes(ScalarType type, double ofLoss, double ofGradient, double ofWeight)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(type: type, initialise: false);
        var recorded = TensorFile.Read(Fixtures.Path("small/hrnetv2_seg.train.safetensors")).Tensors;
        var gradients = TensorFile.Read(Fixtures.Path("small/hrnetv2_seg.grads0.pth")).Tensors;
        var net = Zoo.Define(Reduced).Build(weights, 5);
        WeightFile.Load(weights, TensorFile.Read(Fixtures.Path("small/hrnetv2_seg.pth")));
        using var sgd = new Sgd([new ParameterGroup(weights.Parameters.ToArray(), 1, 1e-4)], 0.002, momentum: 0.9);
        using var loss = new CrossEntropy();
        var (x, target) = (Tensor.From(recorded["input"]).To(type), Tensor.From(recorded["target"]));
        var largest = gradients.Values.SelectMany(g => g.ToFloats()).Max(Math.Abs);
        for (var step = 0; step < 5; step++)
        {
            using var inner = new Scope();
            var value = loss.Of(net.Call(x), target);
            Assert.Equal(recorded["losses_f64"].ToDoubles()[step], value.Item(), ofLoss);
            value.Backward();
            if (step == 0)
                foreach (var (key, parameter) in weights.Parameters)
                {
                    // Relative to max(|g|, 1e-4 of the net's largest): some gradients are zero in truth.
                    var expected = gradients[key].ToFloats();
                    var scale = Math.Max(expected.Max(Math.Abs), 1e-4 * largest);
                    Assert.All(
                        expected.Zip(parameter.Grad!.ToArray<float>()),
                        g => Assert.True(Math.Abs(g.First - g.Second) <= ofGradient * scale, $"gradient {key}: {g.Second} for {g.First}"));
                }
            sgd.Step();
            sgd.ZeroGrad();
        }
        var after = TensorFile.Read(Fixtures.Path("small/hrnetv2_seg.after5.pth")).Tensors;
        foreach (var (key, tensor) in weights.State)
            Assert.All(after[key].ToDoubles().Zip(tensor.ToArray<double>()), v => Assert.True(
                Math.Abs(v.First - v.Second) <= ofWeight * Math.Max(1, Math.Abs(v.First)),
                $"{key} after five steps: {v.Second} for {v.First}"));
    }

    [Fact]
    public void What_does_not_fit_is_named()
    {
        var definition = Zoo.Define(Reduced);
        string Message(Action act) => Assert.Throws<CheckpointException>(act).Message;
        var pth = Fixtures.Path("small/hrnetv2_seg.pth");
        Assert.Contains("last_layer.3.weight: has shape [5, 120, 1, 1], the network wants [6, 120, 1, 1]: the checkpoint is for 5 "
            + "classes", Message(() => Importer.Import(pth, definition, Reduced, 6, At("x"), false)), StringComparison.Ordinal);
        Assert.Contains("layer1.0.conv1.weight", Message(() => Importer.Import(
            pth, Zoo.Find("hrnetv2-w18"), new ModelRecipe { Name = "hrnetv2-w18" }, 5, At("x"), false)), StringComparison.Ordinal);
        Assert.Contains("none of its", Message(
            () => Importer.Import(Fixtures.Path("small/psa_p.pth"), definition, Reduced, 5, At("x"), false)), StringComparison.Ordinal);
        Assert.False(File.Exists(At("x")));
        var skipped = Importer.Import(pth, definition, Reduced, 6, At("y"), skipMismatched: true);
        Assert.Equal(["last_layer.3.weight", "last_layer.3.bias"], skipped.Mismatched);

        File.WriteAllBytes(At("cut"), File.ReadAllBytes(At("y"))[..^100]);
        Assert.Contains(At("cut"), Message(() => TensorFile.Read(At("cut"))), StringComparison.Ordinal);
        Assert.Contains("holds no output", Message(() => Fixture.Read(At("y"))), StringComparison.Ordinal);
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    string At(string name) => Path.Combine(folder, name);
}
