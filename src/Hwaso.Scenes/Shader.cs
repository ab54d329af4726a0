namespace Hwaso.Scenes;

/// <summary>Light that reaches the camera from a point of a surface.</summary>
sealed class Shader
{
    readonly Weather weather;
    readonly StreetPlan plan;
    readonly Sky sky;
    readonly View view;
    readonly ShadowMap? shadows;
    readonly ContactShadow contact;
    readonly (Vec3 Position, Vec3 Color)[] lamps;

    public Shader(World world, Weather weather, StreetPlan plan, Sky sky, View view)
    {
        (this.weather, this.plan, this.sky, this.view) = (weather, plan, sky, view);
        contact = new(world);
        lamps = weather.Night ? [.. world.Lamps.Take(12)] : [];
        if (!weather.HasSun)
            return;
        shadows = new(weather.TowardsSun);
        shadows.Draw(world);
    }

    /// <summary>Linear light; <paramref name="ray"/> reaches the surface when multiplied by <paramref name="depth"/>.</summary>
    public Vec3 Shade(in Primitive primitive, Vec3 ray, float depth, float u, float v)
    {
        var surface = primitive.Surface;
        var p = view.Origin + ray * depth;
        var outwards = -ray.Unit();
        var normal = Normal(primitive, u, v, ray, outwards);
        var facing = MathF.Max(Vec3.Dot(normal, outwards), 0.02f);
        // Metres of surface under a pixel: two samples, stretched where the surface is seen at a slant.
        var footprint = 2 * depth / (view.Focal * MathF.Sqrt(facing));
        var look = Textures.Of(surface, u, v, p, footprint, plan, weather);

        var open = primitive.IsGround ? contact.At(p) : 0.55f + 0.45f * Math.Clamp(p.Y / 5, 0, 1);
        var fromAbove = sky.Plain(new(0, 0.6f, 0));
        var light = Vec3.Lerp(weather.Bounce, fromAbove, 0.5f + 0.5f * normal.Y) * open;
        var facesSun = Vec3.Dot(normal, weather.TowardsSun);
        // Leaves let light through from behind.
        if (surface.Kind is SurfaceKind.Leaves or SurfaceKind.Hedge)
            facesSun = 0.35f + 0.65f * facesSun;
        var lit = 0f;
        if (shadows is not null && facesSun > 0)
        {
            var thickness = surface.Kind == SurfaceKind.Leaves ? 0.5f : primitive.Shape == Shape.Polygon ? 0.12f : 0.25f;
            lit = shadows.Light(p + normal * 0.05f, thickness);
            light += weather.Sun * (facesSun * lit);
        }
        if (weather.Night)
            light += NightLight(p, normal, depth);
        var color = look.Albedo * light + look.Emission;
        if (look.Gloss > 0.01f)
            color += Reflection(outwards, normal, facing, look.Gloss, lit, open);
        var clear = MathF.Exp(-weather.Fog * depth * ray.Length);
        return Vec3.Lerp(sky.Haze, color, clear);
    }

    Vec3 Normal(in Primitive primitive, float u, float v, Vec3 ray, Vec3 outwards)
    {
        switch (primitive.Shape)
        {
            case Shape.Capsule:
                var across = Math.Clamp(u, -1, 1);
                return primitive.Side * across + primitive.Normal * MathF.Sqrt(1 - across * across);
            case Shape.Sphere:
                return view.ToWorldDirection(new(u, v, -MathF.Sqrt(MathF.Max(0, 1 - u * u - v * v)))).Unit();
            default:
                return Vec3.Dot(primitive.Normal, ray) > 0 ? -primitive.Normal : primitive.Normal;
        }
    }

    Vec3 Reflection(Vec3 outwards, Vec3 normal, float facing, float gloss, float lit, float open)
    {
        var mirrored = normal * (2 * Vec3.Dot(normal, outwards)) - outwards;
        var grazing = 1 - facing;
        var share = gloss * (0.06f + 0.7f * grazing * grazing * grazing * grazing);
        // Low reflections meet the other side of the street, not the sky.
        var above = Math.Clamp(mirrored.Y * 3.5f, 0, 1);
        var seen = Vec3.Lerp(weather.Bounce * 0.8f, sky.Plain(mirrored), above) * open;
        if (lit > 0)
        {
            var glint = MathF.Max(0, Vec3.Dot(mirrored, weather.TowardsSun));
            glint *= glint;
            glint *= glint;
            glint *= glint;
            seen += weather.Sun * (lit * glint * glint * 6);
        }
        return seen * share;
    }

    /// <summary>Street lamps, and the headlights of the car that carries the camera.</summary>
    Vec3 NightLight(Vec3 p, Vec3 normal, float depth)
    {
        var light = default(Vec3);
        foreach (var (position, color) in lamps)
        {
            var to = position - p;
            var square = Vec3.Dot(to, to) + 1;
            if (square > 900)
                continue;
            var cosine = Vec3.Dot(normal, to) / MathF.Sqrt(square);
            if (cosine > 0)
                light += color * (cosine / square);
        }
        var beam = Math.Clamp(1.2f - MathF.Abs(p.X) / (1.5f + 0.25f * depth), 0, 1) * Math.Clamp(1.6f - p.Y * 0.6f, 0.1f, 1);
        return light + new Vec3(0.9f, 0.85f, 0.72f) * (beam * 14 / (60 + depth * depth * 0.6f));
    }
}
