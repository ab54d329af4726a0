using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Tasks.Segmentation;

namespace Hwaso.Training.Tests.Tasks.Segmentation;

/// <summary>What each kind of network learns from, by its recipe.</summary>
public sealed class ObjectiveTests : TensorTest
{
    const int Classes = 4;

    const string Tiny = "resnet: {blocks: [1, 1, 1, 1], block: basic, widths: [8, 8, 16, 16], stem_channels: 8}";

    const string Ocr = "family: hrnetv2-ocr, stage1: {blocks: 1, channels: 8}, stage2: {blocks: [1, 1], channels: [8, 16]}, "
        + "stage3: {blocks: [1, 1, 1], channels: [8, 16, 32]}, stage4: {blocks: [1, 1, 1, 1], channels: [8, 16, 32, 64]}, "
        + "ocr: {channels: 16, key_channels: 8}, init: kaiming";

    public static TheoryData<string> Networks =>
    [
        $"family: fcn-resnet, {Tiny}", $"family: deeplabv3-resnet, {Tiny}, aspp: {{channels: 8}}", $"family: sanet-resnet, {Tiny}", Ocr,
        $"family: unet-resnet, {Tiny}", Decoders,
    ];

    const string Decoders = $"family: unet-resnet-multidecoder, {Tiny}", DepthOf = ", depth: folder";

    [Theory]
    [MemberData(nameof(Networks))]
    public void Every_weight_learns(string model)
    {
        using var scope = new Scope();
        using var run = new Trial(model, "name: cross_entropy", model == Decoders ? DepthOf : "");
        run.Loss().Backward();
        foreach (var (name, parameter) in run.Net.Weights.Parameters)
            Assert.True(parameter.Grad is not null, $"{name} learns nothing");
    }

    [Theory]
    [InlineData("", 0.5)]
    [InlineData("heads: {auxiliary: 0.2}", 0.2)]
    public void An_auxiliary_head_adds_its_share_of_plain_cross_entropy(string heads, double weight)
    {
        using var scope = new Scope();
        using var run = new Trial($"family: fcn-resnet, {Tiny}", $"name: focal\n  {heads}");
        var outputs = run.Outputs();
        using var focal = new Focal();
        using var entropy = new CrossEntropy();
        // float32 sums of some hundred pixels, in the same order.
        var wanted = focal.Of(outputs[1], run.Labels).Item() + weight * entropy.Of(outputs[0], run.Labels).Item();
        Assert.Equal(wanted, run.LossOf(outputs).Item(), 1e-6);
    }

    [Fact]
    public void An_OCR_network_weighs_its_auxiliary_head_as_published()
    {
        using var scope = new Scope();
        using var run = new Trial(Ocr, "name: cross_entropy");
        var outputs = run.Outputs();
        using var entropy = new CrossEntropy(alignCorners: true);
        var wanted = entropy.Of(outputs[1], run.Labels).Item() + 0.4 * entropy.Of(outputs[0], run.Labels).Item();
        Assert.Equal(wanted, run.LossOf(outputs).Item(), 1e-6);
    }

    [Theory]
    [InlineData("", 0.2, 0.8)]
    [InlineData("heads: {categorical: 0.5, dense: 2}", 0.5, 2)]
    public void A_SANet_learns_from_masks_presence_and_answer(string heads, double alpha, double beta)
    {
        using var scope = new Scope();
        using var run = new Trial($"family: sanet-resnet, {Tiny}", $"name: cross_entropy\n  {heads}");
        var outputs = run.Outputs();
        using var entropy = new CrossEntropy();
        var presence = new ClassPresence().Of(outputs[1], run.Labels).Item();
        var (masks, answer) = (entropy.Of(outputs[0], run.Labels).Item(), entropy.Of(outputs[2], run.Labels).Item());
        var wanted = masks + alpha * presence + beta * answer;
        Assert.Equal(wanted, run.LossOf(outputs).Item(), 1e-6);
    }

    [Theory]
    [InlineData("", 0.85, 0.15)]
    [InlineData("heads: {semantic: 1, depth: 0.5}", 1, 0.5)]
    public void Two_decoders_learn_from_labels_and_depth(string heads, double semantic, double depth)
    {
        using var scope = new Scope();
        using var run = new Trial(Decoders, $"name: focal\n  {heads}", DepthOf);
        var outputs = run.Outputs();
        using var focal = new Focal();
        var wanted = semantic * focal.Of(outputs[1], run.Labels).Item() + depth * new MaskedSquaredError().Of(outputs[0], run.Depth).Item();
        Assert.Equal(wanted, run.LossOf(outputs).Item(), 1e-6);
    }

