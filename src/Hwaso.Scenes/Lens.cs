using Hwaso.Data;

namespace Hwaso.Scenes;

/// <summary>From linear light to the bytes of a camera: blur, fringes, vignette, exposure, noise, tone curve.</summary>
sealed class Lens(SceneRandom random, Weather weather)
{
    const int CurveSize = 4096;

    readonly float exposureStops = random.Range(-0.35f, 0.35f);
    readonly float blur = random.Range(0.02f, 0.2f);
    readonly float vignette = random.Range(0.05f, 0.35f);
    readonly float noise = random.Range(0.004f, 0.016f) * (weather.Night ? 2.2f : 1);
    readonly Vec3 balance = random.Vary(new(1, 1, 1), 0.12f);
    readonly float gamma = random.Range(0.46f, 0.6f);
    readonly float black = random.Range(0.004f, 0.03f);
    readonly float saturation = random.Range(0.85f, 1.3f);
    readonly ulong seed = random.Next();
    readonly uint rainSeed = random.Seed();

    public byte[] Develop(Vec3[] light, int width, int height)
    {
        var soft = Soften(light, width, height);
        var gain = MathF.Pow(2, exposureStops) * (weather.Night ? 0.24f : 0.36f) / Mean(light);
        var curve = Curve();
        var pixels = new byte[width * height * 3];
        var state = seed;
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                var at = y * width + x;
                float dx = (x + 0.5f) / width * 2 - 1, dy = (y + 0.5f) / height * 2 - 1;
                var c = soft[at] * balance * (gain * (1 - vignette * (dx * dx + dy * dy) * 0.5f));
                if (weather.Rain > 0)
                    c = Streak(c, x, y, height);
                var gray = 0.3f * c.X + 0.59f * c.Y + 0.11f * c.Z;
                c = new Vec3(gray, gray, gray) * (1 - saturation) + c * saturation;
                state += SplitMix64.Step;
                var bits = SplitMix64.Mix(state);
                pixels[at * 3] = Byte(c.X, bits, curve);
                pixels[at * 3 + 1] = Byte(c.Y, bits >> 21, curve);
                pixels[at * 3 + 2] = Byte(c.Z, bits >> 42, curve);
            }
        return pixels;
    }

    /// <summary>Shot noise grows with the root of the light; the sum of three uniform numbers stands for a Gaussian.</summary>
    byte Byte(float value, ulong bits, byte[] curve)
    {
        var gauss = ((bits & 127) + (bits >> 7 & 127) + (bits >> 14 & 127)) / 63.5f - 3;
        value = MathF.Max(0, value);
        value += gauss * noise * (0.25f + MathF.Sqrt(value));
        return curve[Math.Clamp((int)(value * (CurveSize / 4f)), 0, CurveSize - 1)];
    }

    byte[] Curve()
    {
        var curve = new byte[CurveSize];
        for (var i = 0; i < CurveSize; i++)
        {
            var x = (i + 0.5f) * 4 / CurveSize;
            // A shoulder that keeps skies from burning out.
            var y = MathF.Max(0, x - black) * (1 + x * 0.08f) / (1 + x * 0.6f);
            curve[i] = (byte)Math.Clamp(MathF.Pow(y, gamma) * 255, 0, 255);
        }
        return curve;
    }

    Vec3 Streak(Vec3 c, int x, int y, int height)
    {
        var scale = 256f / height;
        var u = (x + y * 0.12f) * scale;
        var drop = Noise.Value(u * 0.9f, y * scale * 0.045f, rainSeed);
        var veil = Math.Clamp((drop - 0.86f) * 5, 0, 1) * 0.22f * weather.Rain;
        return c + new Vec3(veil, veil, veil);
    }

    static float Mean(Vec3[] light)
    {
        double sum = 0;
        foreach (var c in light)
            sum += MathF.Min(2.5f, 0.3f * c.X + 0.59f * c.Y + 0.11f * c.Z);
        return MathF.Max(0.02f, (float)(sum / light.Length));
    }

    /// <summary>A three-by-three blur, a little wider for red and blue than for green as simple lenses do.</summary>
    Vec3[] Soften(Vec3[] light, int width, int height)
    {
        var rows = new Vec3[light.Length];
        Pass(light, rows, width, height, 1, 0);
        var both = new Vec3[light.Length];
        Pass(rows, both, width, height, 0, 1);
        return both;
    }

    void Pass(Vec3[] from, Vec3[] to, int width, int height, int stepX, int stepY)
    {
        var side = new Vec3(blur * 1.25f, blur, blur * 1.25f);
        var middle = new Vec3(1, 1, 1) - side * 2;
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                var before = from[Math.Max(y - stepY, 0) * width + Math.Max(x - stepX, 0)];
                var after = from[Math.Min(y + stepY, height - 1) * width + Math.Min(x + stepX, width - 1)];
                to[y * width + x] = from[y * width + x] * middle + (before + after) * side;
            }
    }
}
