namespace Hwaso.Scenes;

/// <summary>Passenger cars: hatchback, saloon, estate, off-roader, van. The frame's z points to the car's front.</summary>
sealed class Cars(World world, SceneRandom random)
{
    static readonly Vec3[] Paints =
    [
        new(0.02f, 0.02f, 0.022f), new(0.45f, 0.46f, 0.47f), new(0.75f, 0.75f, 0.74f), new(0.16f, 0.17f, 0.18f), new(0.35f, 0.02f, 0.02f),
        new(0.02f, 0.05f, 0.2f), new(0.05f, 0.12f, 0.07f), new(0.3f, 0.22f, 0.12f), new(0.06f, 0.2f, 0.35f), new(0.6f, 0.45f, 0.05f),
    ];

    static readonly Surface Rubber = new(SurfaceKind.Plain, new(0.015f, 0.015f, 0.016f));

    public void Build(Frame f)
    {
        world.Begin(StreetLabels.Car);
        var kind = random.Int(5);
        float length = kind switch { 0 => random.Range(3.6f, 4.1f), 4 => random.Range(4.7f, 5.4f), _ => random.Range(4.3f, 4.9f) };
        float height = kind switch { 3 => random.Range(1.65f, 1.85f), 4 => random.Range(1.9f, 2.4f), _ => random.Range(1.4f, 1.52f) };
        float half = random.Range(0.83f, 0.93f), h = length / 2;
        float belt = height * (kind == 4 ? 0.52f : 0.61f), sill = kind == 3 ? 0.36f : 0.26f;
        var color = random.Vary(random.Pick<Vec3>(Paints), 0.25f);
        var paint = new Surface(SurfaceKind.Paint, color, Seed: random.Seed());
        var dark = new Surface(SurfaceKind.Plain, new(0.03f, 0.03f, 0.032f), C: 0.1f);
        float nose = kind == 4 ? h - 0.85f : h - random.Range(1, 1.25f), hood = belt - (kind == 4 ? 0.1f : 0.07f);
        var tail = kind == 1 ? -h + random.Range(0.55f, 0.75f) : -h + 0.1f;
        // Lower body: from the rear sill around to the front bumper.
        world.Extrude(f, half, half * 0.97f,
            [(-h + 0.06f, sill), (-h, belt * 0.6f), (-h + 0.05f, belt - 0.04f), (nose, belt), (h - 0.12f, hood - 0.09f), (h, hood * 0.62f),
                (h - 0.05f, sill)],
            paint, [paint, paint, paint, paint, paint, paint, dark]);
        // Cabin, narrower at the roof.
        float roofFront = nose - random.Range(0.55f, 0.75f);
        float roofRear = kind == 1 ? tail + random.Range(0.5f, 0.7f) : kind == 4 ? -h + 0.12f : -h + random.Range(0.35f, 0.55f);
        var glass = new Surface(SurfaceKind.Glass, new(0.035f, 0.04f, 0.045f), Seed: random.Seed());
        var cargo = kind == 4 && random.Chance(0.5f);
        var side = cargo
            ? paint
            : new Surface(SurfaceKind.SideGlass, new(0.03f, 0.035f, 0.04f), color, random.Seed(), (roofFront + roofRear) / 2 + 0.2f, height,
                    belt, kind == 1 ? 9 : 0.95f);
        world.Extrude(f, half * 0.95f, half * 0.78f, [(tail, belt - 0.02f), (roofRear, height), (roofFront, height), (nose, belt - 0.02f)],
            side, [cargo ? paint : glass, paint, glass, null]);
        // Underbody and wheels.
        world.Box(f, -half * 0.86f, half * 0.86f, 0.14f, sill + 0.02f, -h + 0.2f, h - 0.2f, Rubber);
        float radius = kind is 3 or 4 ? 0.35f : 0.31f, axle = h - length * 0.19f;
        var rim = new Surface(SurfaceKind.Wheel, random.Vary(new(0.35f, 0.35f, 0.36f), 0.5f));
        var arch = new Surface(SurfaceKind.Disc, new(0.012f, 0.012f, 0.013f));
        foreach (var x in (ReadOnlySpan<float>)[-1, 1])
            foreach (var z in (ReadOnlySpan<float>)[-axle, axle])
            {
                world.SideDisc(f, x * (half + 0.008f), radius + 0.03f, z, radius + 0.06f, arch);
                world.SideDisc(f, x * (half + 0.016f), radius, z, radius, rim);
                world.Box(f.Move(x * (half - 0.2f), 0, z), -0.1f, 0.1f, 0, 0.3f, -0.1f, 0.1f, Rubber);
            }
        Lights(f, half, h, belt, hood);
        if (random.Chance(0.75f))
            foreach (var x in (ReadOnlySpan<float>)[-1, 1])
                world.Box(f.Move(x * (half + 0.07f), belt + 0.04f, nose - 0.25f), -0.08f, 0.08f, 0, 0.13f, -0.05f, 0.05f, paint);
        world.Footprints.Add((f, half, h, 0.85f));
    }

    void Lights(Frame f, float half, float h, float belt, float hood)
    {
        var head = new Surface(SurfaceKind.Lamp, new(0.8f, 0.8f, 0.75f), A: random.Chance(0.25f) ? 0.9f : 0.05f, B: 4);
        var tail = new Surface(SurfaceKind.Lamp, new(0.45f, 0.02f, 0.015f), A: random.Chance(0.3f) ? 1 : 0.1f, B: 1.5f);
        var plate = new Surface(SurfaceKind.Plain, new(0.65f, 0.65f, 0.6f));
        var grille = new Surface(SurfaceKind.Plain, new(0.025f, 0.025f, 0.025f), C: 0.2f);
        void Patch(float x0, float x1, float y0, float y1, float z, Surface s) =>
            world.Quad(f.At(x0, y0, z), f.At(x1, y0, z), f.At(x1, y1, z), f.At(x0, y1, z), s);
        foreach (var x in (ReadOnlySpan<float>)[-1, 1])
        {
            Patch(x * half * 0.55f, x * half * 0.94f, hood * 0.7f, hood * 0.86f, h + 0.01f, head);
            Patch(x * half * 0.68f, x * half * 0.95f, belt * 0.62f, belt * 0.92f, -h - 0.01f, tail);
        }
        Patch(-half * 0.45f, half * 0.45f, hood * 0.55f, hood * 0.8f, h + 0.012f, grille);
        Patch(-half * 0.9f, half * 0.9f, 0.3f, hood * 0.42f, h + 0.004f, grille);
        Patch(-half * 0.85f, half * 0.85f, 0.3f, belt * 0.36f, -h - 0.004f, grille);
        Patch(-0.26f, 0.26f, 0.42f, 0.53f, h + 0.02f, plate);
        Patch(-0.26f, 0.26f, belt * 0.5f, belt * 0.5f + 0.11f, -h - 0.02f, plate);
    }
}
