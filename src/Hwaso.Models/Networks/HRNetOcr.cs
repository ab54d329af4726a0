// Yuan et al., "Object-contextual representations for semantic segmentation", ECCV 2020: OCR on HRNetV2.
// Key names follow HRNet-Semantic-Segmentation, branch HRNet-OCR (seg_hrnet_ocr.py), whose body and head have no prefix.
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>HRNetV2's four branches, upsampled to the finest and concatenated, under an OCR head: logits at stride 4, and auxiliary ones to learn by.</summary>
public sealed class HRNetOcr : SegmentationNet, ISeveralOutputs
{
    readonly HRNet body;
    readonly OcrHead head;
    readonly bool alignCorners;

    /// <summary>Builds the network; the released ones align corners.</summary>
    /// <exception cref="ArgumentException">Stages that do not fit.</exception>
    public HRNetOcr(Weights w, HRNetConfig config, OcrConfig ocr, int classes) : base(w, classes, config.AlignCorners)
    {
        body = new(w, config);
        head = new(w, ocr, body.Channels.Sum(), classes, config.Momentum);
        alignCorners = config.AlignCorners;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => ["aux", ""];

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => OcrHead.Modules;

    /// <summary>The authors' initial values: the body's convolutions normal with deviation 0.001, the head's as PyTorch leaves them.</summary>
    public override void InitialiseAsPublished() => HRNetValues.Normal(Weights, HRNetValues.Deviation, OcrHead.Modules);

    /// <summary>Both logits, each [N, K, H/4, W/4]: the auxiliary ones, then the network's answer. The published loss weighs them 0.4 and 1.</summary>
    public Tensor[] Outputs(Tensor image)
    {
        var branches = image.Apply(body);
        var (height, width) = (branches[0].Size(2), branches[0].Size(3));
        var upsampled = branches.Select((branch, b) => b == 0 ? branch : branch.ResizeBilinear(height, width, alignCorners));
        return Tensor.Concat(upsampled, 1).Apply(head);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Outputs(x)[1];
}
