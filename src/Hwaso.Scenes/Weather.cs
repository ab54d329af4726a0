namespace Hwaso.Scenes;

/// <summary>Light, air and wetness of one scene, in linear light.</summary>
sealed record Weather
{
    public required Vec3 TowardsSun { get; init; }

    /// <summary>Direct sunlight on a surface that faces it; zero when the sky is closed or it is night.</summary>
    public required Vec3 Sun { get; init; }

    public required Vec3 Zenith { get; init; }

    public required Vec3 Horizon { get; init; }

    /// <summary>Light from the ground upwards.</summary>
    public required Vec3 Bounce { get; init; }

    /// <summary>Extinction of the air per metre.</summary>
    public required float Fog { get; init; }

    /// <summary>Share of the sky that is cloud.</summary>
    public required float Clouds { get; init; }

    public float Wetness { get; init; }

    /// <summary>Falling rain, 0 to 1.</summary>
    public float Rain { get; init; }

    public bool Night { get; init; }

    public uint Seed { get; init; }

    public bool HasSun => Sun.X > 0;

    public static Weather Draw(SceneRandom random)
    {
        var azimuth = random.Range(-MathF.PI, MathF.PI);
        var kind = random.Float();
        float Elevation(float low, float high) => random.Range(low, high) * (MathF.PI / 180);
        var day = kind switch
        {
            < 0.42f => Clear(random, azimuth, Elevation(28, 62)),
            < 0.56f => LowSun(random, azimuth, Elevation(9, 20)),
            < 0.76f => Overcast(random, azimuth),
            < 0.85f => Overcast(random, azimuth) with { Fog = random.Range(0.008f, 0.025f), Clouds = 1 },
            < 0.94f => Overcast(random, azimuth) with
            {
                Wetness = random.Range(0.5f, 1),
                Rain = random.Range(0.2f, 1),
                Fog = random.Range(0.002f, 0.006f),
            },
            _ => Dusk(random, azimuth),
        };
        return day with { Seed = random.Seed() };
    }

    static Vec3 Direction(float azimuth, float elevation) => new(
        MathF.Sin(azimuth) * MathF.Cos(elevation), MathF.Sin(elevation), MathF.Cos(azimuth) * MathF.Cos(elevation));

    static Weather Clear(SceneRandom random, float azimuth, float elevation) => new()
    {
        TowardsSun = Direction(azimuth, elevation),
        Sun = random.Vary(new(2.5f, 2.3f, 1.95f), 0.15f),
        Zenith = random.Vary(new(0.28f, 0.48f, 0.95f), 0.2f),
        Horizon = random.Vary(new(0.75f, 0.88f, 1.05f), 0.12f),
        Bounce = new(0.3f, 0.28f, 0.25f),
        Fog = random.Range(0.0004f, 0.002f),
        Clouds = random.Range(0, 0.6f),
    };

    static Weather LowSun(SceneRandom random, float azimuth, float elevation) => new()
    {
        TowardsSun = Direction(azimuth, elevation),
        Sun = random.Vary(new(2.6f, 1.75f, 0.95f), 0.15f),
        Zenith = random.Vary(new(0.25f, 0.35f, 0.62f), 0.2f),
        Horizon = random.Vary(new(1.15f, 0.85f, 0.6f), 0.15f),
        Bounce = new(0.25f, 0.2f, 0.16f),
        Fog = random.Range(0.0008f, 0.005f),
        Clouds = random.Range(0, 0.5f),
    };

    static Weather Overcast(SceneRandom random, float azimuth) => new()
    {
        TowardsSun = Direction(azimuth, 0.9f),
        Sun = default,
        Zenith = random.Vary(new(0.85f, 0.9f, 0.98f), 0.15f),
        Horizon = random.Vary(new(0.98f, 1, 1.02f), 0.1f),
        Bounce = new(0.22f, 0.22f, 0.21f),
        Fog = random.Range(0.0005f, 0.003f),
        Clouds = random.Range(0.75f, 1),
        Wetness = random.Chance(0.25f) ? random.Range(0.2f, 0.7f) : 0,
    };

    static Weather Dusk(SceneRandom random, float azimuth) => new()
    {
        TowardsSun = Direction(azimuth, 0.5f),
        Sun = default,
        Zenith = random.Vary(new(0.06f, 0.09f, 0.17f), 0.2f),
        Horizon = random.Vary(new(0.2f, 0.19f, 0.24f), 0.2f),
        Bounce = new(0.03f, 0.03f, 0.03f),
        Fog = random.Range(0.001f, 0.006f),
        Clouds = random.Range(0.2f, 1),
        Wetness = random.Chance(0.4f) ? random.Range(0.3f, 0.9f) : 0,
        Night = true,
    };
}
