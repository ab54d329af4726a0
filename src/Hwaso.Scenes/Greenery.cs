namespace Hwaso.Scenes;

/// <summary>Trees, bushes and hedges.</summary>
sealed class Greenery(World world, StreetPlan plan, SceneRandom random)
{
    readonly Vec3 season = random.Float() switch
    {
        < 0.65f => random.Vary(new(0.085f, 0.14f, 0.03f), 0.3f),
        < 0.85f => random.Vary(new(0.13f, 0.16f, 0.05f), 0.3f),
        < 0.94f => random.Vary(new(0.33f, 0.2f, 0.04f), 0.3f),
        _ => random.Vary(new(0.2f, 0.16f, 0.11f), 0.3f),
    };

    public void Build()
    {
        foreach (var side in (ReadOnlySpan<int>)[-1, 1])
        {
            var k = plan.On(side);
            var kerb = plan.Half + k.Parking;
            var alley = k.Verge > 0 || k.Sidewalk > 3;
            if (alley && random.Chance(plan.District == District.Centre ? 0.35f : 0.75f))
            {
                var spacing = random.Range(7, 14);
                var t = kerb + (k.Verge > 0 ? k.Verge / 2 : 0.7f);
                for (var s = random.Range(3, 10); s < 130; s += spacing * random.Range(0.85f, 1.2f))
                    if (!plan.InCrossing(s, 4))
                        Tree(plan.At(s, side * t, Ground.KerbHeight), random.Range(5, 10));
            }
            if (k.Setback > 1.5f)
                for (var s = random.Range(0, 8); s < 140; s += random.Range(3, 14))
                {
                    if (plan.InCrossing(s, 4))
                        continue;
                    var t = side * (kerb + k.Verge + k.Sidewalk + random.Range(0.8f, k.Setback));
                    if (random.Chance(0.5f))
                        Bush(plan.At(s, t, Ground.KerbHeight), random.Range(0.5f, 1.3f));
                    else
                        Tree(plan.At(s, t, Ground.KerbHeight), random.Range(4, 11));
                }
            // Behind and between the buildings.
            var many = plan.District is District.Park or District.Outskirts ? 26 : plan.District == District.Residential ? 12 : 4;
            for (var i = 0; i < many; i++)
            {
                var s = random.Range(5, 165);
                if (!plan.InCrossing(s, 3))
                    Tree(plan.At(s, side * (plan.Half + k.Total + random.Range(1, 22))), random.Range(7, 14));
            }
        }
        for (var i = 0; i < 16; i++)
            Tree(new Frame(new(random.Range(-140, 140), 0, random.Range(165, 200)), 0), random.Range(7, 15));
    }

    void Tree(Frame f, float height)
    {
        world.Begin(StreetLabels.Vegetation);
        var bark = new Surface(SurfaceKind.Bark, random.Vary(new(0.12f, 0.09f, 0.065f), 0.35f), Seed: random.Seed());
        var distant = f.Origin.Z > 90;
        float girth = height * random.Range(0.014f, 0.026f), clear = height * random.Range(0.22f, 0.38f), lean = random.Range(-0.3f, 0.3f);
        var fork = f.At(lean * 0.4f, clear, lean * 0.2f);
        world.Capsule(f.At(0, -0.1f, 0), fork, girth * 1.3f, girth, bark);
        world.Footprints.Add((f, girth, girth, 0.5f));
        var color = random.Vary(season, 0.35f);
        var sparse = random.Chance(0.12f) ? random.Range(0.5f, 0.62f) : random.Range(0.1f, 0.3f);
        var conical = random.Chance(0.15f);
        var leaves =
            new Surface(SurfaceKind.Leaves, color * 0.7f, random.Vary(color * 1.5f, 0.2f), random.Seed(), random.Range(0.18f, 0.3f),
                sparse);
        var crown = height - clear;
        var spread = conical ? crown * 0.22f : crown * random.Range(0.3f, 0.46f);
        var clumps = distant ? 5 : conical ? 9 : 13;
        for (var i = 0; i < clumps; i++)
        {
            var up = conical ? (i + 0.5f) / clumps : random.Range(0.12f, 0.9f);
            var width = conical ? spread * (1.05f - up) : spread * MathF.Sqrt(MathF.Max(0.05f, 1 - (2 * up - 0.9f) * (2 * up - 0.9f)));
            var turn = random.Range(0, 2 * MathF.PI);
            var reach = conical ? 0 : random.Range(0.2f, 0.85f) * width;
            var at = f.At(reach * MathF.Cos(turn), clear + up * crown, reach * MathF.Sin(turn));
            var radius = conical ? width * 1.1f + 0.25f : MathF.Max(0.5f, spread * random.Range(0.42f, 0.72f));
            world.Sphere(at, distant ? radius * 1.5f : radius, leaves);
            if (!distant && i < 4 && !conical)
                world.Capsule(fork, at, girth * 0.6f, girth * 0.2f, bark);
        }
        if (conical)
            world.Capsule(fork, f.At(0, height * 0.9f, 0), girth, 0.03f, bark);
    }

    void Bush(Frame f, float size)
    {
        world.Begin(StreetLabels.Vegetation);
        var color = random.Vary(season, 0.35f);
        var leaves = new Surface(SurfaceKind.Leaves, color * 0.7f, color * 1.5f, random.Seed(), 0.16f, 0.12f);
        for (var i = 0; i < 5; i++)
            world.Sphere(f.At(random.Range(-1, 1) * size, size * random.Range(0.3f, 0.7f), random.Range(-1, 1) * size),
                size * random.Range(0.5f, 0.8f), leaves);
        world.Footprints.Add((f, size, size, 0.4f));
    }

    public Surface HedgeSurface(float height)
    {
        var color = random.Vary(season, 0.3f);
        return new(SurfaceKind.Hedge, color * 0.7f, color * 1.4f, random.Seed(), C: height);
    }
}
