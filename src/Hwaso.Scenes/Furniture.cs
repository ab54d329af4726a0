namespace Hwaso.Scenes;

/// <summary>Lamp posts, signs, traffic lights, bollards, wires, bins and shelters.</summary>
sealed class Furniture(World world, StreetPlan plan, SceneRandom random)
{
    readonly Surface steel = new(SurfaceKind.Metal,
        random.Vary(random.Pick<Vec3>([new(0.3f, 0.31f, 0.31f), new(0.08f, 0.09f, 0.09f), new(0.1f, 0.17f, 0.13f),
            new(0.45f, 0.45f, 0.43f)]), 0.3f));

    public void Build()
    {
        var lampSpacing = random.Range(18, 32);
        foreach (var side in (ReadOnlySpan<int>)[-1, 1])
        {
            var kerb = plan.Half + plan.On(side).Parking + 0.45f;
            if (random.Chance(0.75f))
                for (var s = random.Range(4, lampSpacing); s < 140; s += lampSpacing)
                    if (!plan.InCrossing(s, 1))
                        StreetLamp(plan.At(s, side * kerb, Ground.KerbHeight), -side, random.Range(5.5f, 9));
            for (var s = random.Range(6, 20); s < 95; s += random.Range(9, 34))
                if (!plan.InCrossing(s, 1))
                    SignPost(plan.At(s, side * (kerb + random.Range(0, 0.4f)), Ground.KerbHeight), side > 0 || random.Chance(0.35f));
            if (random.Chance(0.25f))
                for (float s = random.Range(3, 14), end = s + random.Range(6, 24); s < end; s += 1.7f)
                    if (!plan.InCrossing(s, 1))
                    {
                        world.Begin(StreetLabels.Pole);
                        Post(plan.At(s, side * kerb, Ground.KerbHeight), 0.95f, 0.06f);
                    }
            for (var s = random.Range(5, 40); s < 70; s += random.Range(15, 60))
                Clutter(plan.At(s, side * (kerb + random.Range(0.2f, 1.2f)), Ground.KerbHeight));
        }
        if (plan.HasTram)
            Wires();
        if (!float.IsInfinity(plan.Crossing))
            Junction();
        else if (random.Chance(0.25f))
            Signals(random.Range(20, 55));
    }

    void Post(Frame f, float height, float radius) => world.Capsule(f.At(0, 0, 0), f.At(0, height, 0), radius, radius * 0.8f, steel);

    void StreetLamp(Frame f, int towards, float height)
    {
        world.Begin(StreetLabels.Pole);
        Post(f, height, random.Range(0.065f, 0.1f));
        var arm = towards * random.Range(0.8f, 2.2f);
        world.Capsule(f.At(0, height - 0.1f, 0), f.At(arm, height + 0.35f, 0), 0.05f, 0.04f, steel);
        var lamp = new Surface(SurfaceKind.Lamp, new(0.6f, 0.55f, 0.4f), A: 0, B: 9);
        world.Box(f.Move(arm, height + 0.25f, 0), -0.35f, 0.35f, 0, 0.13f, -0.12f, 0.12f, lamp, steel, steel);
        world.Lamps.Add((f.At(arm, height + 0.2f, 0), new Vec3(1, 0.78f, 0.45f) * 16));
        world.Footprints.Add((f, 0.1f, 0.1f, 0.3f));
    }

    void SignPost(Frame f, bool facesCamera)
    {
        world.Begin(StreetLabels.Pole);
        var height = random.Range(2.1f, 3.1f);
        Post(f, height + 0.1f, 0.034f);
        var count = random.Chance(0.25f) ? 2 : 1;
        for (var i = 0; i < count; i++, height -= 0.75f)
            Sign(f.Move(0, height - 0.3f, 0, random.Range(-0.25f, 0.25f)), random.Range(0.29f, 0.42f), facesCamera);
    }

