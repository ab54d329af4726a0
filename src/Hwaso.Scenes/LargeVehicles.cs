namespace Hwaso.Scenes;

/// <summary>Trucks, buses and trams. The frame's z points to the vehicle's front.</summary>
sealed class LargeVehicles(World world, StreetPlan plan, SceneRandom random)
{
    static readonly Surface Dark = new(SurfaceKind.Plain, new(0.02f, 0.02f, 0.021f));

    static Surface Glass => new(SurfaceKind.Glass, new(0.03f, 0.036f, 0.042f), Seed: 5);

    Surface Lamp(bool front) => front ? new(SurfaceKind.Lamp, new(0.8f, 0.8f, 0.75f), A: random.Chance(0.4f) ? 0.9f : 0.05f, B: 4)
        : new(SurfaceKind.Lamp, new(0.45f, 0.02f, 0.015f), A: 0.2f, B: 1.5f);

    Vec3 Livery() =>
        random.Vary(random.Pick<Vec3>([new(0.7f, 0.7f, 0.68f), new(0.5f, 0.05f, 0.04f), new(0.7f, 0.5f, 0.05f), new(0.05f, 0.14f, 0.4f),
            new(0.1f, 0.32f, 0.2f), new(0.3f, 0.31f, 0.33f), new(0.15f, 0.45f, 0.5f)]), 0.25f);

    void Patch(Frame f, float x0, float x1, float y0, float y1, float z, Surface s) =>
        world.Quad(f.At(x0, y0, z), f.At(x1, y0, z), f.At(x1, y1, z), f.At(x0, y1, z), s);

    void Wheels(Frame f, float half, float radius, ReadOnlySpan<float> axles)
    {
        var rim = new Surface(SurfaceKind.Wheel, random.Vary(new(0.3f, 0.3f, 0.3f), 0.4f));
        var arch = new Surface(SurfaceKind.Disc, new(0.012f, 0.012f, 0.013f));
        foreach (var z in axles)
            foreach (var x in (ReadOnlySpan<float>)[-1, 1])
            {
                world.SideDisc(f, x * (half + 0.01f), radius + 0.04f, z, radius + 0.08f, arch);
                world.SideDisc(f, x * (half + 0.02f), radius, z, radius, rim);
                world.Box(f.Move(x * (half - 0.25f), 0, z), -0.18f, 0.18f, 0, 0.4f, -0.15f, 0.15f, Dark);
            }
    }

    public void Truck(Frame f)
    {
        world.Begin(StreetLabels.Truck);
        float half = random.Range(1.1f, 1.27f), length = random.Range(6, 12), h = length / 2, cab = random.Range(1.7f, 2.2f);
        float cabHeight = random.Range(2.3f, 3.3f), load = random.Range(2.6f, 3.9f), deck = random.Range(0.85f, 1.15f);
        var paint = new Surface(SurfaceKind.Paint, Livery(), Seed: random.Seed());
        var side = new Surface(SurfaceKind.SideGlass, new(0.03f, 0.035f, 0.04f), paint.Color, 1, h - cab / 2 - 0.4f, cabHeight - 0.25f,
            cabHeight * 0.52f, 9);
        world.Extrude(f, half, half * 0.96f,
            [(h - cab, 0.45f), (h - cab, cabHeight), (h - 0.25f, cabHeight), (h, cabHeight * 0.5f), (h, 0.45f)], side,
            [paint, paint, Glass, paint, Dark]);
        Patch(f, -half * 0.75f, half * 0.75f, 0.7f, cabHeight * 0.42f, h + 0.01f,
            new(SurfaceKind.Plain, new(0.03f, 0.03f, 0.03f), C: 0.2f));
        foreach (var x in (ReadOnlySpan<float>)[-1, 1])
        {
            Patch(f, x * half * 0.6f, x * half * 0.93f, 0.55f, 0.72f, h + 0.02f, Lamp(true));
            Patch(f, x * half * 0.7f, x * half * 0.95f, 0.7f, 0.85f, -h - 0.01f, Lamp(false));
            world.Box(f.Move(x * (half + 0.15f), cabHeight * 0.5f, h - 0.15f), -0.1f, 0.1f, 0, 0.5f, -0.05f, 0.05f, Dark);
        }
        var cargo = random.Int(3);
        var body = new Surface(SurfaceKind.Coach, random.Chance(0.5f) ? Livery() : random.Vary(new(0.7f, 0.7f, 0.7f), 0.2f), Livery(),
            random.Seed(), 9, 9, 1, 0);
        if (cargo == 0)
            body = new(SurfaceKind.Slats, Livery() * 0.6f, Seed: 3, A: 0.5f, B: 0, C: load - deck);
        world.Box(f, -half, half, deck, cargo == 2 ? deck + 0.7f : load, -h, h - cab - 0.15f, body, body with { Kind = SurfaceKind.Plain });
        if (cargo == 2)
            for (var i = 0; i < 6; i++)
                world.Sphere(f.At(random.Range(-0.5f, 0.5f), deck + 0.5f, random.Range(-h + 0.8f, h - cab - 0.9f)),
                    random.Range(0.5f, 0.8f), new(SurfaceKind.Plain, random.Vary(new(0.2f, 0.17f, 0.13f), 0.3f)));
        world.Box(f, -half * 0.8f, half * 0.8f, 0.4f, deck, -h + 0.2f, h - 0.4f, Dark);
        Wheels(f, half - 0.02f, 0.48f, length > 8 ? [h - 1.1f, -h + 2.6f, -h + 1.4f] : [h - 1.1f, -h + 1.4f]);
        world.Footprints.Add((f, half, h, 0.8f));
    }

