// Ronneberger et al., "U-Net: convolutional networks for biomedical image segmentation", MICCAI 2015, as segmentation_models.pytorch has it
// (decoders/unet/decoder.py): nearest upsampling to the skip's size, the skip concatenated, two 3×3 convolutions with batch norm.
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>The image and an encoder's five maps, finest first, to features [N, C, H, W] at the image's size.</summary>
public sealed class UNetDecoder : Net<Tensor[], Tensor>
{
    readonly UNetBlock[] blocks;

    /// <summary>Over an encoder of so many channels.</summary>
    /// <exception cref="ArgumentException">Another number of blocks than the encoder has maps, or a width below 1.</exception>
    public UNetDecoder(Weights w, UNetConfig config, IReadOnlyList<int> channels, double momentum = 0.1) : base(w)
    {
        if (config.Channels.Count != channels.Count)
            throw new ArgumentException($"{w.Path}: {config.Channels.Count} decoder blocks on {channels.Count} maps of the encoder; as many were wanted");
        // The finest block has no skip: the image itself is none.
        blocks = [.. config.Channels.Select((width, b) =>
            new UNetBlock(w / "blocks" / b, b == 0 ? channels[^1] : config.Channels[b - 1], b < channels.Count - 1 ? channels[^(b + 2)] : 0, width, momentum))];
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
