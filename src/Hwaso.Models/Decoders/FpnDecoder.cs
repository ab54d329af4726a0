// Kirillov et al., "Panoptic feature pyramid networks", CVPR 2019, as segmentation_models.pytorch has it (decoders/fpn/decoder.py).
// Deviations: a level is brought to the next one's size, whatever it is; there, sides must be multiples of 32.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Decoders;

/// <summary>A feature pyramid whose levels are summed at a quarter of the image's size.</summary>
public sealed record FpnDecoder : PyramidDecoder
{
    static readonly Settings<PyramidDecoder> settings = Own(new Settings<FpnDecoder>()
        .Int("channels", d => d.Channels, (d, v) => d with { Channels = v }, 1,
            "channels of a decoder's features; 128 of `fpn`, 32 of `linknet` and `pan`, 512 of `smp-pspnet`, `pspnet`, `upernet` and "
            + "`deeplabv3plus`, 256 of the others")
        .Int("pyramid_channels", d => d.PyramidChannels, (d, v) => d with { PyramidChannels = v }, 1,
            "channels of every level of an FPN's pyramid; 256")
        .Number("dropout", d => d.Dropout, (d, v) => d with { Dropout = v }, 0,
            "probability with which a decoder drops a channel or an element; 0.2, 0.5 of `smp-deeplabv3` and `smp-deeplabv3plus`, "
            + "0.1 of `pspnet`, `upernet` and `deeplabv3plus`", max: 1));

    /// <summary>Channels of the sum; a multiple of 32, the groups of its norms.</summary>
    public int Channels { get; init; } = 128;

    /// <summary>Channels of every level.</summary>
    public int PyramidChannels { get; init; } = 256;

    /// <summary>Probability with which a channel of the sum is dropped, in training.</summary>
    public double Dropout { get; init; } = 0.2;

    /// <inheritdoc/>
    public override int OutputStride => 32;

    /// <inheritdoc/>
    public override int Depth { get; init; } = 5;

    /// <inheritdoc/>
    public override int HeadKernel => 1;

    /// <inheritdoc/>
    public override int Features => Channels;

    /// <inheritdoc/>
    public override Settings<PyramidDecoder> Settings => settings;

    /// <inheritdoc/>
    public override Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels) => new FpnDecoderNet(w, this, channels);
}

/// <summary>The pyramid from the coarsest level down, each level brought to a quarter of the image's size, and their sum.</summary>
sealed class FpnDecoderNet : Net<Tensor[], Tensor>
{
    const int Levels = 4;

    readonly Conv2d p5;
    readonly Conv2d[] skips;
    readonly ConvGroupNormRelu[][] seg_blocks;
    readonly Dropout2d dropout;

    public FpnDecoderNet(Weights w, FpnDecoder config, IReadOnlyList<int> channels) : base(w)
    {
        p5 = new(w / "p5", channels[^1], config.PyramidChannels, kernel: 1, bias: true);
        skips = [.. Enumerable.Range(1, Levels - 1).Select(k =>
            new Conv2d(w / $"p{5 - k}" / "skip_conv", channels[^(k + 1)], config.PyramidChannels, kernel: 1, bias: true))];
        // As often as a level is enlarged, but once at least.
        seg_blocks = [.. Enumerable.Range(0, Levels).Select(level => Enumerable.Range(0, Math.Max(Levels - 1 - level, 1)).Select(step =>
            new ConvGroupNormRelu(w / "seg_blocks" / level / "block" / step / "block",
                step == 0 ? config.PyramidChannels : config.Channels, config.Channels)).ToArray())];
        dropout = new(w / "dropout", config.Dropout);
    }

    protected override Tensor Forward(Tensor[] imageAndMaps)
    {
        var levels = new Tensor[Levels];
        levels[0] = imageAndMaps[^1].Apply(p5);
        for (var k = 1; k < Levels; k++)
        {
            var skip = imageAndMaps[^(k + 1)].Apply(skips[k - 1]);
            levels[k] = levels[k - 1].ResizeNearest(skip.Size(2), skip.Size(3)) + skip;
        }
        return levels.Select((x, level) =>
        {
            for (var step = 0; step < seg_blocks[level].Length; step++)
            {
                x = x.Apply(seg_blocks[level][step]);
                if (level < Levels - 1)
                {
                    var finer = levels[level + step + 1];
                    x = x.ResizeBilinear(finer.Size(2), finer.Size(3), alignCorners: true);
                }
            }
            return x;
        }).ToArray().Aggregate((a, b) => a + b).Apply(dropout);                 // [N, C, H/4, W/4]
    }
}

/// <summary>A 3×3 convolution, group norm and ReLU.</summary>
sealed class ConvGroupNormRelu(Weights w, int cin, int cout) : Net(w)
{
    const int Groups = 32;

    readonly Conv2d conv = new(w / 0, cin, cout, kernel: 3);
    readonly GroupNorm norm = new(w / 1, Groups, cout);

    protected override Tensor Forward(Tensor x) => x.Apply(conv).Apply(norm).Relu();
}
