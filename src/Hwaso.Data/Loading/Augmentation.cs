using Hwaso.Imaging;
using static System.FormattableString;

namespace Hwaso.Data.Loading;

/// <summary>The transforms of an image and its labels for training; the defaults are those of HRNet's official recipe.</summary>
public sealed record Augmentation
{
    /// <summary>Height of the crop in pixels.</summary>
    public required int CropHeight { get; init; }

    /// <summary>Width of the crop in pixels.</summary>
    public required int CropWidth { get; init; }

    /// <summary>The long side in pixels that scale 1 means; null for the image's own.</summary>
    public int? BaseSize { get; init; }

    /// <summary>The short side in pixels that scale 1 means; null for the image's own, and where there is a base size.</summary>
    public int? ShortSize { get; init; }

    /// <summary>The smallest scale.</summary>
    public double MinScale { get; init; } = 0.5;

    /// <summary>The largest scale.</summary>
    public double MaxScale { get; init; } = 2.1;

    /// <summary>The distance between scales.</summary>
    public double ScaleStep { get; init; } = 0.1;

    /// <summary>
    /// The share of a crop's labelled pixels below which its commonest class must stay; a crop with more is drawn again, ten times at most,
    /// and so is one with a single class. Null: every crop is taken. mmsegmentation's cat_max_ratio.
    /// </summary>
    public double? CatMaxRatio { get; init; }

    /// <summary>Whether half the images are mirrored.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>Whether brightness, contrast, saturation and hue are distorted.</summary>
    public bool PhotometricDistortion { get; init; }

    /// <summary>The means subtracted from each channel, in 0 … 1; images are read with as many channels. ImageNet's colours.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0.485, 0.456, 0.406];

    /// <summary>The standard deviations that each channel is then divided by.</summary>
    public IReadOnlyList<double> Std { get; init; } = [0.229, 0.224, 0.225];

    internal void Check()
    {
        static void Require(bool fine, string problem)
        {
            if (!fine)
                throw new ArgumentException(problem);
        }
        Require(CropHeight > 0 && CropWidth > 0, $"a crop of {CropHeight}×{CropWidth}: both sides must be at least 1");
        Require(BaseSize is null or > 0, $"BaseSize is {BaseSize}; at least 1 was wanted, or null for the image's own long side");
        Require(ShortSize is null || (ShortSize > 0 && BaseSize is null),
            $"ShortSize is {ShortSize}, BaseSize {BaseSize}; one of at least 1 was wanted, or both null for the image's own sides");
        Require(MinScale > 0 && MaxScale >= MinScale && double.IsFinite(MaxScale),
            Invariant($"scales from {MinScale} to {MaxScale}: above 0 and in rising order were wanted"));
        Require(ScaleStep > 0, Invariant($"ScaleStep is {ScaleStep}; above 0 was wanted"));
        Require(CatMaxRatio is null or (> 0 and <= 1),
            Invariant($"CatMaxRatio is {CatMaxRatio}; above 0 to 1 was wanted, or null for crops of any labels"));
        Require(Mean.Count > 0 && Std.Count == Mean.Count && Std.All(d => d > 0),
            "Mean and Std need a value for each channel of the images, those of Std above 0");
        Require(!PhotometricDistortion || Mean.Count == 3,
            $"PhotometricDistortion is for red, green and blue, but Mean and Std are of {Mean.Count} channels");
    }
}

