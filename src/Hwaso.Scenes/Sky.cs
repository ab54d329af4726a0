namespace Hwaso.Scenes;

/// <summary>The colour of the sky by direction.</summary>
sealed class Sky(Weather weather)
{
    readonly Vec3 haze = Vec3.Lerp(weather.Horizon, weather.Zenith, 0.15f);

    /// <summary>The colour that distant things fade into.</summary>
    public Vec3 Haze => haze;

    /// <summary>Without clouds, for reflections and ambient light.</summary>
    public Vec3 Plain(Vec3 direction)
    {
        var up = Math.Clamp(direction.Y, 0, 1);
        return Vec3.Lerp(weather.Horizon, weather.Zenith, MathF.Sqrt(up));
    }

    public Vec3 Color(Vec3 direction)
    {
        var color = Plain(direction);
        if (weather.HasSun)
        {
            var near = MathF.Max(0, Vec3.Dot(direction, weather.TowardsSun));
            var near8 = near * near * near * near;
            near8 *= near8;
            color += weather.Sun * (0.12f * near8 + (near > 0.9993f ? 6 : 0) + 0.5f * MathF.Pow(near, 200));
        }
        var height = MathF.Max(direction.Y, 0) + 0.12f;
        float x = direction.X / height * 1.1f, z = direction.Z / height * 1.1f;
        var density = Noise.Fractal(x, z, weather.Seed, 5);
        var cover = Math.Clamp((density - 0.72f + 0.55f * weather.Clouds) * 4.5f, 0, 1);
        if (cover <= 0)
            return color;
        var shade = 0.72f + 0.5f * Noise.Fractal(x * 1.7f + 3, z * 1.7f, weather.Seed + 9, 3) - 0.25f * density;
        var cloud = Vec3.Lerp(weather.Horizon, weather.Zenith, 0.12f) * shade + weather.Sun * (0.16f * shade);
        return Vec3.Lerp(color, cloud, cover * MathF.Min(1, (direction.Y + 0.02f) * 12));
    }
}
