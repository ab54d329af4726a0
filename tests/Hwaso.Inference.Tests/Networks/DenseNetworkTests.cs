using Hwaso.Checkpoints;
using Hwaso.Inference.Networks;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Inference.Tests.Networks;

/// <summary>Networks on ResNets and EfficientNets by recipe: import, verify, and what becomes of parts that only training uses.</summary>
public sealed class DenseNetworkTests : TensorTest
{
    // As VerifierTests: what PyTorch itself differs by between thread counts.
    const double Tolerance = 1e-5;

    const string Tiny = "  resnet: {blocks: [1, 1, 1, 1], block: basic, widths: [8, 8, 16, 16], stem_channels: 8}\n";

    const string EfficientNet = """
        model:
          family: efficientnet
          classes: 7
          efficientnet:
            stem_channels: 8
            expand: [1, 6, 6, 6, 6, 6, 6]
            kernels: [3, 3, 5, 3, 5, 5, 3]
            strides: [1, 2, 2, 2, 1, 2, 1]
            channels: [8, 8, 16, 24, 32, 48, 80]
            layers: [1, 1, 1, 2, 2, 2, 1]
        """;

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-dense").FullName;

    [Fact]
    public void A_reduced_EfficientNet_answers_as_the_official_one_after_import()
    {
        var recipe = RecipeFile.Read(EfficientNet, "efficientnet.yaml").Model;
        var definition = Zoo.Define(recipe);
        var report = Importer.Import(Fixtures.Path("small/efficientnet_small.pth"), definition, recipe, 7, At("in"), skipMismatched: false);
        Assert.Equal((228, 0, 0), (report.Loaded.Count, report.Missing.Count, report.Unexpected.Count));
        var error = Assert.Single(
            Verifier.Verify(definition, At("in"), Fixture.Read(Fixtures.Path("small/efficientnet_small.safetensors")), null));
        Assert.Equal("output_logits", error.Name);
        Assert.InRange(error.Relative, 0, Tolerance);
    }

    [Fact]
    public void Every_feature_map_of_a_reduced_EfficientNet_is_the_official_one()
    {
        using var scope = new Scope();
        using var off = new Torch.Autograd.NoGrad();
        using var weights = Weights.Create(initialise: false);
        var definition = (EfficientNetDefinition)Zoo.Define(RecipeFile.Read(EfficientNet, "efficientnet.yaml").Model);
        var net = (EfficientNetFeatures)(definition with { FeaturesOnly = true }).Build(weights, 0);
        var state = TensorFile.Read(Fixtures.Path("small/efficientnet_small.pth")).Tensors;
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(state[$"features.{key}"]);
        net.Eval();
        var recorded = TensorFile.Read(Fixtures.Path("small/efficientnet_small.safetensors")).Tensors;
        var maps = net.Outputs(Tensor.From(recorded["input"]));
        Assert.Equal(9, maps.Length);
        for (var k = 0; k < maps.Length; k++)
            AssertClose(recorded[$"feature_{k}_output"].ToFloats(), maps[k].ToArray<float>(), Tolerance, $"feature {k}");
    }

    [Fact]
    public void Outputs_are_compared_by_name_and_at_the_size_they_were_stored_at()
    {
        // Its own answers, recorded: that the verifier asks for the right ones and resizes as the network does, here with corners aligned.
        var recipe =
            RecipeFile.Read($"model:\n  family: fcn-resnet\n  align_corners: true\n  fcn: {{names: encoding}}\n{Tiny}",
            "encoding.yaml").Model;
        var definition = Zoo.DefineSegmentation(recipe);
        using (new Scope())
        using (new Torch.Autograd.NoGrad())
        {
            using var weights = Weights.Create();
            var net = definition.Build(weights, 5);
            net.InitialiseAsPublished();
            Assert.Equal(["pretrained", "head", "auxlayer"], weights.State.Select(s => s.Key.Split('.')[0]).Distinct());
            WeightFile.Save(At("encoding"), weights, new Dictionary<string, string>());
            net.Eval();
            var x = Tensor.Randn([1, 3, 40, 56]);
            var outputs = ((ISeveralOutputs)net).Outputs(x);
            var resized = outputs[1].ResizeBilinear(40, 56, alignCorners: true).ToArray<float>();
            var part = Tensor.From(resized.Where((_, k) => k % 7 == 0).ToArray());
            SafeTensors.Write(At("own"), [new("input", x.ToHost()), new("output__flat_stride_7", part.ToHost()),
                new("output_aux", outputs[0].ToHost())], new Dictionary<string, string>());
        }
        var errors = Verifier.Verify(definition, At("encoding"), Fixture.Read(At("own")), null);
        Assert.Equal(["output__flat_stride_7", "output_aux"], errors.Select(e => e.Name).Order());
        Assert.All(errors, e => Assert.InRange(e.Relative, 0, Tolerance));
    }

