namespace Hwaso.Recipes;

/// <summary>
/// What happens to an image and its label on their way into training: random scale, pad, random crop, flip, photometric
/// distortion, normalisation. Defaults are those of the official HRNet code.
/// </summary>
/// <param name="Crop">The size that every training image is cropped and padded to.</param>
public sealed record AugmentRecipe(SizePx Crop)
{
    internal const int ColourChannels = 3;

    /// <summary>The long side in pixels that scale 1 means, at least 1; null for the image's own.</summary>
    public int? BaseSize { get; init; }

    /// <summary>The short side in pixels that scale 1 means, at least 1; null for the image's own, and beside a base size.</summary>
    public int? ShortSize { get; init; }

    /// <summary>The smallest random scale, above 0.</summary>
    public double ScaleMin { get; init; } = 0.5;

    /// <summary>The largest random scale, at least <see cref="ScaleMin"/>.</summary>
    public double ScaleMax { get; init; } = 2.1;

    /// <summary>The distance between the random scales, above 0; it divides the range evenly.</summary>
    public double ScaleStep { get; init; } = 0.1;

    /// <summary>
    /// A crop whose commonest class has this share of its labelled pixels or more is drawn again, ten times at most; above 0, at most 1;
    /// null for crops of any labels.
    /// </summary>
    public double? CatMaxRatio { get; init; }

    /// <summary>Whether half the images are mirrored left to right.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>Whether brightness, contrast, saturation and hue are distorted at random.</summary>
    public bool Photometric { get; init; }

    /// <summary>
    /// What is subtracted from each channel in 0 … 1: ImageNet's for colours, the mean of those for gray, ½ for other channels.
    /// </summary>
    public ValueList<double> Mean { get; init; } = [0.485, 0.456, 0.406];

    /// <summary>
    /// What each channel is then divided by, each above 0: ImageNet's for colours, the mean of those for gray, ¼ for other channels.
    /// </summary>
    public ValueList<double> Std { get; init; } = [0.229, 0.224, 0.225];

    /// <summary>The usual <see cref="Mean"/> of images of so many channels.</summary>
    /// <param name="channels">C, at least 1.</param>
    public static ValueList<double> MeanOf(int channels) => channels switch
    {
        1 => [0.449],
        3 => [0.485, 0.456, 0.406],
        _ => [.. Enumerable.Repeat(0.5, channels)],
    };

    /// <summary>The usual <see cref="Std"/> of images of so many channels.</summary>
    /// <inheritdoc cref="MeanOf"/>
    public static ValueList<double> StdOf(int channels) => channels switch
    {
        1 => [0.226],
        3 => [0.229, 0.224, 0.225],
        _ => [.. Enumerable.Repeat(0.25, channels)],
    };

    internal static AugmentRecipe Read(YamlMap map, int channels)
    {
        var augment = new AugmentRecipe(map["crop"].Size() ?? throw map.Missing("crop", "[height, width], such as [512, 1024]"));
        augment = augment with
        {
            BaseSize = map["base_size"].Int(min: 1),
            ShortSize = map["short_size"].Int(min: 1),
            ScaleMin = map["scale_min"].Number(min: 0, aboveMin: true) ?? augment.ScaleMin,
            ScaleMax = map["scale_max"].Number(min: 0, aboveMin: true) ?? augment.ScaleMax,
            ScaleStep = map["scale_step"].Number(min: 0, aboveMin: true) ?? augment.ScaleStep,
            CatMaxRatio = map["cat_max_ratio"].Number(min: 0, aboveMin: true, max: 1),
            Flip = map["flip"].Flag() ?? augment.Flip,
            Photometric = map["photometric"].Flag() ?? augment.Photometric,
            Mean = map["mean"].Numbers(count: channels) ?? MeanOf(channels),
            Std = map["std"].Numbers(count: channels, min: 0, aboveMin: true) ?? StdOf(channels),
        };
        if (augment is { BaseSize: not null, ShortSize: not null })
            throw map["short_size"].Node!.Error("excludes 'augment.base_size', which gives the long side; remove one of the two");
        CheckScales(augment, map);
        if (augment.Photometric && channels != ColourChannels)
            throw map["photometric"].Node!.Error($"distorts red, green and blue, but model.in_channels is {channels}; remove it");
        return augment;
    }

    internal void Write(YamlWriter yaml)
    {
        yaml.Int("base_size", BaseSize);
        yaml.Int("short_size", ShortSize);
        yaml.Number("scale_min", ScaleMin);
        yaml.Number("scale_max", ScaleMax);
        yaml.Number("scale_step", ScaleStep);
        yaml.Size("crop", Crop);
        yaml.Number("cat_max_ratio", CatMaxRatio);
        yaml.Flag("flip", Flip);
        yaml.Flag("photometric", Photometric);
        yaml.Numbers("mean", Mean);
        yaml.Numbers("std", Std);
    }

    static void CheckScales(AugmentRecipe augment, YamlMap map)
    {
        var (min, max, step) = (augment.ScaleMin, augment.ScaleMax, augment.ScaleStep);
        var place = map["scale_max"].Node ?? map["scale_min"].Node ?? map["scale_step"].Node;
        if (place is null) return;
        if (max < min) throw place.Error($"scale_max {YamlWriter.Format(max)} is below scale_min {YamlWriter.Format(min)}");
        var steps = (max - min) / step;
        // 1e-6 of a step: decimal fractions such as 0.1 are not exact in binary.
        if (Math.Abs(steps - Math.Round(steps)) > 1e-6)
            throw place.Error(
                $"from {YamlWriter.Format(min)} to {YamlWriter.Format(max)} "
                + $"is no whole number of steps of {YamlWriter.Format(step)}");
    }
}
