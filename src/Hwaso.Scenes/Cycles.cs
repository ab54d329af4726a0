namespace Hwaso.Scenes;

/// <summary>Bicycles and motorcycles, ridden or parked. The frame's z points forward.</summary>
sealed class Cycles(World world, People people, SceneRandom random)
{
    static readonly Surface Black = new(SurfaceKind.Plain, new(0.02f, 0.02f, 0.021f), C: 0.2f);

    public void Bicycle(Frame f, bool ridden)
    {
        world.Begin(StreetLabels.Bicycle);
        var paint = new Surface(SurfaceKind.Paint,
            random.Vary(random.Pick<Vec3>([new(0.03f, 0.03f, 0.03f), new(0.5f, 0.04f, 0.04f), new(0.4f, 0.41f, 0.42f),
                new(0.04f, 0.12f, 0.4f), new(0.05f, 0.25f, 0.1f), new(0.65f, 0.6f, 0.5f)]), 0.3f));
        const float r = 0.35f, wheelbase = 0.53f;
        Spoked(f, r, -wheelbase, 0.8f);
        Spoked(f, r, wheelbase, 0.8f);
        Vec3 rear = f.At(0, r, -wheelbase), front = f.At(0, r, wheelbase), crank = f.At(0, 0.3f, -0.06f), seat = f.At(0, 0.88f, -0.24f),
            head = f.At(0, 0.84f, 0.36f);
        void Tube(Vec3 a, Vec3 b, float radius = 0.021f) => world.Capsule(a, b, radius, radius, paint);
        Tube(rear, crank);
        Tube(rear, seat);
        Tube(crank, seat);
        Tube(crank, head, 0.026f);
        if (random.Chance(0.6f))
            Tube(seat, head);
        Tube(front, head);
        world.Capsule(head, f.At(0, 1.02f, 0.34f), 0.02f, 0.02f, Black);
        world.Capsule(f.At(-0.28f, 1.03f, 0.28f), f.At(0.28f, 1.03f, 0.28f), 0.02f, 0.02f, Black);
        world.Capsule(f.At(0, 0.93f, -0.38f), f.At(0, 0.95f, -0.12f), 0.07f, 0.03f, Black);
        world.Capsule(f.At(-0.1f, 0.22f, 0.05f), f.At(0.1f, 0.38f, -0.17f), 0.02f, 0.02f, Black);
        if (random.Chance(0.35f))
            world.Box(f.Move(0, 0.85f, 0.5f), -0.17f, 0.17f, 0, 0.22f, -0.13f, 0.13f, new(SurfaceKind.Cloth, new(0.14f, 0.09f, 0.05f)));
        world.Footprints.Add((f, 0.15f, 0.8f, 0.35f));
        if (ridden)
            people.Rider(f, 0.93f, 1.04f, 0.28f, random.Chance(0.5f));
    }

    /// <summary>A wheel as a disc with its tyre, and a rim that is still there when seen from the front.</summary>
    void Spoked(Frame f, float radius, float z, float inner)
    {
        world.SideDisc(f, 0, radius, z, radius, new(SurfaceKind.SpokeWheel, default, A: inner, B: 0.12f));
        world.Capsule(f.At(0, 0.02f, z), f.At(0, 2 * radius - 0.02f, z), 0.022f, 0.022f, Black);
    }

    public void Motorcycle(Frame f, bool ridden)
    {
        world.Begin(StreetLabels.Motorcycle);
        var scooter = random.Chance(0.45f);
        var paint = new Surface(SurfaceKind.Paint,
            random.Vary(random.Pick<Vec3>([new(0.02f, 0.02f, 0.02f), new(0.5f, 0.04f, 0.03f), new(0.04f, 0.1f, 0.4f),
                new(0.6f, 0.6f, 0.58f), new(0.1f, 0.35f, 0.3f), new(0.6f, 0.4f, 0.04f)]), 0.3f));
        var chrome = new Surface(SurfaceKind.Metal, new(0.35f, 0.35f, 0.36f));
        float r = scooter ? 0.24f : 0.32f, wheelbase = scooter ? 0.62f : 0.72f;
        foreach (var z in (ReadOnlySpan<float>)[-wheelbase, wheelbase])
        {
            foreach (var x in (ReadOnlySpan<float>)[-0.07f, 0.07f])
                world.SideDisc(f, x, r, z, r, new(SurfaceKind.Wheel, new(0.3f, 0.3f, 0.3f)));
            world.Box(f.Move(0, 0, z), -0.07f, 0.07f, 0.01f, 2 * r - 0.02f, -0.12f, 0.12f, Black);
        }
        if (scooter)
        {
            world.Extrude(f, 0.19f, 0.15f, [(-0.85f, 0.42f), (-0.8f, 0.72f), (-0.05f, 0.74f), (-0.12f, 0.25f), (-0.5f, 0.22f)], paint,
                [paint, Black, paint, paint, paint]);
            world.Extrude(f, 0.22f, 0.17f, [(0.34f, 0.25f), (0.3f, 0.95f), (0.42f, 0.98f), (0.56f, 0.42f)], paint,
                [paint, paint, paint, paint]);
            world.Box(f, -0.18f, 0.18f, 0.18f, 0.27f, -0.15f, 0.4f, Black);
            world.Capsule(f.At(0, 0.78f, -0.75f), f.At(0, 0.78f, -0.1f), 0.13f, 0.12f, Black);
        }
        else
        {
            world.Capsule(f.At(0, 0.78f, 0.28f), f.At(0, 0.72f, -0.12f), 0.19f, 0.14f, paint);
            world.Capsule(f.At(0, 0.74f, -0.1f), f.At(0, 0.84f, -0.8f), 0.14f, 0.09f, Black);
            world.Box(f, -0.2f, 0.2f, 0.25f, 0.62f, -0.28f, 0.3f, chrome, Black, Black);
            world.Extrude(f, 0.16f, 0.12f, [(0.32f, 0.6f), (0.35f, 1.05f), (0.52f, 0.98f), (0.66f, 0.68f)], paint,
                [paint, paint, paint, paint]);
            world.Capsule(f.At(0.2f, 0.35f, 0.1f), f.At(0.22f, 0.42f, -0.85f), 0.05f, 0.07f, chrome);
        }
        foreach (var x in (ReadOnlySpan<float>)[-0.08f, 0.08f])
            world.Capsule(f.At(x, r, wheelbase), f.At(x, 0.95f, 0.4f), 0.03f, 0.03f, chrome);
        world.Capsule(f.At(-0.36f, 1.05f, 0.3f), f.At(0.36f, 1.05f, 0.3f), 0.025f, 0.025f, Black);
        world.Sphere(f.At(0, 0.9f, 0.55f), 0.09f, new(SurfaceKind.Lamp, new(0.8f, 0.8f, 0.75f), A: 0.3f, B: 4));
        world.Sphere(f.At(0, 0.74f, -0.88f), 0.06f, new(SurfaceKind.Lamp, new(0.5f, 0.02f, 0.02f), A: 0.3f, B: 1.5f));
        world.Footprints.Add((f, 0.25f, 0.9f, 0.6f));
        if (ridden)
            people.Rider(f, 0.8f, 1.06f, 0.3f, true);
    }
}
