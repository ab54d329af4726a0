namespace Hwaso.Scenes;

/// <summary>Walls, fences, hedges and guard rails behind the sidewalk.</summary>
sealed class Barriers(World world, StreetPlan plan, Greenery greenery, SceneRandom random)
{
    public void Build()
    {
        foreach (var side in (ReadOnlySpan<int>)[-1, 1])
        {
            var k = plan.On(side);
            var likely = plan.District switch
            {
                District.Residential => 0.85f,
                District.Outskirts => 0.8f,
                District.Park => 0.6f,
                _ => 0.3f,
            };
            var t = plan.Half + k.Total - k.Setback + 0.25f;
            if (random.Chance(likely))
                for (var s = random.Range(-5, 6); s < 120;)
                {
                    var length = random.Range(6, 26);
                    if (!plan.InCrossing(s, 3) && !plan.InCrossing(s + length, 3) && !(s < plan.Crossing && s + length > plan.Crossing))
                        Run(s, length, side * t);
                    s += length + (random.Chance(0.5f) ? random.Range(1, 6) : 0);
                }
            // Railings at the kerb, where pedestrians should not cross.
            if (random.Chance(0.14f))
                Segments(random.Range(5, 30), random.Range(8, 25), side * (plan.Half + k.Parking + 0.3f), StreetLabels.Fence, Slats(1.0f));
        }
        if (plan.District == District.Outskirts && random.Chance(0.35f))
            Segments(-4, 110, plan.Half + plan.Right.Parking + 0.5f, StreetLabels.GuardRail,
                new Surface(SurfaceKind.Slats, new(0.4f, 0.41f, 0.42f), Seed: 1, A: 3, B: 0.96f, C: 0.75f));
    }

    void Run(float s, float length, float t)
    {
        switch (random.Int(plan.District == District.Park ? 2 : 4))
        {
            case 0:
                var hedge = random.Range(0.9f, 2);
                Segments(s, length, t, StreetLabels.Vegetation, greenery.HedgeSurface(hedge));
                break;
            case 1:
                Segments(s, length, t, StreetLabels.Fence,
                    random.Chance(0.6f) ? Slats(random.Range(1, 1.9f)) : new Surface(SurfaceKind.Mesh,
                    random.Vary(new(0.2f, 0.24f, 0.2f), 0.4f), Seed: random.Seed(), A: 0.12f, B: 0.22f, C: random.Range(1.3f, 2.2f)));
                break;
            default:
                var height = random.Range(1.0f, 3.2f);
                var brick = random.Chance(0.5f);
                var color = brick ? random.Vary(new(0.3f, 0.13f, 0.085f), 0.35f)
                    : random.Vary(random.Pick<Vec3>([new(0.4f, 0.39f, 0.37f), new(0.55f, 0.5f, 0.42f), new(0.2f, 0.2f, 0.19f)]), 0.25f);
                Segments(s, length, t, StreetLabels.Wall,
                    new Surface(brick ? SurfaceKind.Brick : SurfaceKind.Concrete, color, new(0.4f, 0.38f, 0.35f), random.Seed(), 0.09f,
                        C: height));
                break;
        }
    }

    Surface Slats(float height)
    {
        var wood = random.Chance(0.4f);
        var color = wood ? random.Vary(new(0.25f, 0.16f, 0.09f), 0.4f)
            : random.Vary(random.Pick<Vec3>([new(0.04f, 0.05f, 0.045f), new(0.5f, 0.5f, 0.5f), new(0.07f, 0.14f, 0.09f)]), 0.3f);
        return new(SurfaceKind.Slats, color, Seed: random.Seed(), A: wood ? 0.16f : 0.13f, B: wood ? random.Range(0.08f, 0.35f) : 0.68f,
            C: height);
    }

    /// <summary>An upright band that follows the road; thick where it is a wall or a hedge.</summary>
    void Segments(float s, float length, float t, byte label, Surface surface)
    {
        world.Begin(label);
        var thick = label is StreetLabels.Wall or StreetLabels.Vegetation ? (label == StreetLabels.Wall ? 0.25f : 0.7f) : 0;
        var outward = t < 0 ? -thick : thick;
        const float step = 4;
        for (var x = 0f; x < length; x += step)
        {
            var dx = MathF.Min(step, length - x);
            float height = surface.C, y = Ground.KerbHeight;
            Vec3 a = plan.Point(s + x, t, y), b = plan.Point(s + x + dx, t, y);
            world.Quad(a, b, b + Vec3.Up * height, a + Vec3.Up * height, surface, dx, height, x);
            if (thick == 0)
                continue;
            Vec3 c = plan.Point(s + x, t + outward, y), d = plan.Point(s + x + dx, t + outward, y);
            var top = Vec3.Up * (label == StreetLabels.Wall ? height : height - 0.2f);
            world.Quad(a + top, b + top, d + top, c + top, surface with { C = 100 });
            if (x == 0)
                world.Quad(c, a, a + top, c + top, surface, thick, height);
            if (x + step >= length)
                world.Quad(b, d, d + top, b + top, surface, thick, height);
            world.Footprints.Add((new Frame((a + d) * 0.5f, plan.At(s + x, t).Yaw), thick / 2, dx / 2, 0.3f));
        }
    }
}
