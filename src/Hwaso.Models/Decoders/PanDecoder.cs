// Li et al., "Pyramid attention network for semantic segmentation", BMVC 2018, as segmentation_models.pytorch has it
// (decoders/pan/decoder.py): convolutions have biases before their batch norms.
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Decoders;

/// <summary>Attention by a pyramid of the coarsest map, then finer maps weighted by what the coarser say of the whole image.</summary>
public sealed record PanDecoder : PyramidDecoder
{
    static readonly Settings<PyramidDecoder> settings = Own(new Settings<PanDecoder>()
        .Int("channels", d => d.Channels, (d, v) => d with { Channels = v }, 1, "channels of its features; 32"));

    /// <summary>Channels of its features.</summary>
    public int Channels { get; init; } = 32;

    /// <inheritdoc/>
    public override int OutputStride => 16;

    /// <inheritdoc/>
    public override int Depth { get; init; } = 5;

    /// <inheritdoc/>
    public override int HeadKernel => 3;

    /// <inheritdoc/>
    public override int Features => Channels;

    /// <inheritdoc/>
    public override Settings<PyramidDecoder> Settings => settings;

    /// <inheritdoc/>
    public override Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels) => new PanDecoderNet(w, Channels, channels);
}

/// <summary>The pyramid attention on the coarsest map and three levels of gated ones: features at a quarter of the image's size.</summary>
sealed class PanDecoderNet : Net<Tensor[], Tensor>
{
    readonly FeaturePyramidAttention fpa;
    readonly GlobalAttentionUpsample[] gau;

    public PanDecoderNet(Weights w, int width, IReadOnlyList<int> channels) : base(w)
    {
        fpa = new(w / "fpa", channels[^1], width);
        gau = [.. Enumerable.Range(2, 3).Select(k => new GlobalAttentionUpsample(w / $"gau{5 - k}", channels[^k], width))];
    }

    protected override Tensor Forward(Tensor[] imageAndMaps)
    {
        var x = imageAndMaps[^1].Apply(fpa);
        for (var k = 0; k < gau.Length; k++)
            x = new[] { imageAndMaps[^(k + 2)], x }.Apply(gau[k]);
        return x;
    }
}

/// <summary>FPA: 1×1 features, weighted by a pyramid of one channel at three scales, and the image's average. Fig. 3.</summary>
sealed class FeaturePyramidAttention : Net
{
    /// <summary>The map's least side: halved three times it is 1.</summary>
    const int LeastPx = 8;

    readonly ConvModule branch1, mid, down1, down2, conv2, conv1;
    readonly ConvModule[] down3;

    public FeaturePyramidAttention(Weights w, int cin, int cout) : base(w)
    {
        branch1 = new(w / "branch1" / 1, cin, cout, kernel: 1, bias: true);
        mid = new(w / "mid" / 0, cin, cout, kernel: 1, bias: true);
        down1 = new(w / "down1" / 1, cin, 1, kernel: 7, bias: true);
        down2 = new(w / "down2" / 1, 1, 1, kernel: 5, bias: true);
        down3 = [new(w / "down3" / 1, 1, 1, kernel: 3, bias: true), new(w / "down3" / 2, 1, 1, kernel: 3, bias: true)];
        conv2 = new(w / "conv2", 1, 1, kernel: 5, bias: true);
        conv1 = new(w / "conv1", 1, 1, kernel: 7, bias: true);
    }

    protected override Tensor Forward(Tensor x)
    {
        if (x.Size(2) < LeastPx || x.Size(3) < LeastPx)
            throw new ArgumentException($"{Path}: a map of {x.Size(2)}×{x.Size(3)} cannot be halved three times; images of at least "
                + $"{16 * LeastPx}×{16 * LeastPx} pixels were wanted");
        var average = x.Mean([2, 3], keep: true).Apply(branch1).ResizeBilinear(x.Size(2), x.Size(3), alignCorners: true);
        var half = Halved(x).Apply(down1);                                      // [N, 1, h/2, w/2]
        var quarter = Halved(half).Apply(down2);
        var weights = Halved(quarter);
        foreach (var conv in down3)
            weights = weights.Apply(conv);
        weights = quarter.Apply(conv2) + Like(weights, quarter);
        weights = half.Apply(conv1) + Like(weights, half);
        return Like(weights, x) * x.Apply(mid) + average;
    }

    static Tensor Halved(Tensor x) => Aten.MaxPool2d(x, [2, 2], [2, 2]);

    static Tensor Like(Tensor x, Tensor other) => x.ResizeBilinear(other.Size(2), other.Size(3), alignCorners: true);
}

/// <summary>GAU: a finer map, each channel weighted by the coarser map's average, and the coarser map enlarged. Fig. 4.</summary>
sealed class GlobalAttentionUpsample(Weights w, int cin, int cout) : Net<Tensor[], Tensor>(w)
{
    readonly ConvModule conv1 = new(w / "conv1" / 1, cout, cout, kernel: 1, bias: true, relu: false);
    readonly ConvModule conv2 = new(w / "conv2", cin, cout, kernel: 3, bias: true);

    protected override Tensor Forward(Tensor[] fineAndCoarse)
    {
        var (fine, coarse) = (fineAndCoarse[0], fineAndCoarse[1]);
        var weights = coarse.Mean([2, 3], keep: true).Apply(conv1).Sigmoid();   // [N, C, 1, 1]
        return coarse.ResizeBilinear(fine.Size(2), fine.Size(3), alignCorners: true) + fine.Apply(conv2) * weights;
    }
}
