using Hwaso.Models.Attention;

namespace Hwaso.Models.Backbones;

/// <summary>What distinguishes one ResNet from another; the named depths are the paper's. He et al., CVPR 2016, table 1.</summary>
public sealed record ResNetConfig
{
    /// <summary>Blocks of each of the four stages.</summary>
    public required IReadOnlyList<int> Blocks { get; init; }

    /// <summary>Whether blocks are Bottlenecks, which put out four times their width, or BasicBlocks.</summary>
    public bool Bottlenecks { get; init; } = true;

    /// <summary>Width of each stage's blocks.</summary>
    public IReadOnlyList<int> Widths { get; init; } = [64, 128, 256, 512];

    /// <summary>Channels of the stem's convolution; of a deep stem, the first two have as many and the last twice.</summary>
    public int StemChannels { get; init; } = 64;

    /// <summary>Whether the stem is three 3×3 convolutions instead of one 7×7, as PyTorch-Encoding's <c>resnet50s</c>.</summary>
    public bool DeepStem { get; init; }

    /// <summary>Pixels of the image, each way, to one of the last stage: 32, or 16 or 8 with dilated convolutions instead of strides.</summary>
    public int OutputStride { get; init; } = 32;

    /// <summary>Batch norm's momentum.</summary>
    public double Momentum { get; init; } = 0.1;

    /// <summary>Stands in every block: a BasicBlock's between conv1-bn-relu and conv2, a Bottleneck's after conv2-bn-relu; null for none.</summary>
    public AttentionModule? Attention { get; init; }

    /// <summary>ResNet-18: BasicBlocks 2, 2, 2, 2.</summary>
    public static ResNetConfig R18 => new() { Blocks = [2, 2, 2, 2], Bottlenecks = false };

    /// <summary>ResNet-34: BasicBlocks 3, 4, 6, 3.</summary>
    public static ResNetConfig R34 => new() { Blocks = [3, 4, 6, 3], Bottlenecks = false };

    /// <summary>ResNet-50: Bottlenecks 3, 4, 6, 3.</summary>
    public static ResNetConfig R50 => new() { Blocks = [3, 4, 6, 3] };

    /// <summary>ResNet-101: Bottlenecks 3, 4, 23, 3.</summary>
    public static ResNetConfig R101 => new() { Blocks = [3, 4, 23, 3] };

    /// <summary>ResNet-152: Bottlenecks 3, 8, 36, 3.</summary>
    public static ResNetConfig R152 => new() { Blocks = [3, 8, 36, 3] };

    /// <summary>Channels of the stem's feature map and of each stage's.</summary>
    public IReadOnlyList<int> Channels => [DeepStem ? 2 * StemChannels : StemChannels, .. Widths.Select(w => Bottlenecks ? w * Bottleneck.Expansion : w)];

    /// <summary>Checks that the numbers fit each other.</summary>
    /// <exception cref="ArgumentException">Another number of stages than four, a count below 1, or another stride than 8, 16 or 32.</exception>
    public void Check()
    {
        if (Blocks.Count != 4 || Widths.Count != 4)
            throw new ArgumentException($"resnet: {Blocks.Count} block counts and {Widths.Count} widths; 4 of each were wanted, one a stage");
        if (StemChannels < 1 || Blocks.Any(b => b < 1) || Widths.Any(c => c < 1))
            throw new ArgumentException("resnet: blocks, widths and the stem's channels must each be at least 1");
        if (OutputStride is not (8 or 16 or 32))
            throw new ArgumentException($"resnet: output stride {OutputStride}; 8, 16 or 32 was wanted");
    }
}
