// Wang et al., "Deep high-resolution representation learning for visual recognition", TPAMI 2020 (HRNetV2; V1: Sun et al., CVPR 2019).
// Structure and key names follow the authors' code: HRNet-Semantic-Segmentation (V2), deep-high-resolution-net.pytorch (V1),
// HRNet-Image-Classification and HRNet-Object-Detection (V2p), which agree on them.
// Deviations: none known; attention modules in BasicBlocks are an option that the original does not have.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>
/// The backbone: an image [N, 3, H, W] to four feature maps at strides 4, 8, 16, 32 with C, 2C, 4C, 8C channels, or to the first of them alone.
/// </summary>
public sealed class HRNet : Net<Tensor, Tensor[]>
{
    /// <summary>Pixels of the image, each way, to one of the lowest branch; the smallest image that it takes.</summary>
    public const int Stride = 32;

    const int StemChannels = 64;

    readonly FuseUpsampling upsampling;
    readonly Conv2d conv1, conv2;
    readonly BatchNorm2d bn1, bn2;
    readonly Bottleneck[] layer1;
    readonly Transition transition1, transition2, transition3;
    readonly HighResolutionModule[] stage2, stage3, stage4;

    /// <summary>Builds it directly at its place: most official networks have no name for the backbone.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="config">Depths and widths.</param>
    /// <param name="upsampling">How branches are fused: a matter of the task, with the same weights.</param>
    /// <param name="highestOnly">Whether the last module fuses into the finest branch alone, as V1 does.</param>
    /// <exception cref="ArgumentException">Stages that do not fit.</exception>
    public HRNet(Weights w, HRNetConfig config, FuseUpsampling upsampling = FuseUpsampling.Bilinear, bool highestOnly = false) : base(w)
    {
        config.Check();
        this.upsampling = upsampling;
        conv1 = new(w / "conv1", 3, StemChannels, kernel: 3, stride: 2);
        bn1 = new(w / "bn1", StemChannels, momentum: config.Momentum);
        conv2 = new(w / "conv2", StemChannels, StemChannels, kernel: 3, stride: 2);
        bn2 = new(w / "bn2", StemChannels, momentum: config.Momentum);

        var wide = config.Stage1Channels * Bottleneck.Expansion;
        layer1 = Enumerable.Range(0, config.Stage1Blocks)
            .Select(b => new Bottleneck(w / "layer1" / b, b == 0 ? StemChannels : wide, config.Stage1Channels, momentum: config.Momentum)).ToArray();
        transition1 = new(w / "transition1", [wide], config.Stage2.Channels, config.Momentum);
        stage2 = Stage(w / "stage2", config.Stage2, config, upsampling);
        transition2 = new(w / "transition2", config.Stage2.Channels, config.Stage3.Channels, config.Momentum);
        stage3 = Stage(w / "stage3", config.Stage3, config, upsampling);
        transition3 = new(w / "transition3", config.Stage3.Channels, config.Stage4.Channels, config.Momentum);
        stage4 = Stage(w / "stage4", config.Stage4, config, upsampling, highestOnly);
        Channels = config.Stage4.Channels.Take(highestOnly ? 1 : 4).ToArray();
    }

    /// <summary>Channels of each feature map.</summary>
    public IReadOnlyList<int> Channels { get; }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor x)
    {
        Check(x);
        x = x.Apply(conv1).Apply(bn1).Relu();
        x = x.Apply(conv2).Apply(bn2).Relu();                       // [N, 64, H/4, W/4]
        foreach (var block in layer1)
            x = x.Apply(block);
        Tensor[] branches = [x];
        branches = Through(branches.Apply(transition1), stage2);
        branches = Through(branches.Apply(transition2), stage3);
        return Through(branches.Apply(transition3), stage4);
    }

    static Tensor[] Through(Tensor[] branches, HighResolutionModule[] stage)
    {
        foreach (var module in stage)
            branches = branches.Apply(module);
        return branches;
    }

    static HighResolutionModule[] Stage(Weights w, HRNetStage stage, HRNetConfig config, FuseUpsampling upsampling, bool highestOnly = false) =>
        Enumerable.Range(0, stage.Modules).Select(m => new HighResolutionModule(w / m, stage, config, upsampling, highestOnly && m == stage.Modules - 1)).ToArray();

    void Check(Tensor image)
    {
        if (image.Dimensions != 4 || image.Size(1) != 3)
            throw new ArgumentException($"{(Weights / "conv1").Path}: {image} was given; colour images [N, 3, H, W] were wanted");
        var (height, width) = (image.Size(2), image.Size(3));
        if (height < Stride || width < Stride)
            throw new ArgumentException($"{(Weights / "transition3" / 3).Path}: an image of {height}×{width} pixels is smaller than the lowest branch's stride; at least {Stride}×{Stride} was wanted");
        if (upsampling == FuseUpsampling.Bilinear)
            return;
        for (var stage = 2; stage <= 4; stage++)
            if (Stem(height) % (1 << stage - 1) != 0 || Stem(width) % (1 << stage - 1) != 0)
                throw new ArgumentException($"{(Weights / $"stage{stage}" / 0 / "fuse_layers").Path}: an image of {height}×{width} pixels does not halve down to branch {stage - 1} without rest, "
                    + $"so repeating its pixels would not give branch 0's size; multiples of {Stride} fit, as {Up(height)}×{Up(width)}");
    }

    // Two 3×3 convolutions of stride 2 round up.
    static long Stem(long size) => (size + 3) / 4;

    static long Up(long size) => (size + Stride - 1) / Stride * Stride;
}
