namespace Hwaso.Models.Backbones;

/// <summary>What distinguishes one EfficientNet from another; the named sizes are the paper's. Tan and Le, ICML 2019.</summary>
public sealed record EfficientNetConfig
{
    const int Divisor = 8;

    /// <summary>Channels of the first convolution.</summary>
    public int StemChannels { get; init; } = 32;

    /// <summary>The rows of the table.</summary>
    public required IReadOnlyList<EfficientNetStage> Stages { get; init; }

    /// <summary>Channels of the last convolution; null for four times the last stage's.</summary>
    public int? HeadChannels { get; init; }

    /// <summary>Probability with which an element is dropped before the classifier, in training.</summary>
    public double Dropout { get; init; } = 0.2;

    /// <summary>Probability with which the last block would be skipped, in training; it rises linearly from 0 at the first.</summary>
    public double StochasticDepth { get; init; } = 0.2;

    /// <summary>Batch norm's addition to the variance.</summary>
    public double Epsilon { get; init; } = 1e-5;

    /// <summary>Batch norm's momentum.</summary>
    public double Momentum { get; init; } = 0.1;

    /// <summary>Pixels of the image, each way, to one of the last stage: that of the strides, or less with dilated convolutions instead.</summary>
    public int OutputStride { get; init; } = 32;

    /// <summary>The stem's channels, each stage's, the last convolution's.</summary>
    public IReadOnlyList<int> Channels => [StemChannels, .. Stages.Select(s => s.Channels), HeadChannels ?? 4 * Stages[^1].Channels];

    /// <summary>b0: the paper's baseline.</summary>
    public static EfficientNetConfig B0 => Scaled(1.0, 1.0, 0.2);

    /// <summary>b1, for images of 240 pixels.</summary>
    public static EfficientNetConfig B1 => Scaled(1.0, 1.1, 0.2);

    /// <summary>b2, for images of 260 pixels.</summary>
    public static EfficientNetConfig B2 => Scaled(1.1, 1.2, 0.3);

    /// <summary>b3, for images of 300 pixels.</summary>
    public static EfficientNetConfig B3 => Scaled(1.2, 1.4, 0.3);

    /// <summary>b4, for images of 380 pixels.</summary>
    public static EfficientNetConfig B4 => Scaled(1.4, 1.8, 0.4);

    /// <summary>b5, for images of 456 pixels.</summary>
    public static EfficientNetConfig B5 => Large(1.6, 2.2, 0.4);

    /// <summary>b6, for images of 528 pixels.</summary>
    public static EfficientNetConfig B6 => Large(1.8, 2.6, 0.5);

    /// <summary>b7, for images of 600 pixels.</summary>
    public static EfficientNetConfig B7 => Large(2.0, 3.1, 0.5);

    /// <summary>The baseline, wider and deeper by two factors: channels to the nearest multiple of 8 that is not a tenth less, blocks rounded up.</summary>
    public static EfficientNetConfig Scaled(double width, double depth, double dropout)
    {
        EfficientNetStage Stage(int expand, int kernel, int stride, int channels, int layers) =>
            new(expand, kernel, stride, Divisible(channels * width), (int)Math.Ceiling(layers * depth));
        return new EfficientNetConfig
        {
            StemChannels = Divisible(32 * width),
            Stages =
            [
                Stage(1, 3, 1, 16, 1), Stage(6, 3, 2, 24, 2), Stage(6, 5, 2, 40, 2), Stage(6, 3, 2, 80, 3),
                Stage(6, 5, 1, 112, 3), Stage(6, 5, 2, 192, 4), Stage(6, 3, 1, 320, 1),
            ],
            Dropout = dropout,
        };
    }

    /// <summary>The nearest multiple of 8, at least 8 and not a tenth less than the number.</summary>
    public static int Divisible(double channels)
    {
        var nearest = Math.Max(Divisor, (int)(channels + Divisor / 2) / Divisor * Divisor);
        return nearest < 0.9 * channels ? nearest + Divisor : nearest;
    }

    /// <summary>Checks that the numbers fit each other.</summary>
    /// <exception cref="ArgumentException">No stage, a count below 1, an even kernel, a stride of neither 1 nor 2, or an output stride that is no power of two from 2.</exception>
    public void Check()
    {
        if (Stages.Count < 1 || StemChannels < 1 || HeadChannels < 1)
            throw new ArgumentException($"efficientnet: {Stages.Count} stages, {StemChannels} channels in the stem; at least 1 of each was wanted");
        for (var s = 0; s < Stages.Count; s++)
            if (Stages[s] is not { Expand: >= 1, Kernel: >= 1, Stride: 1 or 2, Channels: >= 1, Layers: >= 1 } || Stages[s].Kernel % 2 == 0)
                throw new ArgumentException($"efficientnet, stage {s + 1}: {Stages[s]}; a stride of 1 or 2, an odd kernel, and the rest at least 1 were wanted");
        if (OutputStride < 2 || !int.IsPow2(OutputStride))
            throw new ArgumentException($"efficientnet: output stride {OutputStride}; 2, 4, 8, 16 or 32 was wanted");
    }

    // torchvision's larger ones came from TensorFlow, and with them its batch norm.
    static EfficientNetConfig Large(double width, double depth, double dropout) => Scaled(width, depth, dropout) with { Epsilon = 1e-3, Momentum = 0.01 };
}
