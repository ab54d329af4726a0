namespace Hwaso.Scenes;

/// <summary>People walking, standing and riding, as jointed figures. The frame's z is the way they face.</summary>
sealed class People(World world, SceneRandom random)
{
    static readonly Vec3[] Skins = [new(0.55f, 0.36f, 0.26f), new(0.4f, 0.24f, 0.16f), new(0.2f, 0.11f, 0.07f), new(0.62f, 0.43f, 0.33f)];

    static readonly Vec3[] Fabrics =
    [
        new(0.02f, 0.02f, 0.025f), new(0.05f, 0.07f, 0.14f), new(0.4f, 0.4f, 0.4f), new(0.45f, 0.05f, 0.05f), new(0.1f, 0.2f, 0.09f),
        new(0.4f, 0.3f, 0.18f),
        new(0.65f, 0.64f, 0.6f), new(0.6f, 0.45f, 0.06f), new(0.12f, 0.12f, 0.13f), new(0.1f, 0.25f, 0.45f), new(0.35f, 0.12f, 0.28f),
    ];

    Surface Fabric(float stripes = 0) =>
        new(SurfaceKind.Cloth, random.Vary(random.Pick<Vec3>(Fabrics), 0.3f), random.Pick<Vec3>(Fabrics), random.Seed(), stripes);

    Surface Skin() => new(SurfaceKind.Cloth, random.Vary(random.Pick<Vec3>(Skins), 0.15f), Seed: random.Seed());

    /// <summary>Someone on foot.</summary>
    public void Walker(Frame f, bool walks = true)
    {
        world.Begin(StreetLabels.Person);
        var size = (random.Chance(0.12f) ? random.Range(0.95f, 1.4f) : random.Range(1.55f, 1.9f)) / 1.75f;
        var stride = walks ? random.Range(-0.55f, 0.55f) : random.Range(-0.06f, 0.06f);
        Surface top = Fabric(random.Chance(0.15f) ? 0.12f : 0), legs = Fabric(), skin = Skin();
        var build = random.Range(0.88f, 1.2f);
        Vec3 P(float x, float y, float z) => f.At(x * size, y * size, z * size);
        float R(float r) => r * size * build;
        Vec3 hip = P(0, 0.93f, 0), neck = P(0, 1.47f, 0.03f);
        for (var side = -1; side <= 1; side += 2)
        {
            float swing = side * stride, knee = MathF.Max(0, -swing) * 0.35f;
            Vec3 kneeAt = P(side * 0.1f, 0.5f, swing * 0.42f + 0.04f), foot = P(side * 0.1f, 0.06f + knee * 0.3f, swing * 0.85f - knee);
            world.Capsule(P(side * 0.09f, 0.93f, 0), kneeAt, R(0.095f), R(0.065f), legs);
            world.Capsule(kneeAt, foot, R(0.065f), R(0.045f), legs);
            world.Capsule(foot, foot + f.Forward * (0.2f * size), R(0.05f), R(0.04f), new(SurfaceKind.Plain, new(0.03f, 0.028f, 0.026f)));
            Vec3 shoulder = P(side * 0.19f, 1.42f, 0.02f), elbow = P(side * 0.25f, 1.14f, -swing * 0.25f),
                hand = P(side * 0.23f, 0.88f, -swing * 0.5f + 0.08f);
            world.Capsule(shoulder, elbow, R(0.058f), R(0.048f), top);
            world.Capsule(elbow, hand, R(0.048f), R(0.036f), top);
            world.Sphere(hand, R(0.045f), skin);
            world.Sphere(shoulder, R(0.07f), top);
        }
        world.Capsule(hip, neck, R(0.155f), R(0.175f), top);
        world.Sphere(hip, R(0.15f), legs);
        if (random.Chance(0.22f))
            world.Capsule(P(0, 1.15f, 0), P(0, random.Range(0.35f, 0.6f), 0), R(0.15f), R(0.23f), random.Chance(0.5f) ? top : legs);
        Head(P(0, 1.47f, 0.03f), f, size, skin);
        var carried = random.Float();
        if (carried < 0.2f)
            world.Box(f.Move(0, 1.05f * size, -0.24f * size), -0.15f * size, 0.15f * size, 0, 0.4f * size, -0.1f * size, 0.08f * size,
                Fabric());
        else if (carried < 0.38f)
            world.Box(f.Move(0.28f * size, 0.55f * size, 0), -0.05f, 0.05f, 0, 0.3f * size, -0.16f, 0.16f, Fabric());
        else if (carried < 0.42f)
            Umbrella(P(0.1f, 1.3f, 0.15f), size);
        world.Footprints.Add((f, 0.18f, 0.2f, 0.55f));
    }

