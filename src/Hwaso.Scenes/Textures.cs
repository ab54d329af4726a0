namespace Hwaso.Scenes;

/// <summary>Textures of everything but ground and walls.</summary>
static class Textures
{
    public static Appearance Of(Surface s, float u, float v, Vec3 p, float footprint, StreetPlan plan, Weather weather)
    {
        switch (s.Kind)
        {
            case SurfaceKind.Road:
                return GroundTextures.Road(s, u, v, p, footprint, plan, weather);
            case SurfaceKind.Paving:
            case SurfaceKind.Grass:
            case SurfaceKind.Soil:
            case SurfaceKind.Rail:
                return GroundTextures.Of(s, u, v, p, footprint, weather);
            case SurfaceKind.Facade:
                return WallTextures.Facade(s, u, v, footprint, weather);
            case SurfaceKind.Tiles:
            case SurfaceKind.Brick:
            case SurfaceKind.Concrete:
                return WallTextures.Of(s, u, v, footprint);
            case SurfaceKind.Hedge:
            case SurfaceKind.Leaves:
                return Foliage(s, p, footprint);
            case SurfaceKind.Bark:
                return new(s.Color * (0.6f + 0.8f * Noise.Value(u * 3, v * 6, s.Seed)));
            case SurfaceKind.Slats:
            case SurfaceKind.Mesh:
                return new(s.Color * (0.75f + 0.5f * Noise.Value(u * 1.3f, v * 1.3f, s.Seed)), 0.05f);
            case SurfaceKind.Paint:
                return new(s.Color * (0.94f + 0.12f * Noise.Value(p.X * 2, p.Y * 2, s.Seed)), 0.55f);
            case SurfaceKind.Glass:
                return new(s.Color * (0.7f + 0.6f * Noise.Value(u * 2.5f, v * 2.5f, s.Seed)), 1);
            case SurfaceKind.SideGlass:
                var pane = v > s.C + 0.04f && v < s.B - 0.07f && MathF.Abs(u - s.A) > 0.045f && MathF.Abs(u - s.A + s.D) > 0.04f;
                return pane ? new(s.Color * (0.6f + 0.8f * Noise.Value(u * 3, v * 3, s.Seed)), 1) : new(s.Accent, 0.5f);
            case SurfaceKind.Coach:
                return Coach(s, u, v, weather);
            case SurfaceKind.Wheel:
                var r = u * u + v * v;
                return r > 0.42f ? new(new(0.018f, 0.018f, 0.02f)) : r < 0.05f ? new(s.Color * 0.5f, 0.2f)
                    : new(s.Color * (MathF.Sin(5 * MathF.Atan2(v, u)) > 0.1f ? 1 : 0.3f), 0.35f);
            case SurfaceKind.SpokeWheel:
                return new(new(0.03f, 0.03f, 0.032f));
            case SurfaceKind.Cloth:
                var fold = Noise.Value(p.X * 9, p.Y * 5, p.Z * 9, s.Seed);
                var stripe = s.A > 0 && v / s.A - MathF.Floor(v / s.A) < 0.5f;
                return new((stripe ? s.Accent : s.Color) * (0.7f + 0.6f * fold));
            case SurfaceKind.Metal:
                return new(s.Color * (0.85f + 0.3f * Noise.Value(u * 2, v * 2, s.Seed)), 0.15f);
            case SurfaceKind.Sign:
                return Sign(s, u, v);
            case SurfaceKind.TrafficLight:
                return TrafficLight(s, u, v);
            case SurfaceKind.Lamp:
                return new(s.Color, 0.3f, s.Color * (weather.Night ? s.B : s.A));
            default:
                return new(s.Color * (0.9f + 0.2f * Noise.Value(p.X * 3, p.Y * 3 + p.Z * 3, s.Seed)), s.C);
        }
    }

    static Appearance Foliage(Surface s, Vec3 p, float footprint)
    {
        var fine = Math.Clamp(0.25f / footprint, 0, 1);
        var clump = Noise.Value(p.X * 1.4f, p.Y * 1.4f, p.Z * 1.4f, s.Seed);
        var leaf = Noise.Value(p.X * 7, p.Y * 7, p.Z * 7, s.Seed + 3) - 0.5f;
        var tint = Vec3.Lerp(s.Color, s.Accent, clump);
        return new(tint * MathF.Max(0.12f, 0.35f + 0.9f * clump + 1.1f * fine * leaf));
    }

