// Liu et al., "A ConvNet for the 2020s", CVPR 2022. Structure and key names follow the authors' code for segmentation
// (semantic_segmentation/backbone/convnext.py). Deviations: none known; under segmentation_models.pytorch's decoders the norms behind the
// stages are left out, as there.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>What distinguishes one ConvNeXt from another; the named sizes are the paper's.</summary>
public sealed record ConvNextConfig
{
    const int StageCount = 4;

    /// <summary>Every named size, smallest first.</summary>
    public static IReadOnlyList<(string Name, ConvNextConfig Config)> Sizes { get; } =
    [
        ("t", new() { Depths = [3, 3, 9, 3], Widths = [96, 192, 384, 768], DropPath = 0.4 }),
        ("s", new() { Widths = [96, 192, 384, 768], DropPath = 0.3 }),
        ("b", new() { Widths = [128, 256, 512, 1024] }),
        ("l", new() { Widths = [192, 384, 768, 1536] }),
    ];

    /// <summary>Blocks of each stage.</summary>
    public ValueList<int> Depths { get; init; } = [3, 3, 27, 3];

    /// <summary>Channels of each stage.</summary>
    public required ValueList<int> Widths { get; init; }

    /// <summary>Probability with which the last block is skipped in training; it rises linearly from 0 at the first.</summary>
    public double DropPath { get; init; } = 0.4;

    /// <summary>First value of every block's factors: 1 in segmentation, 1e-6 for ImageNet.</summary>
    public double LayerScale { get; init; } = 1;

    /// <summary>Whether each stage's map is normalised.</summary>
    public bool OutputNorms { get; init; } = true;

    /// <summary>How many of the four stages run, from 1; the others have weights and take no part.</summary>
    public int RunningStages { get; init; } = StageCount;

    /// <summary>Channels of the images, at least 1.</summary>
    public int InChannels { get; init; } = 3;

    /// <summary>Checks that the numbers fit each other.</summary>
    /// <exception cref="ArgumentException">Not four stages, or a number out of its range.</exception>
    public void Check()
    {
        if (Depths.Count != StageCount || Widths.Count != StageCount || Depths.Any(d => d < 1) || Widths.Any(c => c < 1))
            throw new ArgumentException($"convnext: {Depths.Count} depths and {Widths.Count} widths; {StageCount} from 1 on were wanted");
    }
}

/// <summary>Images to four maps at strides 4, 8, 16 and 32, rounded down.</summary>
public sealed class ConvNext : Backbone
{
    const double Epsilon = 1e-6, Deviation = 0.02;
    const int Least = 32;

    readonly ConvNextConfig config;
    readonly Net[][] downsample_layers;
    readonly ConvNextBlock[][] stages;
    readonly ChannelNorm[] norms;

    /// <summary>Builds it.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public ConvNext(Weights w, ConvNextConfig config) : base(w)
    {
        config.Check();
        this.config = config;
        downsample_layers = [.. config.Widths.Select((width, s) =>
        {
            var place = w / "downsample_layers" / s;
            return s == 0
                ? new Net[]
                {
                    new Conv2d(place / 0, config.InChannels, width, 4, 4, padding: 0, bias: true),
                    new ChannelNorm(place / 1, width, Epsilon),
                }
                : [new ChannelNorm(place / 0, config.Widths[s - 1], Epsilon),
                    new Conv2d(place / 1, config.Widths[s - 1], width, 2, 2, padding: 0, bias: true)];
        })];
        stages = [.. config.Widths.Select((width, s) => Enumerable.Range(0, config.Depths[s]).Select(b => new ConvNextBlock(
            w / "stages" / s / b, width, config.LayerScale, DropPathSchedule.Of(config.DropPath, config.Depths, s, b))).ToArray())];
        norms = config.OutputNorms ? [.. config.Widths.Select((width, s) => new ChannelNorm(w / $"norm{s}", width, Epsilon))] : [];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Channels => config.Widths;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Ends => [0, 1, 2, 3];

    /// <summary>Convolutions and linear layers normal with a deviation of 0.02, biases 0.</summary>
    public override void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters)
            if (tensor.Dimensions >= 2)
                Init.TruncatedNormal(tensor, Deviation);
            else if (name.EndsWith(".bias", StringComparison.Ordinal))
                Init.Constant(tensor, 0);
    }

    /// <inheritdoc/>
    /// <exception cref="SmallImageException">The last stage would have no pixel.</exception>
    protected override Tensor[] Forward(Tensor x)
    {
        if (x.Size(2) < Least || x.Size(3) < Least)
            throw new SmallImageException(Path, x.Size(2), x.Size(3), "the last stage", Least);
        var maps = new Tensor[config.RunningStages];
        for (var s = 0; s < maps.Length; s++)
        {
            foreach (var layer in downsample_layers[s])
                x = x.Apply(layer);
            foreach (var block in stages[s])
                x = x.Apply(block);
            maps[s] = norms.Length > 0 ? x.Apply(norms[s]) : x;                 // [N, C, H/4, W/4]
        }
        return maps;
    }
}

/// <summary>A 7×7 depthwise convolution, then two linear layers over each pixel's channels. Fig. 4.</summary>
sealed class ConvNextBlock : Net
{
    const int Wider = 4;
    const double Epsilon = 1e-6;

    readonly Tensor gamma;
    readonly Conv2d dwconv;
    readonly LayerNorm norm;
    readonly Linear pwconv1, pwconv2;
    readonly GELU act;
    readonly StochasticDepth drop_path;

    public ConvNextBlock(Weights w, int width, double layerScale, double drop) : base(w)
    {
        gamma = w.Parameter("gamma", [width], t => Init.Constant(t, layerScale));
        dwconv = new(w / "dwconv", width, width, kernel: 7, groups: width, bias: true);
        norm = new(w / "norm", [width], Epsilon);
        pwconv1 = new(w / "pwconv1", width, Wider * width);
        act = new(w / "act");
        pwconv2 = new(w / "pwconv2", Wider * width, width);
        drop_path = new(w / "drop_path", drop);
    }

    protected override Tensor Forward(Tensor x)
    {
        var y = x.Apply(dwconv).Permute(0, 2, 3, 1).Apply(norm).Apply(pwconv1).Apply(act).Apply(pwconv2) * gamma;   // [N, H, W, C]
        return x + y.Permute(0, 3, 1, 2).Apply(drop_path);
    }
}

/// <summary>How likely each block of a network is to be skipped: rising linearly over all blocks.</summary>
static class DropPathSchedule
{
    /// <summary>The probability of a block of a stage, from 0 at the very first to the last's.</summary>
    public static double Of(double last, IReadOnlyList<int> depths, int stage, int block)
    {
        var total = depths.Sum();
        return total == 1 ? 0 : last * (depths.Take(stage).Sum() + block) / (total - 1);
    }
}