    void Umbrella(Vec3 hand, float size)
    {
        var cloth = Fabric();
        var top = hand + Vec3.Up * (0.85f * size);
        world.Capsule(hand, top, 0.012f, 0.012f, new(SurfaceKind.Plain, new(0.03f, 0.03f, 0.03f)));
        world.Capsule(top, top - Vec3.Up * 0.28f, 0.03f, 0.55f, cloth);
    }

    void Head(Vec3 neck, Frame f, float size, Surface skin)
    {
        var head = neck + new Vec3(0, 0.19f * size, 0) + f.Forward * (0.02f * size);
        world.Capsule(neck, head, 0.055f * size, 0.05f * size, skin);
        world.Sphere(head, 0.105f * size, skin);
        if (random.Chance(0.9f))
            world.Sphere(head + new Vec3(0, 0.035f * size, 0) - f.Forward * (0.025f * size), 0.112f * size,
                new(SurfaceKind.Cloth,
                    random.Vary(random.Pick<Vec3>([new(0.02f, 0.015f, 0.01f), new(0.1f, 0.06f, 0.03f), new(0.35f, 0.25f, 0.1f),
                        new(0.3f, 0.3f, 0.3f)]), 0.3f)));
    }

    /// <summary>Someone seated on a cycle: hips at the saddle, hands on the bar, feet on the pedals.</summary>
    public void Rider(Frame f, float saddle, float barHeight, float barForward, bool helmet)
    {
        world.Begin(StreetLabels.Rider);
        Surface top = Fabric(), legs = Fabric(), skin = Skin();
        Vec3 hip = f.At(0, saddle + 0.08f, -0.22f), neck = f.At(0, saddle + 0.58f, 0.1f + random.Range(-0.1f, 0.15f));
        var turn = random.Range(0, 2 * MathF.PI);
        for (var side = -1; side <= 1; side += 2)
        {
            var pedal = f.At(side * 0.11f, saddle * 0.33f + 0.15f * MathF.Sin(turn) * side, 0.1f + 0.15f * MathF.Cos(turn) * side);
            var knee = Vec3.Lerp(hip, pedal, 0.5f) + f.Forward * 0.24f + Vec3.Up * 0.08f + f.Right * (side * 0.05f);
            world.Capsule(f.At(side * 0.09f, saddle + 0.05f, -0.2f), knee, 0.09f, 0.065f, legs);
            world.Capsule(knee, pedal, 0.062f, 0.045f, legs);
            world.Capsule(pedal, pedal + f.Forward * 0.18f, 0.045f, 0.035f, new(SurfaceKind.Plain, new(0.03f, 0.03f, 0.03f)));
            Vec3 shoulder = neck + f.Right * (side * 0.18f) - Vec3.Up * 0.06f, hand = f.At(side * 0.25f, barHeight, barForward);
            var elbow = Vec3.Lerp(shoulder, hand, 0.5f) - Vec3.Up * 0.09f + f.Right * (side * 0.08f);
            world.Capsule(shoulder, elbow, 0.055f, 0.045f, top);
            world.Capsule(elbow, hand, 0.045f, 0.036f, top);
            world.Sphere(shoulder, 0.068f, top);
        }
        world.Capsule(hip, neck, 0.155f, 0.17f, top);
        world.Sphere(hip, 0.16f, legs);
        Head(neck, f, 1, skin);
        if (helmet)
            world.Sphere(neck + new Vec3(0, 0.25f, 0) + f.Forward * 0.01f, 0.135f,
                new(SurfaceKind.Plain, random.Vary(random.Pick<Vec3>(Fabrics), 0.3f), C: 0.5f));
    }
}
