using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>Each pixel's weighted mean of the objects: pixels [N, M, h, w] ask, objects [N, M, K, 1] answer, [N, M, h, w] comes out.</summary>
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
        var attention = (query.MatMul(key) * scale).Softmax(2);                         // [N, h·w, K]
        var context = value.MatMul(attention.Transpose(1, 2));                          // [N, D, h·w]
        return context.Reshape(pixels.Size(0), -1, pixels.Size(2), pixels.Size(3)).Apply(f_up);
    }

    static Sequential OneLayer(Weights w, int cin, int cout, double momentum) => new(w, p => Project(p, cin, cout), p => NormReLU(p, cout, momentum));

    static Sequential TwoLayers(Weights w, int cin, int cout, double momentum) => new(w,
        p => Project(p, cin, cout), p => NormReLU(p, cout, momentum), p => Project(p, cout, cout), p => NormReLU(p, cout, momentum));

    static Conv2d Project(Weights w, int cin, int cout) => new(w, cin, cout, kernel: 1);

    static Sequential NormReLU(Weights w, int channels, double momentum) => new(w, p => new BatchNorm2d(p, channels, momentum: momentum), p => new ReLU(p));
}
