namespace Hwaso.Cli.Tests;

/// <summary>Staged recipes that cannot be trained: refused by the command before anything is made, with the line.</summary>
[Collection(WorkshopTests.Name)]
public sealed class BadStageTests(Workshop shop)
{
    const string Staged = """
        name: staged
        model:
          family: unet-resnet-multidecoder
          resnet: {blocks: [1, 1, 1, 1], block: basic, widths: [8, 8, 16, 16], stem_channels: 8}
          unet: {channels: [16, 16, 8, 8, 8]}
        data: {layout: cityscapes, depth: disparity}
        augment: {crop: [32, 64]}
        train: {batch: 4, optimizer: {name: adam, learning_rate: 0.001}}
        stages:
          - {name: depth, epochs: 1, learn: [encoder, depth]}
          - {name: semantic, epochs: 1, learn: [semantic], copy: depth_to_semantic}
          - {name: both, epochs: 1, learn: [encoder, semantic, depth]}
        loss: {name: focal}
        """;

    [Theory]
    // A stage that trains nothing.
    [InlineData("learn: [semantic]", "learn: []", ":11: stages[1].learn: is empty: the stage would train nothing")]
    [InlineData("learn: [semantic]", "learn: [semantic], semantic_weight: 0", ":11: stages[1].semantic_weight: is 0, but the semantic "
        + "decoder is to learn from it")]
    [InlineData("learn: [semantic]", "learn: [encoder], semantic_weight: 0, depth_weight: 0", ":11: stages[1]: both weights are 0: the "
        + "stage would train nothing")]
    [InlineData("learn: [semantic]", "learn: [semantic], depth_weight: 0.5", ":11: stages[1].depth_weight: above 0, but neither the "
        + "encoder nor the depth decoder learns")]
    // Copies between decoders of different shapes.
    [InlineData("[16, 16, 8, 8, 8]", "[16, 16, 8, 8, 8], depth_channels: [16, 16, 8, 8, 4]", ":11: stages[1].copy: the decoders are of "
        + "different shapes: decoder.blocks.4.conv1.0.weight is [8, 8, 3, 3], in the depth decoder [4, 8, 3, 3]")]
    [InlineData("copy: depth_to_semantic", "copy: encoder_to_depth", ":11: stages[1].copy: 'encoder_to_depth' is none of none, "
        + "depth_to_semantic, semantic_to_depth")]
    // Loss weights that do not fit the heads.
    [InlineData("{name: focal}", "{name: focal, heads: {auxiliary: 0.4}}", ":13: loss.heads.auxiliary: weighs what "
        + "unet-resnet-multidecoder does not have")]
    [InlineData("{name: focal}", "{name: focal, heads: {depth: 0.4}}", ":13: loss.heads: excludes 'stages', which have weights of their "
        + "own")]
    [InlineData("unet-resnet-multidecoder", "unet-resnet", ":9: stages: are of networks with a semantic and a depth decoder")]
    // No depth.
    [InlineData(", depth: disparity", "", ":6: data: names no depth for the depth decoder to learn")]
    [InlineData("depth: disparity", "depth: nowhere", ":6: data.depth: no such folder: nowhere")]
    public void A_recipe_is_refused_before_anything_with_its_line(string instead, string of, string message)
    {
        var recipe = shop.At("bad-stages.yaml");
        Assert.Contains(instead, Staged, StringComparison.Ordinal);
        File.WriteAllText(recipe, Staged.Replace(instead, of, StringComparison.Ordinal));
        var line = CommandLine.Run("train", recipe, "--data", shop.Data, "--run",
            shop.At("bad-stages"), "--device", "cpu", "--threads", "1");
        Assert.Equal((2, ""), (line.Code, line.Output));
        Assert.Contains($"hwaso train: {recipe}{message}", line.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(shop.At("bad-stages/metrics.jsonl")));
        Assert.False(
            Directory.Exists(shop.At("bad-stages/checkpoints")) && Directory.EnumerateFiles(shop.At("bad-stages/checkpoints")).Any());
    }

    [Fact]
    public void Weights_of_another_size_to_begin_with_are_refused_with_tensor_and_line()
    {
        var recipe = shop.At("pretrained.yaml");
        File.WriteAllText(recipe, Staged.Replace("  unet:", $"  pretrained: '{shop.Checkpoint}'\n  unet:", StringComparison.Ordinal));
        var line = CommandLine.Run("train", recipe, "--data", shop.Data, "--run",
            shop.At("bad-stages"), "--device", "cpu", "--threads", "1");
        Assert.Equal(2, line.Code);
        Assert.Contains($"hwaso train: {recipe}:5: model.pretrained: {shop.Checkpoint}: ", line.Error, StringComparison.Ordinal);
    }
}