    /// <summary>The plate stands in front of its post; its gray back, to Cityscapes, is no sign.</summary>
    void Sign(Frame f, float size, bool facesCamera)
    {
        var kind = random.Float() switch { < 0.35f => 0, < 0.6f => 1, < 0.85f => 2, < 0.92f => 3, _ => 4 };
        Vec3 blue = new(0.02f, 0.1f, 0.45f), yellow = new(0.75f, 0.5f, 0.03f), white = new(0.75f, 0.75f, 0.73f);
        var face = kind == 4 ? new Surface(SurfaceKind.Sign, random.Chance(0.5f) ? yellow : blue, white, random.Seed(), 4)
            : new Surface(SurfaceKind.Sign, random.Chance(0.8f) ? blue : yellow, white, random.Seed(), kind);
        if (kind == 4 && face.Color == yellow)
            face = face with { Accent = new(0.02f, 0.02f, 0.02f) };
        world.Begin(facesCamera ? StreetLabels.TrafficSign : StreetLabels.Static);
        if (!facesCamera)
            face = new(SurfaceKind.Metal, new(0.35f, 0.36f, 0.36f));
        var z = facesCamera ? -0.05f : 0.05f;
        Span<Vertex> corners = stackalloc Vertex[12];
        var n = kind switch { 1 => 3, 2 => random.Chance(0.5f) ? 4 : 12, 3 => 8, 4 => 4, _ => 12 };
        for (var i = 0; i < n; i++)
        {
            float u, v;
            if (n == 3)
                (u, v) = i switch { 0 => (-1, -0.7f), 1 => (1, -0.7f), _ => (0, 1) };
            else if (n == 4)
                (u, v) = (i is 0 or 3 ? -1 : 1, i < 2 ? -1 : 1);
            else
                (u, v) = (MathF.Cos((i + 0.5f) * 2 * MathF.PI / n), MathF.Sin((i + 0.5f) * 2 * MathF.PI / n));
            var wide = kind == 4 ? 2.1f : 1;
            corners[i] = new(f.At(u * size * wide, v * size, z), u, v);
        }
        world.Face(face, corners[..n]);
    }

    void Junction()
    {
        if (random.Chance(0.75f))
        {
            Signals(plan.Crossing - 5.5f);
            foreach (var side in (ReadOnlySpan<int>)[-1, 1])
                if (random.Chance(0.7f))
                    SignalPost(plan.At(plan.Crossing + plan.CrossingWidth + 1, side * (plan.Half + plan.On(side).Parking + 0.6f),
                        Ground.KerbHeight), false, random.Chance(0.4f));
        }
        else
            foreach (var side in (ReadOnlySpan<int>)[-1, 1])
                SignPost(plan.At(plan.Crossing - 3, side * (plan.Half + plan.On(side).Parking + 0.5f), Ground.KerbHeight), side > 0);
        if (random.Chance(0.35f))
        {
            // A direction board on two legs.
            var f = plan.At(plan.Crossing + plan.CrossingWidth + 4, plan.Half + plan.Right.Parking + 2, Ground.KerbHeight);
            world.Begin(StreetLabels.Pole);
            Post(f.Move(-0.8f, 0, 0), 2.6f, 0.05f);
            Post(f.Move(0.8f, 0, 0), 2.6f, 0.05f);
            world.Begin(StreetLabels.TrafficSign);
            var yellow = random.Chance(0.5f);
            world.Quad(f.At(-1.3f, 1.3f, -0.08f), f.At(1.3f, 1.3f, -0.08f), f.At(1.3f, 2.6f, -0.08f), f.At(-1.3f, 2.6f, -0.08f),
                new(SurfaceKind.Sign, yellow ? new(0.75f, 0.5f, 0.03f) : new(0.02f, 0.1f, 0.45f),
                    yellow ? new(0.02f, 0.02f, 0.02f) : new(0.75f, 0.75f, 0.73f), random.Seed(), 4), 2, 2, -1, -1);
        }
    }

    void Signals(float s)
    {
        foreach (var side in (ReadOnlySpan<int>)[-1, 1])
            if (side > 0 || random.Chance(0.7f))
                SignalPost(plan.At(s, side * (plan.Half + plan.On(side).Parking + 0.5f), Ground.KerbHeight),
                    side > 0 && random.Chance(0.5f), true);
    }