    public void Bus(Frame f)
    {
        world.Begin(StreetLabels.Bus);
        float half = 1.26f, length = random.Range(9.5f, 13), h = length / 2, height = random.Range(2.9f, 3.3f);
        if (random.Chance(0.1f))
            height = 4.2f;
        var color = Livery();
        var side = new Surface(SurfaceKind.Coach, color, random.Chance(0.5f) ? color * 0.6f : Livery(), random.Seed(),
            random.Range(1.1f, 1.35f), random.Range(2.3f, 2.6f), random.Range(1.2f, 1.9f), random.Chance(0.75f) ? length / 3 : 0);
        var paint = new Surface(SurfaceKind.Paint, color, Seed: random.Seed());
        world.Extrude(f, half, half * 0.97f, [(-h, 0.32f), (-h, height), (h - 0.15f, height), (h, 1.1f), (h, 0.32f)], side,
            [paint, paint, paint, paint, Dark]);
        world.Quad(f.At(-half * 0.93f, 1.15f, h + 0.015f), f.At(half * 0.93f, 1.15f, h + 0.015f), f.At(half * 0.92f, 2.55f, h - 0.08f),
            f.At(-half * 0.92f, 2.55f, h - 0.08f), Glass);
        world.Quad(f.At(-half * 0.7f, 2.62f, h - 0.08f), f.At(half * 0.7f, 2.62f, h - 0.08f), f.At(half * 0.7f, 2.85f, h - 0.1f),
            f.At(-half * 0.7f, 2.85f, h - 0.1f), new(SurfaceKind.Lamp, new(0.5f, 0.3f, 0.05f), A: 0.5f, B: 1));
        Patch(f, -half * 0.85f, half * 0.85f, 1.4f, 2.5f, -h - 0.01f, Glass);
        foreach (var x in (ReadOnlySpan<float>)[-1, 1])
        {
            Patch(f, x * half * 0.6f, x * half * 0.95f, 0.55f, 0.8f, h + 0.02f, Lamp(true));
            Patch(f, x * half * 0.75f, x * half * 0.97f, 0.7f, 1.1f, -h - 0.01f, Lamp(false));
            world.Box(f.Move(x * (half + 0.18f), 1.9f, h), -0.12f, 0.12f, 0, 0.45f, -0.06f, 0.06f, Dark);
        }
        world.Box(f, -half * 0.85f, half * 0.85f, 0.15f, 0.34f, -h + 0.3f, h - 0.3f, Dark);
        Wheels(f, half - 0.01f, 0.47f, [h - 2.5f, -h + 2.6f]);
        world.Footprints.Add((f, half, h, 0.85f));
    }

    /// <summary>A tram of a few cars that follow the curve of the track, each drawn about its own place.</summary>
    public void Tram(float s, float t, bool oncoming)
    {
        world.Begin(StreetLabels.Train);
        var color = Livery();
        var cars = 2 + random.Int(3);
        float carLength = random.Range(7.5f, 10), half = random.Range(1.15f, 1.33f), height = random.Range(3.1f, 3.6f);
        var side = new Surface(SurfaceKind.Coach, color, random.Chance(0.5f) ? color * 0.5f : Livery(), random.Seed(),
            random.Range(1.2f, 1.5f), random.Range(2.5f, 2.8f), random.Range(1.4f, 2.1f), carLength / 2);
        var paint = new Surface(SurfaceKind.Paint, color, Seed: random.Seed());
        var roof = new Surface(SurfaceKind.Plain, new(0.25f, 0.25f, 0.26f));
        for (var i = 0; i < cars; i++)
        {
            var f = plan.At(s + i * (carLength + 0.5f), t, 0.02f);
            var h = carLength / 2;
            bool first = i == 0, last = i == cars - 1;
            float back = first ? -h + 0.7f : -h, front = last ? h - 0.7f : h;
            world.Extrude(f, half, half * 0.94f, [(-h, 0.3f), (-h, 1.2f), (back, height), (front, height), (h, 1.2f), (h, 0.3f)], side,
                [paint, first ? Glass : Dark, roof, last ? Glass : Dark, paint, Dark]);
            if (first)
                foreach (var x in (ReadOnlySpan<float>)[-1, 1])
                    Patch(f, x * half * 0.5f, x * half * 0.85f, 0.7f, 0.95f, -h - 0.02f, Lamp(oncoming));
            if (!last)
                world.Box(f, -half * 0.85f, half * 0.85f, 0.4f, height - 0.15f, h, h + 0.5f, Dark);
            world.Box(f, -half * 0.9f, half * 0.9f, 0.08f, 0.32f, -h + 0.8f, h - 0.8f, Dark);
            world.Box(f, -0.7f, 0.7f, height, height + 0.3f, -1.5f, 1.5f, roof);
            if (i == cars / 2)
            {
                world.Capsule(f.At(0, height + 0.3f, 0), f.At(0, height + 0.9f, 0.9f), 0.04f, 0.04f, Dark);
                world.Capsule(f.At(0, height + 0.9f, 0.9f), f.At(0, height + 1.5f, 0), 0.04f, 0.04f, Dark);
                world.Capsule(f.At(-0.8f, height + 1.5f, 0), f.At(0.8f, height + 1.5f, 0), 0.04f, 0.04f, Dark);
            }
            world.Footprints.Add((f, half, h, 0.85f));
        }
    }
}
