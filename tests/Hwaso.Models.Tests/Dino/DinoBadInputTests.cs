using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Models.Tests.Dino;

/// <summary>What does not fit is refused with where, what was given and what would fit.</summary>
public sealed class DinoBadInputTests : TensorTest
{
    static readonly DinoConfig reduced = new() { Width = 48, Depth = 4, Heads = 4, ImagePx = 70 };

    [Theory]
    [InlineData(new long[] { 1, 3, 0, 28 }, "an image of 0×28 pixels; sides of at least 1 were wanted")]
    [InlineData(new long[] { 1, 3, 28, 0 }, "an image of 28×0 pixels")]
    [InlineData(new long[] { 1, 4, 28, 28 }, "float32[1, 4, 28, 28] was given; colour images [N, 3, H, W] were wanted")]
    [InlineData(new long[] { 3, 28, 28 }, "float32[3, 28, 28] was given")]
    public void An_image_that_is_none_is_refused(long[] shape, string message)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var net = new DinoDepth(weights, reduced, new LinearDepthHead());
        var error = Assert.ThrowsAny<Exception>(() => Tensor.Zeros(shape).Apply(net));
        Assert.Contains($"backbone: {message}", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<DinoConfig, string> BadConfigs => new()
    {
        { reduced with { Heads = 5 }, "5 heads do not divide a width of 48; 4 would" },
        { reduced with { Depth = 0 }, "depth 0; at least 1 was wanted" },
        { reduced with { ImagePx = 13 }, "images of 13 pixels; at least one patch of 14 was wanted" },
        { reduced with { Registers = -1 }, "registers -1; at least 0 was wanted" },
        { reduced with { InterpolateOffset = double.NaN }, "interpolation offset NaN" },
        { reduced with { Taps = [0, 1, 2, 4] }, "taps 0, 1, 2, 4; four rising numbers from 0 to 3 were wanted" },
    };

    [Theory]
    [MemberData(nameof(BadConfigs))]
    public void Numbers_that_do_not_fit_are_refused(DinoConfig config, string message) =>
        Refused(message, w => new DinoVisionTransformer(w, config));

    public static TheoryData<DinoConfig, DepthHead, string> BadHeads => new()
    {
        { reduced with { Depth = 3 }, new DptDepthHead(), "3 blocks; a head over four wants at least 4" },
        { reduced, new LinearDepthHead { Layers = 2 }, "decode_head: a linear head over 2 layers; 1 or 4 was wanted" },
        { reduced, new LinearDepthHead { Bins = 1 }, "decode_head: 1 bins of depth; at least 2 were wanted" },
        { reduced, new LinearDepthHead { MaxDepth = 0 }, "decode_head: depths from 0.001 to 0 m" },
        { reduced, new DptDepthHead { MaxDepth = double.NaN }, "decode_head: depths from 0.001 to NaN m" },
        { reduced, new DptDepthHead { Channels = 15 }, "decode_head: 15 channels; an even number was wanted" },
        { reduced with { Width = 44 }, new DptDepthHead(), "decode_head: a width of 44; a multiple of 8 was wanted" },
    };

    [Theory]
    [MemberData(nameof(BadHeads))]
    public void A_head_that_does_not_fit_is_refused(DinoConfig config, DepthHead head, string message) =>
        Refused(message, w => new DinoDepth(w, config, head));

    [Fact]
    public void Blocks_that_are_not_there_are_refused()
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var net = new DinoVisionTransformer(weights, reduced);
        var image = Tensor.Zeros([1, 3, 28, 28]);
        Assert.Contains("the last 5 blocks; 1 to 4 were wanted",
            Assert.Throws<ArgumentException>(() => net.IntermediateLayers(image, last: 5)).Message, StringComparison.Ordinal);
        Assert.Contains("blocks [2, 1]; rising numbers from 0 to 3 were wanted",
            Assert.Throws<ArgumentException>(() => net.IntermediateLayers(image, [2, 1])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => net.IntermediateLayers(image, []));
    }

    static void Refused(string message, Func<Weights, Net> build)
    {
        using var weights = Weights.Create(initialise: false);
        Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(() => build(weights)).Message, StringComparison.Ordinal);
    }
}
