// Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019.
// Structure and key names follow torchvision (models/efficientnet.py), whose `features` this is.
// Deviations: dilation in place of strides is an option that the original does not have; as in ResNet, a stage's first block keeps the
// dilation so far and the rest double it.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>The backbone: images [N, 3, H, W] to the stem's feature map at stride 2, each stage's, and the last convolution's.</summary>
public sealed class EfficientNet : Backbone
{
    readonly Sequential[] features;
    readonly int stride;

    /// <summary>Builds it directly at its place: the classifier has <c>features</c> there.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public EfficientNet(Weights w, EfficientNetConfig config) : base(w)
    {
        config.Check();
        Channels = config.Channels;
        stride = Math.Min(config.OutputStride, config.Stages.Aggregate(2, (reached, s) => reached * s.Stride));
        features = new Sequential[Channels.Count];
        features[0] = ConvolutionNorm.Build(w / 0, config, 3, config.StemChannels, kernel: 3, stride: 2);
        var (blocks, total) = (0, config.Stages.Sum(s => s.Layers));
        var (reached, dilation) = (2, 1);
        for (var s = 0; s < config.Stages.Count; s++)
        {
            var (stage, cin) = (config.Stages[s], Channels[s]);
            var strided = reached * stage.Stride <= config.OutputStride;
            var (step, first, rest) = strided ? (stage.Stride, dilation, dilation) : (1, dilation, dilation * stage.Stride);
            (reached, dilation) = (reached * step, rest);
            var before = blocks;
            features[s + 1] = new(w / (s + 1), [.. Enumerable.Range(0, stage.Layers).Select(b => (Func<Weights, Net>)(p => new InvertedBottleneck(
                p, config, stage, b == 0 ? cin : stage.Channels, b == 0 ? step : 1, b == 0 ? first : rest, config.StochasticDepth * (before + b) / total)))]);
            blocks += stage.Layers;
        }
        features[^1] = ConvolutionNorm.Build(w / (features.Length - 1), config, Channels[^2], Channels[^1], kernel: 1);
        // Where the next stage halves, and the end.
        Ends = [.. Enumerable.Range(1, config.Stages.Count - 1).Where(s => config.Stages[s].Stride == 2), features.Length - 1];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Channels { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Ends { get; }

    /// <inheritdoc/>
    public override void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters)
            if (tensor.Dimensions == 4)
                Init.KaimingNormal(tensor);
            else if (name.Contains(".fc", StringComparison.Ordinal))
                Init.Constant(tensor, 0);
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor x)
    {
        if (x.Dimensions != 4 || x.Size(1) != 3)
            throw new ArgumentException($"{(Weights / 0 / 0).Path}: {x} was given; colour images [N, 3, H, W] were wanted");
        if (x.Size(2) < stride || x.Size(3) < stride)
            throw new ArgumentException($"{(Weights / (features.Length - 1)).Path}: an image of {x.Size(2)}×{x.Size(3)} pixels is smaller than the last stage's stride; at least {stride}×{stride} was wanted");
        var maps = new Tensor[features.Length];
        for (var f = 0; f < features.Length; f++)
            maps[f] = x = x.Apply(features[f]);
        return maps;
    }
}