    void SignalPost(Frame f, bool gantry, bool facesCamera)
    {
        world.Begin(StreetLabels.Pole);
        Post(f, gantry ? 5.8f : 3.3f, gantry ? 0.1f : 0.06f);
        var lit = random.Int(3);
        Head(f.Move(0, 2.25f, 0), lit, facesCamera);
        if (!gantry)
            return;
        world.Begin(StreetLabels.Pole);
        world.Capsule(f.At(0, 5.7f, 0), f.At(-4, 5.9f, 0), 0.07f, 0.05f, steel);
        Head(f.Move(-3.2f, 5.1f, 0), lit, facesCamera);
        if (random.Chance(0.4f))
            Sign(f.Move(-1.6f, 5.3f, 0), 0.4f, facesCamera);
    }

    void Head(Frame f, int lit, bool facesCamera)
    {
        world.Begin(StreetLabels.TrafficLight);
        var shell = new Surface(SurfaceKind.Metal, random.Chance(0.75f) ? new(0.025f, 0.028f, 0.026f) : new(0.4f, 0.28f, 0.04f));
        world.Box(f, -0.16f, 0.16f, 0, 0.95f, -0.28f, -0.08f, shell);
        if (facesCamera)
            world.Quad(f.At(-0.16f, 0, -0.29f), f.At(0.16f, 0, -0.29f), f.At(0.16f, 0.95f, -0.29f), f.At(-0.16f, 0.95f, -0.29f),
                new(SurfaceKind.TrafficLight, shell.Color, A: lit), 2, 3, -1, 0);
    }

    void Wires()
    {
        world.Begin(StreetLabels.Static);
        var wire = new Surface(SurfaceKind.Plain, new(0.04f, 0.04f, 0.04f));
        for (var s = -4f; s < 120; s += 15)
        {
            world.Capsule(plan.Point(s, plan.TramT, 5.5f), plan.Point(s + 15, plan.TramT, 5.5f), 0.014f, 0.014f, wire);
            world.Capsule(plan.Point(s, -plan.Half - 1, 6.2f), plan.Point(s, plan.Half + 1, 6.2f), 0.012f, 0.012f, wire);
        }
        world.Begin(StreetLabels.Pole);
        for (var s = 11f; s < 120; s += 30)
            foreach (var side in (ReadOnlySpan<int>)[-1, 1])
                if (!plan.InCrossing(s, 1))
                    Post(plan.At(s, side * (plan.Half + plan.On(side).Parking + 0.6f), 0), 7, 0.11f);
    }

    void Clutter(Frame f)
    {
        world.Begin(StreetLabels.Static);
        switch (random.Int(4))
        {
            case 0:
                world.Capsule(f.At(0, 0, 0), f.At(0, 0.9f, 0), 0.22f, 0.25f,
                    new(SurfaceKind.Metal, random.Vary(new(0.08f, 0.12f, 0.1f), 0.5f)));
                break;
            case 1:
                world.Box(f, -0.4f, 0.4f, 0, random.Range(1, 1.5f), -0.25f, 0.25f,
                    new(SurfaceKind.Concrete, random.Vary(new(0.3f, 0.31f, 0.28f), 0.3f)));
                break;
            case 2:
                world.Box(f, -0.9f, 0.9f, 0.4f, 0.48f, -0.25f, 0.25f, new(SurfaceKind.Bark, new(0.2f, 0.12f, 0.06f)));
                world.Box(f, -0.8f, 0.8f, 0, 0.4f, -0.2f, 0.2f, steel);
                break;
            default:
                world.Box(f, -0.6f, 0.6f, 0.6f, 2.3f, -0.08f, 0.08f,
                    new(SurfaceKind.Sign, random.Vary(new(0.4f, 0.2f, 0.25f), 0.6f), new(0.7f, 0.7f, 0.6f), random.Seed(), 5));
                world.Capsule(f.At(0, 0, 0), f.At(0, 0.6f, 0), 0.08f, 0.08f, steel);
                break;
        }
        world.Footprints.Add((f, 0.3f, 0.3f, 0.5f));
    }
}
