// Yuan et al., "Object-contextual representations for semantic segmentation", ECCV 2020.
// Key names follow the authors' seg_hrnet_ocr.py: conv3x3_ocr, ocr_distri_head, cls_head, aux_head.
// Deviations: the attention has the released networks' one scale; the code's option of attending at a coarser one is not there.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>Widths of an OCR head; the defaults are the released networks'.</summary>
public sealed record OcrConfig
{
    /// <summary>The settings of the section <c>ocr</c>.</summary>
    public static Settings<OcrConfig> Settings { get; } = new Settings<OcrConfig>()
        .Int("channels", c => c.Channels, (c, v) => c with { Channels = v }, 1, "channels of pixels and objects in an OCR head")
        .Int("key_channels", c => c.KeyChannels, (c, v) => c with { KeyChannels = v }, 1, "channels of its queries, keys and values")
        .Number("dropout", c => c.Dropout, (c, v) => c with { Dropout = v }, 0,
            "probability with which it drops a channel before the classifier", max: 1);

    /// <summary>Channels of pixels and objects (MID_CHANNELS).</summary>
    public int Channels { get; init; } = 512;

    /// <summary>Channels of queries, keys and values (KEY_CHANNELS).</summary>
    public int KeyChannels { get; init; } = 256;

    /// <summary>Probability with which a channel is dropped before the classifier, in training.</summary>
    public double Dropout { get; init; } = 0.05;
}

/// <summary>
/// Features [N, C, h, w] to two logits [N, K, h, w]: the auxiliary ones, whose regions pool each class's pixels, then those of pixels in
/// their objects' context.
/// </summary>
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
        var objects = pixels.Flatten(2).Times(regions.Transpose(1, 2)).Unsqueeze(3);   // [N, M, K, 1]
        Tensor[] both = [pixels, objects];
        return [auxiliary, both.Apply(ocr_distri_head).Apply(cls_head)];
    }
}

/// <summary>
/// Pixels [N, M, h, w] and objects [N, M, K, 1] to pixels augmented by what they attend to, [N, M, h, w]. Yuan et al., ECCV 2020, section
/// 3.2.
/// </summary>
public sealed class SpatialOcr : Net<Tensor[], Tensor>
{
    readonly ObjectAttention object_context_block;
    readonly Sequential conv_bn_dropout;

    /// <summary>At a place.</summary>
    public SpatialOcr(Weights w, OcrConfig config, double momentum = 0.1) : base(w)
    {
        object_context_block = new(w / "object_context_block", config, momentum);
        conv_bn_dropout = new(w / "conv_bn_dropout",
            p => new Conv2d(p, 2 * config.Channels, config.Channels, kernel: 1),
            p => new Sequential(p, q => new BatchNorm2d(q, config.Channels, momentum: momentum), q => new ReLU(q)),
            p => new Dropout2d(p, config.Dropout));
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor[] pixelsAndObjects) =>
        Tensor.Concat([pixelsAndObjects.Apply(object_context_block), pixelsAndObjects[0]], 1).Apply(conv_bn_dropout);
}

/// <summary>
/// Each pixel's weighted mean of the objects: pixels [N, M, h, w] ask, objects [N, M, K, 1] answer, [N, M, h, w] comes out.
/// </summary>
public sealed class ObjectAttention : Net<Tensor[], Tensor>
{
    readonly Sequential f_pixel, f_object, f_down, f_up;
    readonly double scale;

    /// <summary>At a place.</summary>
    public ObjectAttention(Weights w, OcrConfig config, double momentum = 0.1) : base(w)
    {
        var (channels, keys) = (config.Channels, config.KeyChannels);
        f_pixel = TwoLayers(w / "f_pixel", channels, keys, momentum);
        f_object = TwoLayers(w / "f_object", channels, keys, momentum);
        f_down = OneLayer(w / "f_down", channels, keys, momentum);
        f_up = OneLayer(w / "f_up", keys, channels, momentum);
        scale = 1 / Math.Sqrt(keys);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor[] pixelsAndObjects)
    {
        var (pixels, objects) = (pixelsAndObjects[0], pixelsAndObjects[1]);
        var query = pixels.Apply(f_pixel).Flatten(2).Transpose(1, 2);                   // [N, h·w, D]
        var key = objects.Apply(f_object).Flatten(2);                                   // [N, D, K]
        var value = objects.Apply(f_down).Flatten(2);                                   // [N, D, K]
        var attention = (query.Times(key) * scale).Softmax(2);                         // [N, h·w, K]
        var context = value.Times(attention.Transpose(1, 2));                          // [N, D, h·w]
        return context.Reshape(pixels.Size(0), -1, pixels.Size(2), pixels.Size(3)).Apply(f_up);
    }

    static Sequential OneLayer(Weights w, int cin, int cout, double momentum) =>
        new(w, p => Project(p, cin, cout), p => NormReLU(p, cout, momentum));

    static Sequential TwoLayers(Weights w, int cin, int cout, double momentum) => new(w,
        p => Project(p, cin, cout), p => NormReLU(p, cout, momentum), p => Project(p, cout, cout), p => NormReLU(p, cout, momentum));

    static Conv2d Project(Weights w, int cin, int cout) => new(w, cin, cout, kernel: 1);

    static Sequential NormReLU(Weights w, int channels, double momentum) =>
        new(w, p => new BatchNorm2d(p, channels, momentum: momentum), p => new ReLU(p));
}
