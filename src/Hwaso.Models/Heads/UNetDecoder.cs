// Ronneberger et al., "U-Net: convolutional networks for biomedical image segmentation", MICCAI 2015, as segmentation_models.pytorch has it
// (decoders/unet/decoder.py): nearest upsampling to the skip's size, the skip concatenated, two 3×3 convolutions with batch norm.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>A U-Net's decoder; the default is segmentation_models.pytorch's.</summary>
public sealed record UNetConfig
{
    /// <summary>The settings of the section <c>unet</c> of a network with one decoder.</summary>
    public static Settings<UNetConfig> Settings { get; } = new Settings<UNetConfig>()
        .Ints("channels", c => c.Channels, (c, v) => c with { Channels = v }, 1,
            "channels of a U-Net's decoder blocks, coarsest first; 256, 128, 64, 32, 16", count: 5);

    /// <summary>The settings of the section <c>unet</c> of a network with a depth decoder too.</summary>
    public static Settings<UNetConfig> SettingsOfTwo { get; } = Settings
        .Ints("depth_channels", c => c.DepthChannels, (c, v) => c with { DepthChannels = v }, 1,
            "the same of the depth decoder; those of `channels`", count: 5);

    /// <summary>Channels of the five decoder blocks, coarsest first.</summary>
    public ValueList<int> Channels { get; init; } = [256, 128, 64, 32, 16];

    /// <summary>Whether every block weights channels and pixels before and behind its convolutions (Roy et al., MICCAI 2018).</summary>
    public bool Scse { get; init; }

    /// <summary>Channels of a depth decoder's five blocks; null for those of the semantic one.</summary>
    public ValueList<int>? DepthChannels { get; init; }
}

/// <summary>The image and an encoder's five maps, finest first, to features [N, C, H, W] at the image's size.</summary>
public sealed class UNetDecoder : Net<Tensor[], Tensor>
{
    readonly UNetBlock[] blocks;
    readonly bool[] hasSkip;

    /// <summary>Over an encoder of so many channels; 0 for a map that it does not have.</summary>
    /// <exception cref="ArgumentException">Another number of blocks than the encoder has maps, or a width below 1.</exception>
    public UNetDecoder(Weights w, UNetConfig config, IReadOnlyList<int> channels, double momentum = 0.1) : base(w)
    {
        if (config.Channels.Count != channels.Count)
            throw new ArgumentException(
                $"{w.Path}: {config.Channels.Count} decoder blocks on "
                + $"{channels.Count} maps of the encoder; as many were wanted");
        // The finest block has no skip: the image itself is none.
        hasSkip = [.. Enumerable.Range(0, channels.Count).Select(b => b < channels.Count - 1 && channels[^(b + 2)] > 0)];
        blocks = [.. config.Channels.Select((width, b) =>
            new UNetBlock(w / "blocks" / b, b == 0 ? channels[^1] : config.Channels[b - 1], hasSkip[b] ? channels[^(b + 2)] : 0,
                width, momentum, config.Scse))];
        Channels = config.Channels[^1];
    }

    /// <summary>C.</summary>
    public int Channels { get; }

    /// <summary>segmentation_models.pytorch's initial values: convolutions He's uniform by fan-in, batch norms 1 and 0.</summary>
    public void InitialiseAsPublished()
    {
        foreach (var (_, tensor) in Weights.Parameters)
            if (tensor.Dimensions == 4)
                Init.KaimingUniform(tensor, 0);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor[] imageAndMaps)
    {
        var x = imageAndMaps[^1];
        for (var b = 0; b < blocks.Length; b++)
        {
            var skip = hasSkip[b] ? imageAndMaps[^(b + 2)] : null;
            // Without a skip, at the image's size, or at half of it under an encoder that begins at a quarter.
            var (image, part) = (imageAndMaps[0], 1L << (blocks.Length - 1 - b));
            var (height, width) = skip is null ? (Parts(image.Size(2), part), Parts(image.Size(3), part)) : (skip.Size(2), skip.Size(3));
            x = x.ResizeNearest(height, width);
            x = (skip is null ? x : Tensor.Concat([x, skip], 1)).Apply(blocks[b]);
        }
        return x;
    }

    static long Parts(long size, long part) => (size + part - 1) / part;
}

/// <summary>
/// Two 3×3 convolutions with batch norm and ReLU over upsampled features and the skip beside them, [N, Cin + Cskip, h, w] to [N, Cout, h,
/// w].
/// </summary>
public sealed class UNetBlock(Weights w, int cin, int skip, int cout, double momentum = 0.1, bool scse = false) : Net(w)
{
    readonly Sequential conv1 = Convolution(w / "conv1", cin + skip, cout, momentum);
    readonly ChannelAndPixelWeights? attention1 = scse ? new(w / "attention1" / "attention", cin + skip) : null;
    readonly Sequential conv2 = Convolution(w / "conv2", cout, cout, momentum);
    readonly ChannelAndPixelWeights? attention2 = scse ? new(w / "attention2" / "attention", cout) : null;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        // As released: without a skip the first has no part.
        if (attention1 is not null && skip > 0)
            x = x.Apply(attention1);
        x = x.Apply(conv1).Apply(conv2);
        return attention2 is null ? x : x.Apply(attention2);
    }

    static Sequential Convolution(Weights w, int cin, int cout, double momentum) => new(w,
        p => new Conv2d(p, cin, cout, kernel: 3),
        p => new BatchNorm2d(p, cout, momentum: momentum),
        p => new ReLU(p));
}

/// <summary>
/// scSE: x times a weight a channel plus x times a weight a pixel. Roy et al., "Concurrent spatial and channel squeeze and excitation in
/// fully convolutional networks", MICCAI 2018.
/// </summary>
sealed class ChannelAndPixelWeights : Net
{
    const int Reduction = 16;

    readonly Conv2d first, second, pixel;

    public ChannelAndPixelWeights(Weights w, int channels) : base(w)
    {
        var squeezed = Math.Max(1, channels / Reduction);
        first = new(w / "cSE" / 1, channels, squeezed, kernel: 1, bias: true);
        second = new(w / "cSE" / 3, squeezed, channels, kernel: 1, bias: true);
        pixel = new(w / "sSE" / 0, channels, 1, kernel: 1, bias: true);
    }

    protected override Tensor Forward(Tensor x)
    {
        var channels = x.Mean([2, 3], keep: true).Apply(first).Relu().Apply(second).Sigmoid();      // [N, C, 1, 1]
        return x * channels + x * x.Apply(pixel).Sigmoid();
    }
}

/// <summary>
/// A convolution, 3×3 unless said, from decoded features to K values a pixel; begins as segmentation_models.pytorch's, Glorot's
/// uniform and no bias.
/// </summary>
public sealed class UNetHead(Weights w, int channels, int outputs, int kernel = 3) : Net(w)
{
    readonly Sequential layers = new(w, p => new Conv2d(p, channels, outputs, kernel, bias: true));

    /// <summary>Those initial values.</summary>
    public void InitialiseAsPublished()
    {
        var conv = (Conv2d)layers[0];
        Init.XavierUniform(conv.Weight);
        Init.Constant(conv.Bias!, 0);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(layers);
}
