// Yuan et al., "Object-contextual representations for semantic segmentation", ECCV 2020.
// Key names follow the authors' seg_hrnet_ocr.py: conv3x3_ocr, ocr_distri_head, cls_head, aux_head.
// Deviations: the attention has the released networks' one scale; the code's option of attending at a coarser one is not there.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>Features [N, C, h, w] to two logits [N, K, h, w]: the auxiliary ones, whose regions pool each class's pixels, then those of pixels in their objects' context.</summary>
public sealed class OcrHead : Net<Tensor, Tensor[]>
{
    /// <summary>The names of its modules.</summary>
    public static IReadOnlyList<string> Modules { get; } = ["conv3x3_ocr", "ocr_distri_head", "cls_head", "aux_head"];

    readonly Sequential conv3x3_ocr, aux_head;
    readonly SpatialOcr ocr_distri_head;
    readonly Conv2d cls_head;

    /// <summary>Builds it directly at its place: the official keys have no name for the head.</summary>
    /// <exception cref="ArgumentException">A width below 1 or a dropout that is no probability.</exception>
    public OcrHead(Weights w, OcrConfig config, int channels, int classes, double momentum = 0.1) : base(w)
    {
        conv3x3_ocr = new(w / "conv3x3_ocr",
            p => new Conv2d(p, channels, config.Channels, kernel: 3, bias: true),
            p => new BatchNorm2d(p, config.Channels, momentum: momentum),
            p => new ReLU(p));
        ocr_distri_head = new(w / "ocr_distri_head", config, momentum);
        cls_head = new(w / "cls_head", config.Channels, classes, kernel: 1, bias: true);
        aux_head = new(w / "aux_head",
            p => new Conv2d(p, channels, channels, kernel: 1, bias: true),
            p => new BatchNorm2d(p, channels, momentum: momentum),
            p => new ReLU(p),
            p => new Conv2d(p, channels, classes, kernel: 1, bias: true));
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor features)
    {
        var auxiliary = features.Apply(aux_head);                                       // [N, K, h, w]
        var pixels = features.Apply(conv3x3_ocr);                                       // [N, M, h, w]
        var regions = auxiliary.Flatten(2).Softmax(2);                                  // [N, K, h·w]: where each class's pixels are
        var objects = pixels.Flatten(2).MatMul(regions.Transpose(1, 2)).Unsqueeze(3);   // [N, M, K, 1]
        Tensor[] both = [pixels, objects];
        return [auxiliary, both.Apply(ocr_distri_head).Apply(cls_head)];
    }
}
