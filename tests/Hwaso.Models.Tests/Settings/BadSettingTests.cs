using Hwaso.Models.Networks;
using Hwaso.Recipes;

namespace Hwaso.Models.Tests.Settings;

/// <summary>
/// A recipe's model section that describes no network: the error says where, what was given, what was wanted and what to do.
/// </summary>
public sealed class BadSettingTests
{
    [Theory]
    // Keys.
    [InlineData("name: hrnetv2-w18\n  stage3: {moduls: 1}", "3: model.stage3.moduls: unknown key; did you mean 'modules'?")]
    [InlineData("name: hrnetv2-w18\n  bn_momentun: 1", "3: model.bn_momentun: unknown key; did you mean 'bn_momentum'?")]
    [InlineData("name: hrnetv2-w18\n  kernel: 1", "3: model.kernel: unknown key; did you mean 'model.attention.kernel'?")]
    [InlineData("name: hrnetv2-w18\n  batch: 1", "3: model.batch: unknown key; did you mean 'train.batch'?")]
    [InlineData("name: dinov2-vits14\n  zzzzz: 1",
        "3: model.zzzzz: unknown key; model has transformer, depth_head, name, family, classes, in_channels, init, pretrained, "
            + "pretrained_key, skip_mismatched, first_convolution")]
    [InlineData("name: hrnetv2-w18\n  stge2: {blocks: [1, 1]}\n  stage3: {blocks: 1}",
        "3: model.stge2: unknown key; did you mean 'stage2'?")]
    [InlineData("name: hrnetv2-w18\n  sanett: {pool: 3}", "3: model.sanett: unknown key; did you mean 'sanet'?")]
    [InlineData("name: unet-resnet50\n  unet: {depth_channels: [1, 2, 3, 4, 5]}",
        "3: model.unet.depth_channels: does not belong to unet-resnet50 (unet-resnet-multidecoder has it); remove it, or change the "
        + "network")]
    [InlineData("family: dinov2\n  resnet: {blocks: [1, 1, 1, 1]}",
        "3: model.resnet: does not belong to dinov2 (resnet, fasterrcnn-resnet-fpn, maskrcnn-resnet-fpn, fcn-resnet, "
        + "deeplabv3-resnet, unet-resnet, unet-resnet-multidecoder, sanet-resnet have it); remove it, or change the network")]
    [InlineData("family: hrnetv2p\n  classes: 3",
        "3: model.classes: does not belong to hrnetv2p (hrnetv2, hrnetv2-ocr, hrnet-pose, faster-rcnn-hrnetv2p, "
        + "mask-rcnn-hrnetv2p, hrnet-cls, resnet, fasterrcnn-resnet-fpn, maskrcnn-resnet-fpn, fcn-resnet, "
        + "deeplabv3-resnet, efficientnet, unet-resnet, "
        + "unet-resnet-multidecoder, fpn, linknet, pan, manet, unetplusplus, smp-pspnet, smp-deeplabv3, smp-deeplabv3plus, smp-upernet, "
        + "smp-segformer, unet, sanet-resnet, sanet-efficientnet, segformer, "
        + "deeplabv3plus, pspnet, upernet, ddrnet, pidnet, bisenetv2, stdc, lraspp, eomt, mask2former have it); remove "
        + "it, or change the network")]
    // Missing.
    [InlineData("family: hrnetv2\n  stage2: {blocks: [1, 1], channels: [8, 16]}",
        "1: model.stage3: missing; wants blocks and channels, because 'family' names no sizes")]
    [InlineData("name: hrnetv2-w18\n  stage2: {blocks: [1, 1]}",
        "3: model.stage2.channels: missing; wants a list of 2, one for each branch")]
    [InlineData("family: dinov2\n  transformer: {width: 8, depth: 4}",
        "3: model.transformer.heads: missing; wants a number of attention heads, because 'family' names no sizes")]
    [InlineData("family: efficientnet\n  efficientnet: {expand: [1]}",
        "3: model.efficientnet.expand, kernels, strides, channels, layers: missing; wants each a list with a value a stage, because "
        + "'family' names no sizes")]
    // Types, ranges and names.
    [InlineData("name: hrnetv2-w18\n  stage2: {blocks: [2], channels: [8, 16]}", "3: model.stage2.blocks: wants a list of 2, not 1")]
    [InlineData("name: hrnetv2-w18\n  final_kernel: 2", "3: model.final_kernel: 2 is none of 1, 3")]
    [InlineData("name: efficientnet-b0\n  efficientnet: {kernels: [3, 3]}",
        "3: model.efficientnet.kernels: 2 values for 7 stages; one a stage was wanted")]
    [InlineData("name: hrnetv2-w18\n  attention: psa-spatal",
        "3: model.attention: 'psa-spatal' is none of none, psa-spatial, psa-p, psa-s, dca, se, psa-p-channel, psa-s-channel, "
        + "psa-p-spatial, psa-s-spatial; did you mean 'psa-spatial'?")]
    // Contradictions.
    [InlineData("name: hrnetv2-w18+psa-p\n  attention: psa-s",
        "3: model.attention: the network's name already says psa-p; remove one of the two")]
    [InlineData("name: hrnetv2-w18+psa-p\n  attention: {name: psa-s}",
        "3: model.attention: the network's name already says psa-p; remove one of the two")]
    [InlineData("name: hrnetv2-w18\n  attention: {place: end}",
        "3: model.attention.name: missing; wants one of psa-spatial, psa-p, psa-s, dca, se, psa-p-channel, psa-s-channel, "
        + "psa-p-spatial, psa-s-spatial, because the network has none of its own")]
    [InlineData("name: hrnetv2-w18\n  attention: {name: dca, kernel: 2}",
        "3: model.attention.kernel: 2 is even; wants an odd number such as 1 or 3")]
    [InlineData("name: hrnetv2-w18\n  attention: {name: none, kernel: 3}",
        "3: model.attention.kernel: belongs to dca, not to none; remove it, or change the name")]
    [InlineData("name: hrnetv2-w18\n  attention: {name: se, kernel: 3}",
        "3: model.attention.kernel: belongs to dca, not to se; remove it, or change the name")]
    [InlineData("name: hrnetv2-w18\n  attention: {name: dca, place: start}", "3: model.attention.place: 'start' is none of between, end")]
    [InlineData("name: dinov2-vits14-depth-dpt\n  depth_head: {bins: 9}",
        "3: model.depth_head.bins: belongs to linear or linear4, not to dpt; remove it, or change the name")]
    public void A_key_that_does_not_fit_the_network_is_refused_with_its_place(string model, string message) =>
        Assert.Equal($"x.yaml:{message}",
            Assert.Throws<RecipeException>(() => Zoo.Define(RecipeFile.Read($"model:\n  {model}", "x.yaml").Model)).Message);

