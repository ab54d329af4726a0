namespace Hwaso.Scenes;

/// <summary>Asphalt with its markings, paving, grass, soil and track beds.</summary>
static class GroundTextures
{
    /// <summary>u: metres to the right of the road's centre line, v: metres along it.</summary>
    public static Appearance Road(Surface s, float u, float v, Vec3 p, float footprint, StreetPlan plan, Weather weather)
    {
        var coarse = Noise.Fractal(p.X * 0.35f, p.Z * 0.35f, s.Seed, 3);
        var grit = (Noise.Value(p.X * 22, p.Z * 22, s.Seed + 5) - 0.5f) * Math.Clamp(0.05f / footprint, 0, 1);
        var shade = 0.72f + 0.5f * coarse + 0.5f * grit;
        // Tyre tracks polish the lanes; joints and repairs cross them.
        var wear = Noise.Value(u * 1.1f, v * 0.05f, s.Seed + 2);
        shade *= 0.92f + 0.16f * wear;
        if (Noise.At((int)MathF.Floor(u / 2.6f), (int)MathF.Floor(v / 9.5f), s.Seed + 8) > 0.87f)
            shade *= 0.72f;
        var crack = MathF.Abs(Noise.Fractal(p.X * 0.7f, p.Z * 0.7f, s.Seed + 11, 3) - 0.5f);
        if (crack < 0.002f * s.A)
            shade *= 0.8f;
        var albedo = s.Color * shade;
        if (plan.HasMarkings)
        {
            var paint = plan.Marking(u, v);
            if (paint > 0)
            {
                var worn = Math.Clamp((Noise.Fractal(p.X * 2.5f, p.Z * 2.5f, s.Seed + 7, 3) - plan.MarkingWear) * 6, 0, 1);
                albedo = Vec3.Lerp(albedo, new(0.62f, 0.62f, 0.58f), paint * worn);
            }
        }
        return Wet(albedo, p, weather, s.Seed);
    }

    public static Appearance Of(Surface s, float u, float v, Vec3 p, float footprint, Weather weather)
    {
        var coarse = Noise.Fractal(p.X * 0.5f, p.Z * 0.5f, s.Seed, 3);
        var near = Math.Clamp(0.12f / footprint, 0, 1);
        switch (s.Kind)
        {
            case SurfaceKind.Paving:
                // A: slab size; B: bond offset. Joints fade where they are finer than a pixel.
                var row = MathF.Floor(v / s.A);
                float fu = u / s.A + (((int)row & 1) == 0 ? 0 : s.B), fv = v / s.A - row;
                fu -= MathF.Floor(fu);
                var joint = MathF.Min(MathF.Min(fu, 1 - fu), MathF.Min(fv, 1 - fv)) * s.A < 0.02f ? 1 - 0.35f * near : 1;
                var slab = 1 + near * 0.22f
                    * (Noise.At((int)MathF.Floor(u / s.A + (((int)row & 1) == 0 ? 0 : s.B)), (int)row, s.Seed) - 0.5f);
                return Wet(s.Color * ((0.75f + 0.45f * coarse) * joint * slab), p, weather, s.Seed);
            case SurfaceKind.Grass:
                var blade = (Noise.Value(p.X * 15, p.Z * 15, s.Seed + 1) - 0.5f) * near;
                var bare = Math.Clamp((Noise.Fractal(p.X * 0.3f, p.Z * 0.3f, s.Seed + 4, 3) - s.A) * 5, 0, 1);
                return new(Vec3.Lerp(s.Color, s.Accent, bare) * (0.55f + 0.8f * coarse + 0.7f * blade));
            case SurfaceKind.Rail:
                // u: metres from the track's centre. Rails stand 0.72 m to each side.
                var rail = MathF.Abs(MathF.Abs(u) - 0.72f) < 0.06f;
                return rail ? new(new(0.3f, 0.28f, 0.26f), 0.3f)
                    : new(s.Color * (0.6f + 0.7f * coarse + 0.4f * (Noise.Value(p.X * 12, p.Z * 12, s.Seed) - 0.5f) * near));
            default:
                var stone = (Noise.Value(p.X * 9, p.Z * 9, s.Seed + 1) - 0.5f) * near;
                return new(s.Color * (0.6f + 0.7f * coarse + 0.8f * stone));
        }
    }

    static Appearance Wet(Vec3 albedo, Vec3 p, Weather weather, uint seed)
    {
        if (weather.Wetness <= 0)
            return new(albedo, 0.02f);
        var puddle = Math.Clamp((Noise.Fractal(p.X * 0.22f, p.Z * 0.22f, seed + 31, 3) - 0.62f + 0.25f * weather.Wetness) * 6, 0, 1);
        var wet = weather.Wetness * (0.5f + 0.5f * puddle);
        return new(albedo * (1 - 0.5f * wet), 0.15f * wet + 0.75f * wet * puddle);
    }
}
