// Lin et al., CVPR 2017, section 4.2: two fully connected layers. Key names follow the HRNet authors' bbox_head, mmdetection's
// roi_head.bbox_head, or torchvision's roi_heads.
using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Torch;

namespace Hwaso.Models.Detectors;

/// <summary>
/// Pooled features [R, C, 7, 7] to class logits [R, K + 1] and a box's differences for each class, [R, 4·K] or, where the background has
/// a column, [R, 4·(K + 1)].
/// </summary>
public sealed class BoxHead : Net<Tensor, Tensor[]>
{
    /// <summary>Bins across and down.</summary>
    public const int Side = 7;

    readonly Linear first, second, logits, deltas;

    /// <summary>A head for so many classes.</summary>
    /// <param name="w">The detector's root.</param>
    /// <param name="form">Whose names, and whether the background has differences.</param>
    /// <param name="channels">C.</param>
    /// <param name="width">Width of both layers, 1024 as published.</param>
    /// <param name="classes">K, without the background.</param>
    public BoxHead(Weights w, BoxForm form, int channels, int width, int classes) : base(w / Place(form))
    {
        var inputs = channels * Side * Side;
        var outputs = 4 * (form.BackgroundLast ? classes : classes + 1);
        if (form == BoxForm.Torchvision)
        {
            first = new(Weights / "box_head" / "fc6", inputs, width);
            second = new(Weights / "box_head" / "fc7", width, width);
            logits = new(Weights / "box_predictor" / "cls_score", width, classes + 1);
            deltas = new(Weights / "box_predictor" / "bbox_pred", width, outputs);
            return;
        }
        logits = new(Weights / "fc_cls", width, classes + 1);
        deltas = new(Weights / "fc_reg", width, outputs);
        first = new(Weights / "shared_fcs" / 0, inputs, width);
        second = new(Weights / "shared_fcs" / 1, width, width);
        Begin(logits, t => Init.Normal(t, 0.01));
        Begin(deltas, t => Init.Normal(t, 0.001));
        Begin(first, Init.XavierUniform);
        Begin(second, Init.XavierUniform);
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor features)
    {
        var x = features.Flatten(1).Apply(first).Relu().Apply(second).Relu();   // [R, 1024]
        return [x.Apply(logits), x.Apply(deltas)];
    }

    static string Place(BoxForm form) => form switch
    {
        BoxForm.Authors => "bbox_head",
        BoxForm.Mmdetection => "roi_head.bbox_head",
        _ => "roi_heads",
    };

    static void Begin(Linear layer, Action<Tensor> values)
    {
        values(layer.Weights["weight"]);
        Init.Constant(layer.Weights["bias"], 0);
    }
}