    [Fact]
    public void A_setting_of_the_command_line_is_quoted_when_the_network_does_not_have_it()
    {
        var error = Assert.Throws<RecipeException>(() => Zoo.Define(RecipeFile.Read("model: {name: hrnetv2-w18}", "x.yaml",
            "model.stge2.blocks=[1, 1]").Model));
        Assert.Equal("--set model.stge2.blocks=[1, 1]: model.stge2: unknown key; did you mean 'stage2'?", error.Message);
    }

    [Theory]
    [InlineData("hrnetv2-w19", "'hrnetv2-w19' is no model's name; near ones: hrnetv2-w18")]
    public void An_unknown_name_is_refused_with_near_ones(string name, string message) =>
        Assert.StartsWith(message, Assert.Throws<ArgumentException>(() => Zoo.Define(new ModelRecipe { Name = name })).Message,
            StringComparison.Ordinal);

    [Fact]
    public void An_unknown_family_is_refused_with_the_known_ones() => Assert.Equal(
        "family 'hrnetv3' is not known; did you mean 'hrnetv2'?; hrnetv2, hrnetv2-ocr, hrnet-pose, hrnetv2p, "
        + "faster-rcnn-hrnetv2p, mask-rcnn-hrnetv2p, hrnet-cls, resnet, fasterrcnn-resnet-fpn, maskrcnn-resnet-fpn, "
        + "fcn-resnet, deeplabv3-resnet, efficientnet, "
        + "efficientnet-features, unet-resnet, unet-resnet-multidecoder, "
        + "fpn, linknet, pan, manet, unetplusplus, smp-pspnet, smp-deeplabv3, smp-deeplabv3plus, smp-upernet, "
        + "smp-segformer, unet, sanet-resnet, sanet-efficientnet, segformer, "
        + "deeplabv3plus, pspnet, upernet, ddrnet, pidnet, bisenetv2, stdc, lraspp, eomt, mask2former, dinov2 or dinov3 was wanted",
        Assert.Throws<ArgumentException>(() => Zoo.Define(new ModelRecipe { Family = "hrnetv3" })).Message);
}
