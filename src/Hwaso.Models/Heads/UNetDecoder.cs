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

    /// <summary>Channels of a depth decoder's five blocks; null for those of the semantic one.</summary>
    public ValueList<int>? DepthChannels { get; init; }
}

/// <summary>The image and an encoder's five maps, finest first, to features [N, C, H, W] at the image's size.</summary>
public sealed class UNetDecoder : Net<Tensor[], Tensor>
{
    readonly UNetBlock[] blocks;

    /// <summary>Over an encoder of so many channels.</summary>
    /// <exception cref="ArgumentException">Another number of blocks than the encoder has maps, or a width below 1.</exception>
    public UNetDecoder(Weights w, UNetConfig config, IReadOnlyList<int> channels, double momentum = 0.1) : base(w)
    {
        if (config.Channels.Count != channels.Count)
            throw new ArgumentException(
                $"{w.Path}: {config.Channels.Count} decoder blocks on "
                + $"{channels.Count} maps of the encoder; as many were wanted");
        // The finest block has no skip: the image itself is none.
        blocks = [.. config.Channels.Select((width, b) =>
            new UNetBlock(w / "blocks" / b, b == 0 ? channels[^1] : config.Channels[b - 1], b < channels.Count - 1 ? channels[^(b + 2)] : 0,
                width, momentum))];
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
            var finer = imageAndMaps[^(b + 2)];
            x = x.ResizeNearest(finer.Size(2), finer.Size(3));
            x = (b < blocks.Length - 1 ? Tensor.Concat([x, finer], 1) : x).Apply(blocks[b]);
        }
        return x;
    }
}

/// <summary>
/// Two 3×3 convolutions with batch norm and ReLU over upsampled features and the skip beside them, [N, Cin + Cskip, h, w] to [N, Cout, h,
/// w].
/// </summary>
public sealed class UNetBlock(Weights w, int cin, int skip, int cout, double momentum = 0.1) : Net(w)
{
    readonly Sequential conv1 = Convolution(w / "conv1", cin + skip, cout, momentum);
    readonly Sequential conv2 = Convolution(w / "conv2", cout, cout, momentum);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(conv1).Apply(conv2);

    static Sequential Convolution(Weights w, int cin, int cout, double momentum) => new(w,
        p => new Conv2d(p, cin, cout, kernel: 3),
        p => new BatchNorm2d(p, cout, momentum: momentum),
        p => new ReLU(p));
}

/// <summary>
/// A 3×3 convolution from decoded features to K values a pixel; begins as segmentation_models.pytorch's, Glorot's uniform and no bias.
/// </summary>
public sealed class UNetHead(Weights w, int channels, int outputs) : Net(w)
{
    readonly Sequential layers = new(w, p => new Conv2d(p, channels, outputs, kernel: 3, bias: true));

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
