// Chaurasia and Culurciello, "LinkNet: exploiting encoder representations for efficient semantic segmentation", VCIP 2017, as
// segmentation_models.pytorch has it (decoders/linknet/decoder.py).
// Deviations: an enlarged map is cut to the size of its skip, so that sides need no multiples of 32, as they do there.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Decoders;

/// <summary>Maps enlarged by transposed convolutions and added to the encoder's.</summary>
public sealed record LinkNetDecoder : PyramidDecoder
{
    static readonly Settings<PyramidDecoder> settings = Own(new Settings<LinkNetDecoder>()
        .Int("channels", d => d.Channels, (d, v) => d with { Channels = v }, 1, "channels of its features; 32"));

    /// <summary>Channels at the image's size.</summary>
    public int Channels { get; init; } = 32;

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
    public override Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels)
    {
        AskForEvery(w, channels);
        return new LinkNetDecoderNet(w, this, channels);
    }
}

/// <summary>From the coarsest map to the image's size, a block a level.</summary>
sealed class LinkNetDecoderNet : Net<Tensor[], Tensor>
{
    readonly Sequential[] blocks;

    public LinkNetDecoderNet(Weights w, LinkNetDecoder config, IReadOnlyList<int> channels) : base(w)
    {
        int[] wide = [.. channels.Reverse(), config.Channels];
        blocks = [.. Enumerable.Range(0, channels.Count).Select(b => Block(w / "blocks" / b / "block", wide[b], wide[b + 1]))];
    }

    protected override Tensor Forward(Tensor[] imageAndMaps)
    {
        var x = imageAndMaps[^1];
        for (var b = 0; b < blocks.Length; b++)
        {
            var finer = imageAndMaps[^(b + 2)];
            x = x.Apply(blocks[b]);
            if (x.Size(2) != finer.Size(2) || x.Size(3) != finer.Size(3))
                x = x.Narrow(2, 0, finer.Size(2)).Narrow(3, 0, finer.Size(3));
            // The finest block has no skip: the image itself is none.
            if (b < blocks.Length - 1)
                x = x + finer;
        }
        return x;
    }

    static Sequential Block(Weights w, int cin, int cout)
    {
        var narrow = Math.Max(cin / 4, 1);
        return new Sequential(w,
            p => ConvNormRelu.Build(p, cin, narrow, kernel: 1),
            p => new Sequential(p,
                q => new ConvTranspose2d(q, narrow, narrow, kernel: 4, stride: 2, padding: 1),
                q => new BatchNorm2d(q, narrow),
                q => new ReLU(q)),
            p => ConvNormRelu.Build(p, narrow, cout, kernel: 1));
    }
}
