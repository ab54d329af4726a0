// He et al., "Deep residual learning for image recognition", CVPR 2016. Structure and key names follow torchvision (models/resnet.py), whose
// dilation PyTorch-Encoding's shares: in place of a stride, the stage's first block keeps the dilation so far and the rest double it.
// Deviations: the stride of a Bottleneck is in its 3×3 convolution, as in torchvision; BasicBlocks can be dilated too, which torchvision refuses;
// the deep stem is PyTorch-Encoding's; attention modules in the blocks are an option that the original does not have.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>The backbone: images [N, 3, H, W] to five feature maps: the stem's at stride 2, the four stages' at strides 4, 8, 16, 32 unless dilated.</summary>
public sealed class ResNet : Backbone
{
    readonly Net conv1;
    readonly BatchNorm2d bn1;
    readonly Sequential[] stages;
    readonly int stride;

    /// <summary>Builds it directly at its place: the classifier has no name for it, segmentation networks have <c>backbone</c> or <c>encoder</c>.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other, or an attention module that does not fit a block.</exception>
    public ResNet(Weights w, ResNetConfig config) : base(w)
    {
        config.Check();
        stride = config.OutputStride;
        Channels = config.Channels;
        conv1 = config.DeepStem ? DeepStem(w / "conv1", config) : new Conv2d(w / "conv1", 3, config.StemChannels, kernel: 7, stride: 2);
        bn1 = new(w / "bn1", Channels[0], momentum: config.Momentum);
        stages = new Sequential[4];
        var (reached, dilation) = (4, 1);
        for (var s = 0; s < stages.Length; s++)
        {
            var wanted = s == 0 ? 1 : 2;
            var strided = reached * wanted <= stride;
            stages[s] = Stage(w / $"layer{s + 1}", config, s, strided ? wanted : 1, dilation, strided ? dilation : dilation * wanted);
            (reached, dilation) = strided ? (reached * wanted, dilation) : (reached, dilation * wanted);
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Channels { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Ends { get; } = [0, 1, 2, 3, 4];

    /// <summary>The authors' initial values: every convolution He's normal by fan-out; batch norms stay 1 and 0, attention modules keep their own.</summary>
    public override void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters)
            if (tensor.Dimensions == 4 && !name.Contains(".deattn.", StringComparison.Ordinal))
                Init.KaimingNormal(tensor);
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor x)
    {
        Check(x);
        var maps = new Tensor[stages.Length + 1];
        maps[0] = x.Apply(conv1).Apply(bn1).Relu();                             // [N, 64, H/2, W/2]
        x = Aten.MaxPool2d(maps[0], [3, 3], [2, 2], [1, 1]);                    // [N, 64, H/4, W/4]
        for (var s = 0; s < stages.Length; s++)
            maps[s + 1] = x = x.Apply(stages[s]);
        return maps;
    }

    static Sequential Stage(Weights w, ResNetConfig config, int stage, int stride, int firstDilation, int dilation)
    {
        var cin = config.Channels[stage];
        var cout = config.Channels[stage + 1];
        Net Block(Weights p, int b)
        {
            var (from, step, spread) = b == 0 ? (cin, stride, firstDilation) : (cout, 1, dilation);
            return config.Bottlenecks
                ? new Bottleneck(p, from, config.Widths[stage], step, config.Momentum, spread, config.Attention)
                : new BasicBlock(p, from, cout, step, config.Attention, config.Momentum, spread);
        }
        return new Sequential(w, [.. Enumerable.Range(0, config.Blocks[stage]).Select(b => (Func<Weights, Net>)(p => Block(p, b)))]);
    }

    static Sequential DeepStem(Weights w, ResNetConfig config)
    {
        var width = config.StemChannels;
        return new Sequential(w,
            p => new Conv2d(p, 3, width, kernel: 3, stride: 2),
            p => new BatchNorm2d(p, width, momentum: config.Momentum),
            p => new ReLU(p),
            p => new Conv2d(p, width, width, kernel: 3),
            p => new BatchNorm2d(p, width, momentum: config.Momentum),
            p => new ReLU(p),
            p => new Conv2d(p, width, 2 * width, kernel: 3));
    }

    void Check(Tensor image)
    {
        if (image.Dimensions != 4 || image.Size(1) != 3)
            throw new ArgumentException($"{(Weights / "conv1").Path}: {image} was given; colour images [N, 3, H, W] were wanted");
        var (height, width) = (image.Size(2), image.Size(3));
        if (height < stride || width < stride)
            throw new ArgumentException($"{(Weights / "layer4").Path}: an image of {height}×{width} pixels is smaller than the last stage's stride; at least {stride}×{stride} was wanted");
    }
}
