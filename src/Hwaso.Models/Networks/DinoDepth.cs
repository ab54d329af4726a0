// Depth from one image by a frozen DINOv2 and a head on it: Oquab et al., "DINOv2: learning robust visual features without supervision", TMLR 2024.
// Structure and key names follow the authors' code (dinov2/hub/depthers.py, hub/depth/encoder_decoder.py): backbone.* and decode_head.*; their
// files keep the two apart, the backbone's without prefix.
// Deviations: a transformer with registers can be given too, for heads of one's own: the authors' heads were trained without. As there, the image is centre-padded to multiples of 14 and the depth of the padded image is resized, not cropped, to the image.
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>An image [N, 3, H, W], normalised as DINOv2's, to depth in metres [N, 1, H, W].</summary>
public sealed class DinoDepth : Net
{
    readonly DinoVisionTransformer backbone;
    readonly Net<PatchFeatureList, Tensor> decode_head;
    readonly DepthHead head;
    readonly IReadOnlyList<int> taps;

    /// <summary>Builds both.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public DinoDepth(Weights w, DinoConfig config, DepthHead head) : base(w)
    {
        this.head = head;
        config.Check();
        taps = head.Taps(config);
        backbone = new(w / "backbone", config);
        decode_head = head.Build(w / "decode_head", config);
    }

    /// <summary>The head, with its range of depths.</summary>
    public DepthHead Head => head;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor image)
    {
        var depth = backbone.IntermediateLayers(image, taps, norm: false).Apply(decode_head);
        return Aten.Clamp(depth, head.MinDepth, head.MaxDepth).ResizeBilinear(image.Size(2), image.Size(3));
    }
}