/// <summary>The choices made for one image: the size it is scaled to, where the crop lies in that, and whether it is mirrored.</summary>
/// <param name="ScaledWidth">Width after scaling.</param>
/// <param name="ScaledHeight">Height after scaling.</param>
/// <param name="X">Left of the crop; 0 where the scaled image is narrower than the crop and padded.</param>
/// <param name="Y">Top of the crop.</param>
/// <param name="Flip">Whether the crop is mirrored.</param>
public readonly record struct CropPlan(int ScaledWidth, int ScaledHeight, int X, int Y, bool Flip)
{
    // As mmsegmentation: the last one is taken as it is.
    const int MostRedraws = 10;

    /// <summary>Chooses, in the official code's order: scale, top, left (again where one class has too much of the crop), mirror.</summary>
    /// <param name="augmentation">What to choose from.</param>
    /// <param name="width">Width of the image.</param>
    /// <param name="height">Height of the image.</param>
    /// <param name="random">The image's random numbers.</param>
    /// <param name="labels">The image's labels, where <see cref="Augmentation.CatMaxRatio"/> looks at them.</param>
    public static CropPlan Choose(Augmentation augmentation, int width, int height, ref KeyedRandom random, LabelMap? labels = null)
    {
        var steps = (int)Math.Round((augmentation.MaxScale - augmentation.MinScale) / augmentation.ScaleStep);
        // 0.5 + 3 × 0.1 must be 0.8, as the official 0.5 + 3 / 10 is: the last bit can decide about a pixel.
        var scale = Math.Round(augmentation.MinScale + augmentation.ScaleStep * random.UpTo(steps), 9);
        var (w, h) = augmentation.ShortSize is { } shortSize
            ? Scaled(width, height, Math.Max(1, (int)(shortSize * scale + 0.5)), width < height)
            : Scaled(width, height, Math.Max(1, (int)((augmentation.BaseSize ?? Math.Max(width, height)) * scale + 0.5)), width >= height);
        var plan = Placed(augmentation, w, h, ref random);
        if (augmentation.CatMaxRatio is { } most && labels is not null)
            for (var draw = 0; draw < MostRedraws && !ClassShare.IsBelow(most, labels, augmentation, plan); draw++)
                plan = Placed(augmentation, w, h, ref random);
        return plan with { Flip = augmentation.Flip && random.UpTo(1) == 1 };
    }

    static CropPlan Placed(Augmentation augmentation, int width, int height, ref KeyedRandom random)
    {
        var y = random.UpTo(Math.Max(0, height - augmentation.CropHeight));
        return new CropPlan(width, height, random.UpTo(Math.Max(0, width - augmentation.CropWidth)), y, false);
    }

    static (int Width, int Height) Scaled(int width, int height, int side, bool isWidth) => isWidth
        ? (side, Math.Max(1, (int)((double)height * side / width + 0.5)))
        : (Math.Max(1, (int)((double)width * side / height + 0.5)), side);
}

/// <summary>
/// One image's distortion of brightness, contrast, saturation and hue, each with probability ½ (as SSD: Liu et al., ECCV 2016, section
/// 2.2).
/// </summary>
readonly record struct Photometric(float Brightness, float Contrast, float Saturation, float HueCos, float HueSin)
{
    const double MaxBrightness = 32, MinFactor = 0.5, MaxFactor = 1.5, MaxHueDegrees = 18;

    public static Photometric Choose(ref KeyedRandom random)
    {
        static double Maybe(ref KeyedRandom random, double from, double to, double otherwise)
        {
            var (use, value) = (random.UpTo(1) == 1, random.Between(from, to));
            return use ? value : otherwise;
        }
        var brightness = Maybe(ref random, -MaxBrightness, MaxBrightness, 0);
        var contrast = Maybe(ref random, MinFactor, MaxFactor, 1);
        var saturation = Maybe(ref random, MinFactor, MaxFactor, 1);
        var hue = Maybe(ref random, -MaxHueDegrees, MaxHueDegrees, 0) * Math.PI / 180;
        return new Photometric((float)brightness, (float)contrast, (float)saturation, (float)Math.Cos(hue), (float)Math.Sin(hue));
    }

    /// <summary>
    /// Distorts a row of values 0 … 255. Hue turns and saturation scales the colour difference around gray (YIQ), brightness stays.
    /// </summary>
    public void Apply(Span<float> red, Span<float> green, Span<float> blue)
    {
        for (var x = 0; x < red.Length; x++)
        {
            float r = red[x], g = green[x], b = blue[x];
            var y = 0.299f * r + 0.587f * g + 0.114f * b;
            var i = (0.596f * r - 0.274f * g - 0.322f * b) * Saturation;
            var q = (0.211f * r - 0.523f * g + 0.312f * b) * Saturation;
            (i, q) = (i * HueCos - q * HueSin, i * HueSin + q * HueCos);
            y = y * Contrast + Brightness;
            (i, q) = (i * Contrast, q * Contrast);
            red[x] = Math.Clamp(y + 0.956f * i + 0.621f * q, 0, 255);
            green[x] = Math.Clamp(y - 0.272f * i - 0.647f * q, 0, 255);
            blue[x] = Math.Clamp(y - 1.106f * i + 1.703f * q, 0, 255);
        }
    }
}
