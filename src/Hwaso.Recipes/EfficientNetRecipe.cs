using Hwaso.Models.Backbones;
using Hwaso.Recipes.Yaml;

namespace Hwaso.Recipes;

/// <summary>An EfficientNet; what is null keeps the named network's value, or the kind's. The lists have a value a stage.</summary>
public sealed record EfficientNetRecipe
{
    /// <summary>Channels of the first convolution.</summary>
    public int? StemChannels { get; init; }

    /// <summary>Widths inside blocks, in widths of their inputs.</summary>
    public ValueList<int>? Expand { get; init; }

    /// <summary>Sides of the depthwise kernels.</summary>
    public ValueList<int>? Kernels { get; init; }

    /// <summary>Steps of the first blocks.</summary>
    public ValueList<int>? Strides { get; init; }

    /// <summary>Output channels.</summary>
    public ValueList<int>? Channels { get; init; }

    /// <summary>Blocks.</summary>
    public ValueList<int>? Layers { get; init; }

    /// <summary>Channels of the last convolution.</summary>
    public int? HeadChannels { get; init; }

    /// <summary>Probability with which an element is dropped before the classifier, in training.</summary>
    public double? Dropout { get; init; }

    /// <summary>Probability with which the last block would be skipped, in training.</summary>
    public double? StochasticDepth { get; init; }

    /// <summary>Batch norm's addition to the variance.</summary>
    public double? BatchNormEpsilon { get; init; }

    /// <summary>Pixels of the image to one of the last stage.</summary>
    public int? OutputStride { get; init; }

    internal bool HasEveryStage => (Expand, Kernels, Strides, Channels, Layers) is (not null, not null, not null, not null, not null);

    internal EfficientNetConfig Over(EfficientNetConfig named)
    {
        var config = named with
        {
            StemChannels = StemChannels ?? named.StemChannels,
            Stages = Stages(named.Stages),
            HeadChannels = HeadChannels ?? named.HeadChannels,
            Dropout = Dropout ?? named.Dropout,
            StochasticDepth = StochasticDepth ?? named.StochasticDepth,
            Epsilon = BatchNormEpsilon ?? named.Epsilon,
            OutputStride = OutputStride ?? named.OutputStride,
        };
        config.Check();
        return config;
    }

    internal static EfficientNetRecipe? Read(YamlMap map)
    {
        var recipe = new EfficientNetRecipe
        {
            StemChannels = map["stem_channels"].Int(min: 1),
            Expand = map["expand"].Ints(min: 1),
            Kernels = map["kernels"].Ints(min: 1),
            Strides = map["strides"].Ints(min: 1),
            Channels = map["channels"].Ints(min: 1),
            Layers = map["layers"].Ints(min: 1),
            HeadChannels = map["head_channels"].Int(min: 1),
            Dropout = map["dropout"].Number(min: 0, max: 1),
            StochasticDepth = map["stochastic_depth"].Number(min: 0, max: 1),
            BatchNormEpsilon = map["bn_eps"].Number(min: 0, aboveMin: true),
            OutputStride = map["output_stride"].Int(min: 2),
        };
        return map.IsGiven ? recipe : null;
    }

    internal void Write(YamlWriter yaml) => yaml.Section("efficientnet", () =>
    {
        yaml.Int("stem_channels", StemChannels);
        yaml.Numbers("expand", Expand?.Select(v => (double)v));
        yaml.Numbers("kernels", Kernels?.Select(v => (double)v));
        yaml.Numbers("strides", Strides?.Select(v => (double)v));
        yaml.Numbers("channels", Channels?.Select(v => (double)v));
        yaml.Numbers("layers", Layers?.Select(v => (double)v));
        yaml.Int("head_channels", HeadChannels);
        yaml.Number("dropout", Dropout);
        yaml.Number("stochastic_depth", StochasticDepth);
        yaml.Number("bn_eps", BatchNormEpsilon);
        yaml.Int("output_stride", OutputStride);
    });

    EfficientNetStage[] Stages(IReadOnlyList<EfficientNetStage> named)
    {
        (string Name, ValueList<int>? List)[] lists = [("expand", Expand), ("kernels", Kernels), ("strides", Strides), ("channels", Channels), ("layers", Layers)];
        // With every list given, the named network's number of stages is of no matter.
        var count = HasEveryStage ? Channels!.Count : named.Count;
        foreach (var (name, list) in lists)
            if (list is not null && list.Count != count)
                throw new ArgumentException($"efficientnet.{name}: {list.Count} values for {count} stages; one a stage was wanted");
        return [.. Enumerable.Range(0, count).Select(s => new EfficientNetStage(
            Expand?[s] ?? named[s].Expand, Kernels?[s] ?? named[s].Kernel, Strides?[s] ?? named[s].Stride, Channels?[s] ?? named[s].Channels, Layers?[s] ?? named[s].Layers))];
    }
}