    [Theory]
    [InlineData(Decoders, "ignore_index: 255", "", @"^x\.yaml:\d+: data: names no depth for the depth decoder to learn")]
    [InlineData($"family: unet-resnet, {Tiny}", "ignore_index: 255", DepthOf, @"^x\.yaml:\d+: data\.depth: is not learned by unet-resnet")]
    [InlineData(
        $"family: unet-resnet, {Tiny}", "heads: {depth: 1}", "",
        @"^x\.yaml:\d+: loss\.heads\.depth: weighs what unet-resnet does not have, a decoder beside another")]
    [InlineData(Decoders, "heads: {auxiliary: 1}", DepthOf, @"^x\.yaml:\d+: loss\.heads\.auxiliary: weighs what")]
    [InlineData(Decoders, "heads: {semantic: 0, depth: 0}", DepthOf, @"^x\.yaml:\d+: loss\.heads: both decoders' weights are 0")]
    public void Depth_and_decoders_that_do_not_fit_each_other_are_errors(string model, string loss, string data, string message) =>
        Assert.Matches(message, Assert.Throws<RecipeException>(() => new Trial(model, loss, data)).Message);

    [Fact]
    public void A_head_of_weight_zero_is_not_asked()
    {
        using var scope = new Scope();
        using var run = new Trial($"family: fcn-resnet, {Tiny}", "heads: {auxiliary: 0}");
        Assert.Single(run.Outputs());
        run.Loss().Backward();
        Assert.Null(run.Net.Weights["aux_classifier.0.weight"].Grad);
    }

    [Theory]
    [InlineData("family: sanet-resnet", "auxiliary", "an auxiliary head")]
    [InlineData("family: fcn-resnet, fcn: {auxiliary: false}", "auxiliary", "an auxiliary head")]
    [InlineData("family: fcn-resnet", "categorical", "a categorical output")]
    [InlineData("family: unet-resnet", "dense", "a dense loss")]
    public void A_weight_for_a_head_that_is_not_there_is_an_error_with_its_line(string family, string head, string what)
    {
        var error = Assert.Throws<RecipeException>(() => new Trial($"{family}, {Tiny}", $"ignore_index: 255\n  heads:\n    {head}: 0.4"));
        Assert.Matches($@"^x\.yaml:\d+: loss\.heads\.{head}: weighs what [a-z-]+ does not have, {what}", error.Message);
    }

    /// <summary>A small network of a recipe, and two images with labels.</summary>
    sealed class Trial : IDisposable
    {
        readonly Weights weights = Weights.Create();
        readonly ISegmentationObjective objective;

        public Trial(string model, string loss, string data = "")
        {
            var file = RecipeFile.Read($$"""
                model: { classes: {{Classes}}, {{model}} }
                data: { layout: any{{data}} }
                augment: {crop: [64, 64]}
                train: {epochs: 1, batch: 1, optimizer: {learning_rate: 1} }
                loss:
                  {{loss}}
                """, "x.yaml");
            RandomState.Seed(3);
            Net = Zoo.DefineSegmentation(file.Model).Build(weights, Classes);
            InitialValues.Set(Net, file.Model.Init);
            try
            {
                objective = ObjectiveFactory.Of(Net, file.Recipe.Loss, file);
            }
            catch
            {
                weights.Dispose();
                throw;
            }
            var pixels = Enumerable.Range(0, 2 * 64 * 64);
            Labels = Tensor.From(pixels.Select(i => i % 11 == 0 ? 255L : i / 32 % Classes).ToArray(), 2, 64, 64).Own();
            Depth = Tensor.From(pixels.Select(i => i % 5 == 0 ? float.NaN : i % 100 / 100f).ToArray(), 2, 64, 64).Own();
        }

        public SegmentationNet Net { get; }

        public Tensor Labels { get; }

        public Tensor Depth { get; }

        public Tensor[] Outputs() => objective.Forward(Tensor.Randn([2, 3, 64, 64]));

        public Tensor LossOf(Tensor[] outputs) => objective.Loss(outputs, new Targets(Labels, Depth));

        public Tensor Loss() => LossOf(Outputs());

        public void Dispose()
        {
            Labels.Dispose();
            Depth.Dispose();
            objective.Dispose();
            weights.Dispose();
        }
    }
}