    [Theory]
    [InlineData("fcn-resnet", "aux_classifier")]
    [InlineData("deeplabv3-resnet", "aux_classifier")]
    [InlineData("unet-resnet-multidecoder", "depth_decoder", "depth_head")]
    public void Training_parts_are_taken_in_where_they_are_and_not_missed_where_not_and_prediction_drops_them(
        string family, params string[] parts)
    {
        var (recipe, definition) = Read(family);
        using (var weights = Weights.Create())
        {
            definition.Build(weights, 5);
            WeightFile.Save(At("whole"), weights, new Dictionary<string, string>());
        }
        using (var weights = Weights.Create())
        {
            definition.Deployed().Build(weights, 5);
            WeightFile.Save(At("plain"), weights, new Dictionary<string, string>());
        }
        foreach (var source in new[] { "whole", "plain" })
        {
            var report = Importer.Import(At(source), definition, recipe, 5, At($"{source}-in"), skipMismatched: false);
            Assert.Empty(report.Missing);
            Assert.Empty(report.Unexpected);
            var kept = TensorFile.Read(At($"{source}-in")).Tensors.Keys.Select(k => k.Split('.')[0]).Distinct();
            Assert.Equal(source == "whole" ? parts : [], kept.Intersect(parts));
            using var network = LoadedModel.Open(At($"{source}-in"), Device.Cpu);
            Assert.DoesNotContain(network.Net.Weights.State, s => parts.Contains(s.Key.Split('.')[0]));
        }
        // Without what only training uses it answers the same.
        using var scope = new Scope();
        using var off = new Torch.Autograd.NoGrad();
        using var all = Weights.Create(initialise: false);
        var whole = definition.Build(all, 5);
        WeightFile.Load(all, TensorFile.Read(At("whole")));
        whole.Eval();
        using var deployed = LoadedModel.Open(At("whole-in"), Device.Cpu);
        var x = Tensor.Randn([1, 3, 64, 96]);
        // The opened one lies channels last in memory: other orders of the same sums.
        AssertClose(whole.Call(x).ToArray<float>(), deployed.Net.Call(x).ToArray<float>(), Tolerance);
    }

    [Fact]
    public void Official_parts_load_unchanged_into_networks_with_more()
    {
        var fcn = Save("fcn-resnet");
        var (recipe, sanet) = Read("sanet-resnet");
        var report = Importer.Import(fcn, sanet, recipe, 5, At("sanet"), skipMismatched: false);
        Assert.Equal(["sa_heads"], report.Missing.Select(k => k.Split('.')[0]).Distinct());
        Assert.Equal(["aux_classifier"], report.Unexpected.Select(k => k.Split('.')[0]).Distinct());
        // ImageNet's ResNet has no name for its body.
        var classifier = Save("resnet");
        var (unetRecipe, unet) = Read("unet-resnet");
        report = Importer.Import(classifier, unet, unetRecipe, 5, At("unet"), skipMismatched: false);
        Assert.Equal(["decoder", "segmentation_head"], report.Missing.Select(k => k.Split('.')[0]).Distinct());
        Assert.Equal(["fc.weight", "fc.bias"], report.Unexpected);
    }

    [Fact]
    public void Weights_that_a_file_lacks_are_the_same_in_every_import()
    {
        var file = Save("unet-resnet");
        var wide = Tiny.Replace("widths: [8, 8, 16, 16]", "widths: [8, 8, 16, 24]", StringComparison.Ordinal);
        var recipe = RecipeFile.Read($"model:\n  family: unet-resnet\n{wide}", "wide.yaml").Model;
        string Import(string name)
        {
            Importer.Import(file, Zoo.Define(recipe), recipe, 5, At(name), skipMismatched: true);
            return Convert.ToHexString(File.ReadAllBytes(At(name)));
        }
        var first = Import("first");
        RandomState.Seed(99);
        Assert.Equal(first, Import("second"));
    }