    /// <summary>Side of a bus or tram: A, B window band in metres; C window pitch; D doors' pitch, 0 for none.</summary>
    static Appearance Coach(Surface s, float u, float v, Weather weather)
    {
        var pane = u / s.C - MathF.Floor(u / s.C);
        var inBand = v > s.A && v < s.B;
        var door = s.D > 0 && MathF.Abs(u / s.D - MathF.Floor(u / s.D) - 0.5f) * s.D < 0.62f && v > 0.35f && v < s.B;
        if (door)
        {
            var leaf = MathF.Abs(u / s.D - MathF.Floor(u / s.D) - 0.5f) * s.D;
            return leaf is < 0.04f or > 0.56f ? new(new(0.05f, 0.05f, 0.05f)) : new(new(0.04f, 0.05f, 0.06f), 1);
        }
        if (inBand)
            return pane < 0.06f ? new(new(0.02f, 0.02f, 0.02f), 0.3f)
                : new(new Vec3(0.03f, 0.04f, 0.045f) * (0.5f + Noise.Value(u * 2, v * 2, s.Seed)), 1,
                    weather.Night ? new(0.5f, 0.45f, 0.3f) : default);
        var low = v < 0.8f;
        return new((low ? s.Accent : s.Color) * (0.92f + 0.16f * Noise.Value(u * 1.5f, v * 3, s.Seed)), 0.4f);
    }

    /// <summary>A: 0 prohibition, 1 warning, 2 blue information, 3 stop, 4 direction board. Coordinates −1…1.</summary>
    static Appearance Sign(Surface s, float u, float v)
    {
        Vec3 white = new(0.82f, 0.82f, 0.8f), red = new(0.6f, 0.03f, 0.03f), dark = new(0.03f, 0.03f, 0.03f);
        var mark = Noise.At((int)MathF.Floor(u * 3.5f), (int)MathF.Floor(v * 3.5f), s.Seed) > 0.55f;
        var inner = MathF.Abs(u) < 0.45f && MathF.Abs(v) < 0.45f;
        switch ((int)s.A)
        {
            case 0:
                return new(u * u + v * v > 0.55f ? red : inner && mark ? dark : white, 0.1f);
            case 1:
                // The triangle's corners are (−1, −0.7), (1, −0.7), (0, 1): its border is near any edge.
                var edge = MathF.Min(v + 0.7f, (1 - v - 1.7f * MathF.Abs(u)) / 1.97f);
                return new(edge < 0.2f ? red : MathF.Abs(u) < 0.18f && MathF.Abs(v + 0.1f) < 0.35f ? dark : white, 0.1f);
            case 2:
                return new(inner && mark ? white : s.Color, 0.1f);
            case 3:
                return new(MathF.Abs(v) < 0.22f && MathF.Abs(u) < 0.75f ? white : red, 0.1f);
            default:
                var border = MathF.Abs(u) > 0.93f || MathF.Abs(v) > 0.86f;
                var line = MathF.Abs(v - MathF.Round(v * 2) / 2) < 0.11f
                    && Noise.At((int)MathF.Floor(u * 7), (int)MathF.Round(v * 2), s.Seed) > 0.4f;
                return new(border || line ? s.Accent : s.Color, 0.1f);
        }
    }

    /// <summary>Three round lights, v from 0 to 3; A: 0 green, 1 amber, 2 red is lit.</summary>
    static Appearance TrafficLight(Surface s, float u, float v)
    {
        var cell = (int)MathF.Floor(v);
        var y = v - cell - 0.5f;
        if (u * u * 0.25f + y * y > 0.12f)
            return new(s.Color);
        Vec3 color = cell switch { 0 => new(0.03f, 0.8f, 0.35f), 1 => new(1, 0.55f, 0.05f), _ => new(0.95f, 0.04f, 0.03f) };
        return cell == (int)s.A ? new(color * 0.3f, 0, color * 1.6f) : new(color * 0.05f, 0.1f);
    }
}
