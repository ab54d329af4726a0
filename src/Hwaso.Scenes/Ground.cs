namespace Hwaso.Scenes;

/// <summary>Carriageway, parking lanes, kerbs, verges, sidewalks and the yards behind them.</summary>
sealed class Ground(World world, StreetPlan plan, SceneRandom random)
{
    public const float KerbHeight = 0.13f;
    const float Start = -6, End = 170, Step = 5;

    readonly Surface asphalt =
        new(SurfaceKind.Road, random.Vary(new(0.095f, 0.095f, 0.1f), 0.5f), Seed: random.Seed(), A: random.Range(0, 5));
    readonly Surface paving = new(SurfaceKind.Paving,
        random.Vary(random.Pick<Vec3>([new(0.24f, 0.23f, 0.22f), new(0.17f, 0.165f, 0.16f), new(0.26f, 0.2f, 0.165f),
            new(0.11f, 0.11f, 0.115f)]), 0.25f),
        Seed: random.Seed(), A: random.Range(0.3f, 1.1f), B: random.Chance(0.5f) ? 0.5f : 0);
    readonly Surface kerb = new(SurfaceKind.Concrete, random.Vary(new(0.3f, 0.3f, 0.29f), 0.3f), Seed: random.Seed());
    readonly Surface grass = new(SurfaceKind.Grass,
        random.Vary(random.Pick<Vec3>([new(0.1f, 0.16f, 0.04f), new(0.15f, 0.17f, 0.05f), new(0.2f, 0.18f, 0.08f)]), 0.3f),
        random.Vary(new(0.2f, 0.15f, 0.1f), 0.3f), random.Seed(), random.Range(0.4f, 0.75f));
    readonly Surface soil = new(SurfaceKind.Soil, random.Vary(new(0.19f, 0.15f, 0.11f), 0.3f), Seed: random.Seed());

    public void Build()
    {
        // A floor under everything, so that no gap shows the sky.
        world.Begin(plan.District == District.Centre ? StreetLabels.Ground : StreetLabels.Terrain, isGround: true);
        var floor = plan.District == District.Centre ? paving : grass;
        world.Quad(new(-300, -0.05f, -8), new(300, -0.05f, -8), new(300, -0.05f, 600), new(-300, -0.05f, 600), floor, 600, 608);
        for (var s = Start; s < End; s += Step)
        {
            world.Begin(StreetLabels.Road, isGround: true);
            Strip(s, -plan.Half, plan.Half, 0, asphalt);
            Track(s);
            foreach (var side in (ReadOnlySpan<int>)[-1, 1])
                Kerbside(s, side);
        }
        SideStreet();
    }

    void Track(float s)
    {
        if (!plan.HasTram || plan.District is District.Centre)
            return;
        world.Begin(StreetLabels.RailTrack, isGround: true);
        var bed = plan.District == District.Boulevard
            ? new Surface(SurfaceKind.Rail, grass.Color, Seed: 3)
            : new Surface(SurfaceKind.Rail, soil.Color, Seed: 4);
        if (!plan.InCrossing(s, Step))
            world.Quad(plan.Point(s, plan.TramT - 1.2f, 0.012f), plan.Point(s, plan.TramT + 1.2f, 0.012f),
                plan.Point(s + Step, plan.TramT + 1.2f, 0.012f),
                plan.Point(s + Step, plan.TramT - 1.2f, 0.012f), bed, 2.4f, Step, -1.2f, s);
    }

    void Kerbside(float s, int side)
    {
        var k = plan.On(side);
        var t = plan.Half;
        void Outwards(float width, byte label, Surface surface, float y)
        {
            if (width <= 0)
                return;
            world.Begin(label, isGround: true);
            if (side > 0)
                Strip(s, t, t + width, y, surface);
            else
                Strip(s, -t - width, -t, y, surface);
            t += width;
        }
        var crossing = s + Step > plan.Crossing && s < plan.Crossing + plan.CrossingWidth;
        if (crossing)
        {
            Outwards(k.Total + 2, StreetLabels.Road, asphalt, 0);
            return;
        }
        Outwards(k.Parking, plan.District == District.Residential ? StreetLabels.Parking : StreetLabels.Road,
            k.Parking > 2.2f ? paving with { Color = asphalt.Color * 1.25f } : asphalt, 0);
        world.Begin(StreetLabels.Sidewalk, isGround: true);
        world.Quad(plan.Point(s, side * t, 0), plan.Point(s + Step, side * t, 0), plan.Point(s + Step, side * t, KerbHeight),
            plan.Point(s, side * t, KerbHeight), kerb);
        Outwards(0.14f, StreetLabels.Sidewalk, kerb, KerbHeight);
        if (plan.InCrossing(s, 8))
            Outwards(k.Verge, StreetLabels.Sidewalk, paving, KerbHeight);
        else
            Outwards(k.Verge, StreetLabels.Terrain, grass, KerbHeight);
        Outwards(k.Sidewalk, StreetLabels.Sidewalk, paving, KerbHeight);
        var yard = plan.District is District.Centre or District.Boulevard;
        Outwards(k.Setback + 1, yard ? StreetLabels.Sidewalk : StreetLabels.Terrain,
            yard ? paving : plan.District == District.Outskirts ? soil : grass, KerbHeight);
    }

    void Strip(float s, float t0, float t1, float y, Surface surface) => world.Quad(
        plan.Point(s, t0, y), plan.Point(s, t1, y), plan.Point(s + Step, t1, y), plan.Point(s + Step, t0, y), surface, t1 - t0, Step, t0,
        s);

    void SideStreet()
    {
        if (float.IsInfinity(plan.Crossing))
            return;
        foreach (var side in (ReadOnlySpan<int>)[-1, 1])
        {
            var frame = plan.At(plan.Crossing + plan.CrossingWidth / 2, side * plan.Half);
            // Local x outwards along the side street; it leaves the main road square.
            float half = plan.CrossingWidth / 2, near = side * plan.On(side).Total, far = side * 70;
            world.Begin(StreetLabels.Road, isGround: true);
            world.Quad(frame.At(0, 0, -half), frame.At(far, 0, -half), frame.At(far, 0, half), frame.At(0, 0, half), asphalt, 70, 2 * half,
                0, plan.Crossing);
            world.Begin(StreetLabels.Sidewalk, isGround: true);
            foreach (var along in (ReadOnlySpan<int>)[-1, 1])
            {
                float inner = along * half, outer = along * (half + 2.4f);
                world.Quad(frame.At(near, KerbHeight, inner), frame.At(far, KerbHeight, inner), frame.At(far, KerbHeight, outer),
                    frame.At(near, KerbHeight, outer), paving);
                world.Quad(frame.At(near, 0, inner), frame.At(far, 0, inner), frame.At(far, KerbHeight, inner),
                    frame.At(near, KerbHeight, inner), kerb);
            }
        }
    }
}
