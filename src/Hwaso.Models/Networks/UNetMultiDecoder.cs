// The multi-decoder U-Net with pseudo depth (2024): one shared ResNet-50 encoder, a semantic and a depth decoder of U-Net form.
// Key names: the semantic half is segmentation_models.pytorch's Unet (encoder, decoder, segmentation_head), so that its files load
// unchanged; beside it depth_decoder and depth_head.
// Deviations: the paper leaves open how the depth head ends: here its convolution's value is the depth, without activation.
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>
/// Semantic logits [N, K, H, W], and for training the depth [N, 1, H, W] by a second decoder of the same shape. Evaluation asks the
/// semantic
/// decoder alone; what is deployed is a <see cref="UNet"/> with the same names.
/// </summary>
public sealed class UNetMultiDecoder : SegmentationNet, ISeveralOutputs
{
    readonly ResNet encoder;
    readonly UNetDecoder decoder, depth_decoder;
    readonly UNetHead segmentation_head, depth_head;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public UNetMultiDecoder(Weights w, ResNetConfig config, UNetConfig unet, int classes) : base(w, classes, alignCorners: false)
    {
        encoder = new(w / "encoder", config);
        decoder = new(w / "decoder", unet, encoder.Channels, config.Momentum);
        segmentation_head = new(w / "segmentation_head", decoder.Channels, classes);
        depth_decoder =
            new(w / "depth_decoder", unet with { Channels = unet.DepthChannels ?? unet.Channels }, encoder.Channels, config.Momentum);
        depth_head = new(w / "depth_head", depth_decoder.Channels, 1);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => ["depth", ""];

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["decoder", "segmentation_head", "depth_decoder", "depth_head"];

    /// <inheritdoc/>
    public override void InitialiseAsPublished()
    {
        encoder.InitialiseAsPublished();
        decoder.InitialiseAsPublished();
        segmentation_head.InitialiseAsPublished();
        depth_decoder.InitialiseAsPublished();
        depth_head.InitialiseAsPublished();
    }

    /// <summary>The depth [N, 1, H, W], then the logits [N, K, H, W], the encoder asked once.</summary>
    public Tensor[] Outputs(Tensor image)
    {
        Tensor[] maps = [image, .. image.Apply(encoder)];
        return [maps.Apply(depth_decoder).Apply(depth_head), maps.Apply(decoder).Apply(segmentation_head)];
    }

    /// <summary>The depth [N, 1, H, W] alone.</summary>
    public Tensor Depth(Tensor image)
    {
        Tensor[] maps = [image, .. image.Apply(encoder)];
        return maps.Apply(depth_decoder).Apply(depth_head);
    }

    /// <summary>Lets some parts learn and puts them into training mode; the others stay as they are, statistics included.</summary>
    public void Learn(IReadOnlyCollection<NetworkPart> parts)
    {
        foreach (var (part, modules) in new (NetworkPart, Module[])[]
            { (NetworkPart.Encoder, [encoder]), (NetworkPart.Semantic, [decoder, segmentation_head]),
                (NetworkPart.Depth, [depth_decoder, depth_head]) })
            foreach (var module in modules)
            {
                var learns = parts.Contains(part);
                if (learns)
                    module.Train();
                else
                    module.Eval();
                foreach (var (_, parameter) in module.Weights.Parameters)
                    parameter.RequiresGrad = learns;
            }
    }

    /// <summary>
    /// The first tensor of which the two decoders have other shapes, semantic and depth; null where they are alike, so that one can take
    /// over the other's.
    /// </summary>
    public (string Key, string Semantic, string Depth)? DecoderDifference()
    {
        foreach (var ((key, semantic), (_, depth)) in decoder.Weights.State.Zip(depth_decoder.Weights.State))
            if (!semantic.Shape.AsSpan().SequenceEqual(depth.Shape))
                return (key, $"[{string.Join(", ", semantic.Shape)}]", $"[{string.Join(", ", depth.Shape)}]");
        return null;
    }

    /// <summary>Gives the semantic decoder the depth decoder's weights and statistics; the heads, of other shapes, stay.</summary>
    /// <exception cref="ArgumentException">The decoders are of other shapes.</exception>
    public void CopyDepthToSemantic() => Copy(depth_decoder, decoder);

    /// <summary>Gives the depth decoder the semantic decoder's weights and statistics; the heads, of other shapes, stay.</summary>
    /// <exception cref="ArgumentException">The decoders are of other shapes.</exception>
    public void CopySemanticToDepth() => Copy(decoder, depth_decoder);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        Tensor[] maps = [x, .. x.Apply(encoder)];
        return maps.Apply(decoder).Apply(segmentation_head);
    }

    void Copy(UNetDecoder from, UNetDecoder to)
    {
        if (DecoderDifference() is var (key, semantic, depth))
            throw new ArgumentException(
                $"decoder and depth_decoder differ in {key}: {semantic} "
                + $"and {depth}; only one of the same shapes can be copied");
        using var scope = new Scope();
        foreach (var ((_, source), (_, target)) in from.Weights.State.Zip(to.Weights.State))
            target.CopyFrom(source.ToHost());
    }
}
