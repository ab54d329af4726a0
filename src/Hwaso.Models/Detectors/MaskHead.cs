// He et al., "Mask R-CNN", ICCV 2017, figure 4 right. Key names follow the HRNet authors' mask_head, mmdetection's roi_head.mask_head, or
// torchvision's roi_heads (0.14).
using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Torch;

namespace Hwaso.Models.Detectors;

/// <summary>
/// Pooled features [R, C, 14, 14] to a mask for each class, [R, K, 28, 28], or K + 1 where the background has a column.
/// </summary>
public sealed class MaskHead : Net
{
    /// <summary>Bins across and down.</summary>
    public const int Side = 14;

    const int Depth = 4;

    readonly Conv2d[] convs;
    readonly ConvTranspose2d upsample;
    readonly Conv2d logits;

    /// <summary>A head for so many classes.</summary>
    /// <param name="w">The detector's root.</param>
    /// <param name="form">Whose names, and whether the background has a mask.</param>
    /// <param name="channels">C.</param>
    /// <param name="classes">K, without the background.</param>
    public MaskHead(Weights w, BoxForm form, int channels, int classes) : base(w / Place(form))
    {
        var torchvision = form == BoxForm.Torchvision;
        convs = [.. Enumerable.Range(0, Depth).Select(k => Begin(
            torchvision ? Weights / "mask_head" / k / 0 : Weights / "convs" / k / "conv", channels, channels, kernel: 3))];
        upsample = new(
            torchvision ? Weights / "mask_predictor" / "conv5_mask" : Weights / "upsample", channels, channels, kernel: 2, stride: 2);
        Init.KaimingNormal(upsample.Weights["weight"]);
        Init.Constant(upsample.Weights["bias"], 0);
        logits = Begin(
            torchvision ? Weights / "mask_predictor" / "mask_fcn_logits" : Weights / "conv_logits", channels,
            form.BackgroundLast ? classes : classes + 1, kernel: 1);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        foreach (var conv in convs)
            x = x.Apply(conv).Relu();
        return x.Apply(upsample).Relu().Apply(logits);
    }

    static string Place(BoxForm form) => form switch
    {
        BoxForm.Authors => "mask_head",
        BoxForm.Mmdetection => "roi_head.mask_head",
        _ => "roi_heads",
    };

    static Conv2d Begin(Weights w, int cin, int cout, int kernel)
    {
        var conv = new Conv2d(w, cin, cout, kernel, bias: true);
        Init.KaimingNormal(conv.Weight);
        Init.Constant(conv.Bias!, 0);
        return conv;
    }
}