    [Fact]
    public void A_checkpoint_of_another_width_says_which_tensor_differs_and_how()
    {
        var file = Save("unet-resnet");
        var wide = Tiny.Replace("widths: [8, 8, 16, 16]", "widths: [8, 8, 16, 24]", StringComparison.Ordinal);
        var recipe = RecipeFile.Read($"model:\n  family: unet-resnet\n{wide}", "wide.yaml").Model;
        var message =
            Assert.Throws<CheckpointException>(() => Importer.Import(file, Zoo.Define(recipe), recipe, 5, At("x"), false)).Message;
        Assert.Contains("encoder.layer4.0.conv1.weight: has shape [16, 16, 3, 3], the network wants [24, 16, 3, 3], and ", message,
            StringComparison.Ordinal);
        Assert.Contains("is the checkpoint of another width?", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("  name: unet-resnet50\n  unet: {channels: [8, 8]}\n", "model.unet.channels: wants a list of 5, not 2")]
    [InlineData("  family: unet-resnet\n", "model.resnet.blocks: missing; wants a list of 4")]
    [InlineData("  family: efficientnet\n  efficientnet: {expand: [1]}\n", "model.efficientnet.expand, kernels, strides, channels, "
        + "layers: missing")]
    [InlineData("  family: fcn-resnet\n  sanet: {pool: 2}\n", "model.sanet: does not belong to fcn-resnet")]
    [InlineData("  name: sanet-resnet50\n  sanet: {activation: tanh}\n", "model.sanet.activation: 'tanh' is none of sigmoid, relu, none")]
    [InlineData("  name: fcn-resnet50\n  resnet: {output_stride: 12}\n", "model.resnet.output_stride: 12 is none of 8, 16, 32")]
    public void A_key_that_does_not_fit_is_refused_with_its_place(string model, string message) =>
        Assert.Contains(message,
            Assert.Throws<RecipeException>(() => Zoo.Define(RecipeFile.Read($"model:\n{model}", "x.yaml").Model)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("  name: efficientnet-b0\n  efficientnet: {kernels: [3, 3, 4, 3, 5, 5, 3]}\n",
        "x.yaml:3: model.efficientnet.kernels: efficientnet, stage 3: a kernel of 4; an odd number was wanted")]
    [InlineData("  name: efficientnet-b0\n  efficientnet:\n    stem_channels: 8\n    strides: [1, 2, 2, 3, 1, 2, 1]\n",
        "x.yaml:5: model.efficientnet.strides: efficientnet, stage 4: a stride of 3; 1 or 2 was wanted")]
    [InlineData("  name: sanet-resnet50\n  fcn: {auxiliary: true}\n", "x.yaml:3: model.fcn.auxiliary: ")]
    [InlineData("  name: dinov2-vits14\n  transformer:\n    heads: 5\n", "x.yaml:4: model.transformer.heads: vision transformer: 5 heads")]
    [InlineData("  name: dinov2-vits14\n  transformer:\n    width: 385\n",
        "x.yaml:3: model.transformer.heads: vision transformer: 6 heads")]
    [InlineData("  name: dinov2-vits14\n  transformer:\n    taps: [3, 2, 1, 0]\n",
        "x.yaml:4: model.transformer.taps: vision transformer: taps 3")]
    [InlineData("  name: dinov2-vits14-depth-linear\n  depth_head:\n    min_depth: 3\n    max_depth: 2\n",
        "x.yaml:5: model.depth_head.max_depth: depth_head: depths from 3 to 2 m")]
    public void Numbers_that_do_not_fit_each_other_are_refused_with_their_place(string model, string message) =>
        Assert.Contains(message,
            Assert.Throws<RecipeException>(() => Zoo.Define(RecipeFile.Read($"model:\n{model}", "x.yaml").Model)).Message,
            StringComparison.Ordinal);

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    static (ModelRecipe Recipe, ModelDefinition Definition) Read(string family)
    {
        var recipe = RecipeFile.Read($"model:\n  family: {family}\n{Tiny}", "tiny.yaml").Model;
        return (recipe, Zoo.Define(recipe));
    }

    string Save(string family)
    {
        using var weights = Weights.Create();
        Read(family).Definition.Build(weights, 5);
        WeightFile.Save(At(family), weights, new Dictionary<string, string>());
        return At(family);
    }

    string At(string name) => Path.Combine(folder, name);
}
