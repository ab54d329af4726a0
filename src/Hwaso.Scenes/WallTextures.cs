namespace Hwaso.Scenes;

/// <summary>Façades with windows and shops, roofs, brick and concrete.</summary>
static class WallTextures
{
    /// <summary>
    /// A: storey height; B: window pitch; C: window width as a share; D: 0 windows, 1 ribbon, 2 glass curtain; +4 shop below.
    /// </summary>
    public static Appearance Facade(Surface s, float u, float v, float footprint, Weather weather)
    {
        var style = (int)s.D;
        float fx = u / s.B, fy = v / s.A;
        int column = (int)MathF.Floor(fx), storey = (int)MathF.Floor(fy);
        fx -= column;
        fy -= storey;
        var dirt = 0.82f + 0.3f * Noise.Fractal(u * 0.35f, v * 0.22f, s.Seed, 3);
        var grain = 1 + 0.12f * (Noise.Value(u * 11, v * 11, s.Seed + 1) - 0.5f) * Math.Clamp(0.1f / footprint, 0, 1);
        var wall = s.Color * (dirt * grain);
        if (storey == 0 && style >= 4)
        {
            var shop = Noise.Hash((int)MathF.Floor(u / 6.5f), 0, s.Seed);
            var sign = new Vec3((shop & 255) / 300f, (shop >> 8 & 255) / 300f, (shop >> 16 & 255) / 300f);
            if (fy > 0.78f)
                return new(sign * 0.8f, 0.1f, weather.Night ? sign * 0.5f : default);
            var mullion = u / 1.6f - MathF.Floor(u / 1.6f) < 0.07f || fy < 0.1f;
            return mullion ? new(sign * 0.25f) : Pane(u, v, shop, weather, (shop & 3) != 0);
        }
        style &= 3;
        if (style == 2)
            return fx < 0.06f || fy < 0.05f || fy is > 0.3f and < 0.34f ? new(s.Accent, 0.2f)
                : Pane(u, v, Noise.Hash(column, storey, s.Seed), weather, Noise.At(column, storey, s.Seed + 2) > 0.6f);
        var half = style == 1 ? 0.47f : s.C / 2;
        float dx = MathF.Abs(fx - 0.5f), dy = fy - 0.56f;
        if (dx < half && MathF.Abs(dy) < 0.27f)
        {
            var frame = half - dx < 0.035f || 0.27f - MathF.Abs(dy) < 0.03f || dx < 0.015f;
            var hash = Noise.Hash(column, storey, s.Seed);
            if (frame)
                return new(s.Accent, 0.05f);
            // Some have their blinds down.
            return (hash & 15) == 0 ? new(s.Accent * 0.7f) : Pane(u, v, hash, weather, (hash >> 4 & 3) == 0);
        }
        if (dx < half + 0.04f && dy is < -0.27f and > -0.33f)
            return new(s.Accent * 0.8f);
        return new(fy < 0.05f ? wall * 0.8f : wall);
    }

    static Appearance Pane(float u, float v, uint hash, Weather weather, bool lit)
    {
        var tone = 0.02f + 0.05f * (hash >> 24) / 255f;
        var curtain = (hash >> 20 & 3) == 0 ? 0.25f : 0;
        var albedo = new Vec3(tone + curtain, tone * 1.05f + curtain, tone * 1.15f + curtain)
            * (0.6f + 0.8f * Noise.Value(u * 3, v * 3, hash));
        return new(albedo, 0.9f, weather.Night && lit ? new Vec3(0.75f, 0.55f, 0.28f) * (0.3f + tone * 12) : default);
    }

    public static Appearance Of(Surface s, float u, float v, float footprint)
    {
        var near = Math.Clamp(0.1f / footprint, 0, 1);
        var dirt = 0.75f + 0.45f * Noise.Fractal(u * 0.5f, v * 0.4f, s.Seed, 3);
        switch (s.Kind)
        {
            case SurfaceKind.Tiles:
                var row = v / 0.3f;
                var line = row - MathF.Floor(row) < 0.2f ? 1 - 0.35f * near : 1;
                return new(s.Color * (dirt * line * (1 + 0.25f * near * (Noise.At((int)(u * 4), (int)MathF.Floor(row), s.Seed) - 0.5f))));
            case SurfaceKind.Brick:
                // A: course height; bricks are three times as long as high.
                var course = MathF.Floor(v / s.A);
                var fu = u / (3 * s.A) + (((int)course & 1) == 0 ? 0 : 0.5f);
                float along = fu - MathF.Floor(fu), up = v / s.A - course;
                var mortar = along < 0.06f || up < 0.16f;
                var brick = s.Color * (0.8f + 0.5f * near * (Noise.At((int)MathF.Floor(fu), (int)course, s.Seed) - 0.4f));
                return new((mortar ? Vec3.Lerp(brick, s.Accent, near) : brick) * dirt);
            default:
                var joint = u / 3 - MathF.Floor(u / 3) < 0.015f ? 0.6f : 1;
                var streak = 1 - 0.25f * Noise.Value(u * 4, v * 0.3f, s.Seed + 3);
                return new(s.Color * (dirt * joint * streak));
        }
    }
}
