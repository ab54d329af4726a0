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
        var joints = new Vec3[Figure.Count];
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
            Figure.Side(joints, side, shoulder, elbow, hand, P(side * 0.09f, 0.93f, 0), kneeAt, foot);
        }
        world.Capsule(hip, neck, R(0.155f), R(0.175f), top);
        world.Sphere(hip, R(0.15f), legs);
        if (random.Chance(0.22f))
            world.Capsule(P(0, 1.15f, 0), P(0, random.Range(0.35f, 0.6f), 0), R(0.15f), R(0.23f), random.Chance(0.5f) ? top : legs);
        Head(P(0, 1.47f, 0.03f), f, size, skin);
        Figure.Head(joints, P(0, 1.47f, 0.03f), f, size);
        world.Joints(joints);
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

    /// <summary>Someone who stands with arms and legs anywhere, as people do who wave, point, stretch or lean.</summary>
    public void Poser(Frame f)
    {
        world.Begin(StreetLabels.Person);
        var size = random.Range(1.5f, 1.9f) / 1.75f;
        Surface top = Fabric(random.Chance(0.25f) ? 0.12f : 0), legs = Fabric(), skin = Skin();
        var build = random.Range(0.88f, 1.2f);
        var lean = random.Range(-0.12f, 0.12f);
        Vec3 P(float x, float y, float z) => f.At((x + lean * MathF.Max(0, y - 0.9f)) * size, y * size, z * size);
        var joints = new Vec3[Figure.Count];
        for (var side = -1; side <= 1; side += 2)
        {
            Vec3 hip = P(side * 0.09f, 0.93f, 0);
            var (open, ahead) = (random.Range(0.02f, 0.35f), random.Range(-0.3f, 0.3f));
            var knee = P(side * (0.1f + open * 0.5f), 0.5f, ahead * 0.5f + 0.05f);
            var ankle = P(side * (0.1f + open), 0.06f, ahead);
            Vec3 shoulder = P(side * 0.19f, 1.42f, 0.02f);
            // 0 hangs down, 3 points up.
            var upper = random.Chance(0.35f) ? random.Range(0.1f, 0.5f) : random.Range(0.2f, 2.8f);
            var lower = upper + random.Range(-0.6f, 1.6f);
            var turn = random.Range(-0.2f, 1.2f);
            var elbow = Reach(shoulder, upper, turn, 0.28f);
            var wrist = Reach(elbow, lower, turn, 0.26f);
            Limbs(joints, f, side, size, build, hip, knee, ankle, shoulder, elbow, wrist, top, legs, skin);

            Vec3 Reach(Vec3 from, float angle, float forwards, float length) => from
                + f.Right * (side * MathF.Sin(angle) * MathF.Cos(forwards) * length * size)
                + f.Forward * (MathF.Sin(angle) * MathF.Sin(forwards) * length * size)
                - Vec3.Up * (MathF.Cos(angle) * length * size);
        }
        Torso(joints, f, size, build, P(0, 0.93f, 0), P(0, 1.47f, 0.03f), top, legs, skin);
        world.Footprints.Add((f, 0.18f, 0.2f, 0.55f));
    }

    /// <summary>Someone who sits on a box at the wayside.</summary>
    public void Sitter(Frame f)
    {
        world.Begin(StreetLabels.Static);
        world.Box(f.Move(0, 0, -0.12f), -0.3f, 0.3f, 0, 0.4f, -0.2f, 0.2f, Fabric());
        world.Begin(StreetLabels.Person);
        var size = random.Range(1.5f, 1.85f) / 1.75f;
        Surface top = Fabric(), legs = Fabric(), skin = Skin();
        var build = random.Range(0.88f, 1.2f);
        var bend = random.Range(-0.05f, 0.3f);
        var joints = new Vec3[Figure.Count];
        Vec3 neck = f.At(0, 0.5f + 0.53f * size, -0.1f + bend);
        for (var side = -1; side <= 1; side += 2)
        {
            Vec3 hip = f.At(side * 0.1f, 0.5f, -0.1f), knee = f.At(side * random.Range(0.1f, 0.22f), 0.5f, 0.32f * size);
            var ankle = f.At(side * 0.12f, 0.07f, random.Range(0.2f, 0.45f) * size);
            var shoulder = neck + f.Right * (side * 0.19f * size) - Vec3.Up * (0.05f * size);
            var wrist = random.Chance(0.7f) ? knee + Vec3.Up * 0.1f
                : shoulder + f.Forward * (0.4f * size) + Vec3.Up * random.Range(-0.2f, 0.2f);
            var elbow = Vec3.Lerp(shoulder, wrist, 0.5f) - Vec3.Up * 0.1f + f.Right * (side * 0.09f);
            Limbs(joints, f, side, size, build, hip, knee, ankle, shoulder, elbow, wrist, top, legs, skin);
        }
        Torso(joints, f, size, build, f.At(0, 0.5f, -0.1f), neck, top, legs, skin);
        world.Footprints.Add((f, 0.3f, 0.3f, 0.5f));
    }

    void Limbs(
        Vec3[] joints, Frame f, int side, float size, float build, Vec3 hip, Vec3 knee, Vec3 ankle, Vec3 shoulder, Vec3 elbow, Vec3 wrist,
        Surface top, Surface legs, Surface skin)
    {
        float R(float r) => r * size * build;
        world.Capsule(hip, knee, R(0.095f), R(0.065f), legs);
        world.Capsule(knee, ankle, R(0.065f), R(0.045f), legs);
        world.Capsule(ankle, ankle + f.Forward * (0.2f * size), R(0.05f), R(0.04f), new(SurfaceKind.Plain, new(0.03f, 0.028f, 0.026f)));
        world.Capsule(shoulder, elbow, R(0.058f), R(0.048f), top);
        world.Capsule(elbow, wrist, R(0.048f), R(0.036f), top);
        world.Sphere(wrist, R(0.045f), skin);
        world.Sphere(shoulder, R(0.07f), top);
        Figure.Side(joints, side, shoulder, elbow, wrist, hip, knee, ankle);
    }

    void Torso(Vec3[] joints, Frame f, float size, float build, Vec3 hip, Vec3 neck, Surface top, Surface legs, Surface skin)
    {
        world.Capsule(hip, neck, 0.155f * size * build, 0.175f * size * build, top);
        world.Sphere(hip, 0.15f * size * build, legs);
        Head(neck, f, size, skin);
        Figure.Head(joints, neck, f, size);
        // A face tells front from back, and so left from right.
        var dark = new Surface(SurfaceKind.Plain, new(0.03f, 0.025f, 0.02f));
        world.Sphere(joints[1], 0.02f * size, dark);
        world.Sphere(joints[2], 0.02f * size, dark);
        world.Sphere(joints[0], 0.022f * size, skin);
        world.Joints(joints);
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
        var joints = new Vec3[Figure.Count];
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
            Figure.Side(joints, side, shoulder, elbow, hand, f.At(side * 0.09f, saddle + 0.05f, -0.2f), knee, pedal);
        }
        world.Capsule(hip, neck, 0.155f, 0.17f, top);
        world.Sphere(hip, 0.16f, legs);
        Head(neck, f, 1, skin);
        Figure.Head(joints, neck, f, 1);
        world.Joints(joints);
        if (helmet)
            world.Sphere(neck + new Vec3(0, 0.25f, 0) + f.Forward * 0.01f, 0.135f,
                new(SurfaceKind.Plain, random.Vary(random.Pick<Vec3>(Fabrics), 0.3f), C: 0.5f));
    }
}
