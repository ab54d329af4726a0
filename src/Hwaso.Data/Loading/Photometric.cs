namespace Hwaso.Data.Loading;

/// <summary>One image's distortion of brightness, contrast, saturation and hue, each with probability ½ (as SSD: Liu et al., ECCV 2016, section 2.2).</summary>
readonly record struct Photometric(float Brightness, float Contrast, float Saturation, float HueCos, float HueSin)
{
    const double MaxBrightness = 32, MinFactor = 0.5, MaxFactor = 1.5, MaxHueDegrees = 18;

    public static Photometric Choose(ref Choices choices)
    {
        static double Maybe(ref Choices choices, double from, double to, double otherwise)
        {
            var (use, value) = (choices.UpTo(1) == 1, choices.Between(from, to));
            return use ? value : otherwise;
        }
        var brightness = Maybe(ref choices, -MaxBrightness, MaxBrightness, 0);
        var contrast = Maybe(ref choices, MinFactor, MaxFactor, 1);
        var saturation = Maybe(ref choices, MinFactor, MaxFactor, 1);
        var hue = Maybe(ref choices, -MaxHueDegrees, MaxHueDegrees, 0) * Math.PI / 180;
        return new Photometric((float)brightness, (float)contrast, (float)saturation, (float)Math.Cos(hue), (float)Math.Sin(hue));
    }

    /// <summary>Distorts a row of values 0 … 255. Hue turns and saturation scales the colour difference around gray (YIQ), brightness stays.</summary>
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
