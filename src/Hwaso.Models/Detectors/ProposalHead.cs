// Ren et al., "Faster R-CNN", NIPS 2015: the region proposal network. Key names follow the HRNet authors' and mmdetection's rpn_head, or
// torchvision's rpn.head (0.14).
using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Torch;

namespace Hwaso.Models.Detectors;

/// <summary>
/// The same convolutions on every level [N, C, h, w]: the logits of A anchors at each position, [N, A, h, w], of all levels, then their
/// differences, [N, 4·A, h, w].
/// </summary>
public sealed class ProposalHead : Net<Tensor[], Tensor[]>
{
    readonly Conv2d conv, logits, deltas;

    /// <summary>A head on levels of so many channels.</summary>
    /// <param name="w">The detector's root.</param>
    /// <param name="form">Whose names.</param>
    /// <param name="channels">C.</param>
    /// <param name="anchors">A.</param>
    public ProposalHead(Weights w, BoxForm form, int channels, int anchors) : base(w / Place(form))
    {
        var torchvision = form == BoxForm.Torchvision;
        conv = Normal(torchvision ? Weights / "conv" / 0 / 0 : Weights / "rpn_conv", channels, channels, kernel: 3);
        logits = Normal(Weights / (torchvision ? "cls_logits" : "rpn_cls"), channels, anchors, kernel: 1);
        deltas = Normal(Weights / (torchvision ? "bbox_pred" : "rpn_reg"), channels, 4 * anchors, kernel: 1);
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor[] levels)
    {
        Tensor[] shared = [.. levels.Select(level => level.Apply(conv).Relu())];
        return [.. shared.Select(x => x.Apply(logits)), .. shared.Select(x => x.Apply(deltas))];
    }

    static string Place(BoxForm form) => form == BoxForm.Torchvision ? "rpn.head" : "rpn_head";

    static Conv2d Normal(Weights w, int cin, int cout, int kernel)
    {
        var made = new Conv2d(w, cin, cout, kernel, bias: true);
        Init.Normal(made.Weight, 0.01);
        Init.Constant(made.Bias!, 0);
        return made;
    }
}
