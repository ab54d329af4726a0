namespace Hwaso.Scenes;

/// <summary>Rows of buildings along the street, and a distant skyline that closes it.</summary>
sealed class Buildings(World world, StreetPlan plan, SceneRandom random)
{
    static readonly Vec3[] Plasters =
    [
        new(0.62f, 0.58f, 0.48f), new(0.55f, 0.45f, 0.3f), new(0.5f, 0.5f, 0.5f), new(0.35f, 0.2f, 0.14f), new(0.68f, 0.66f, 0.62f),
        new(0.3f, 0.29f, 0.28f), new(0.45f, 0.5f, 0.53f), new(0.57f, 0.36f, 0.25f), new(0.4f, 0.45f, 0.33f), new(0.2f, 0.19f, 0.2f),
    ];

    public void Build()
    {
        foreach (var side in (ReadOnlySpan<int>)[-1, 1])
        {
            var k = plan.On(side);
            var front = plan.Half + k.Total;
            for (var s = random.Range(-14, -4); s < 150;)
            {
                var width = plan.District switch
                {
                    District.Residential => random.Range(7, 13),
                    District.Outskirts => random.Range(14, 34),
                    _ => random.Range(8, 22),
                };
                if (plan.InCrossing(s, width * 0 + 2.6f) || (s < plan.Crossing && s + width > plan.Crossing - 2.6f))
                {
                    var room = plan.Crossing - 2.6f - s;
                    if (s >= plan.Crossing - 2.6f || room < 5)
                    {
                        s = plan.Crossing + plan.CrossingWidth + 2.6f;
                        continue;
                    }
                    width = room;
                }
                var present = plan.District switch
                {
                    District.Centre => 0.96f,
                    District.Residential => 0.85f,
                    District.Boulevard => 0.88f,
                    District.Outskirts => 0.5f,
                    _ => 0.2f,
                };
                if (random.Chance(present))
                    One(s, width, side, front + random.Range(0, 0.5f));
                s += width + plan.District switch
                {
                    District.Centre => random.Chance(0.12f) ? random.Range(2, 6) : 0,
                    District.Residential => random.Range(1.5f, 7),
                    _ => random.Chance(0.5f) ? random.Range(2, 12) : 0,
                };
            }
        }
        Skyline();
    }

    void One(float s, float width, int side, float front)
    {
        var storeys = plan.District switch
        {
            District.Centre => 3 + random.Int(5),
            District.Residential => 1 + random.Int(3),
            District.Boulevard => 3 + random.Int(8),
            _ => 1 + random.Int(4),
        };
        var storey = random.Range(2.8f, 3.7f);
        var height = storeys * storey + random.Range(0.2f, 0.9f);
        var depth = random.Range(8, 15);
        var color = random.Vary(random.Pick<Vec3>(Plasters), 0.25f);
        var style = random.Float() switch { < 0.7f => 0, < 0.85f => 1, _ => plan.District is District.Residential ? 0 : 2 };
        var shop = plan.District is District.Centre or District.Boulevard && random.Chance(0.6f) ? 4 : 0;
        var trim = random.Chance(0.6f) ? random.Vary(new(0.65f, 0.65f, 0.63f), 0.2f) : color * random.Range(0.35f, 0.7f);
        if (style == 2)
            trim = random.Vary(new(0.25f, 0.26f, 0.28f), 0.4f);
        var wall = new Surface(SurfaceKind.Facade, color, trim, random.Seed(), storey, random.Range(1.5f, 3.6f), random.Range(0.34f, 0.62f),
            style + shop);
        var flank = random.Chance(0.5f) ? wall with { D = style } : new Surface(SurfaceKind.Concrete, color * 0.9f, Seed: random.Seed());
        world.Begin(StreetLabels.Building);
        Vec3 P(float ds, float t, float y) => plan.Point(s + ds, side * (front + t), y);
        world.Quad(P(0, 0, 0), P(width, 0, 0), P(width, 0, height), P(0, 0, height), wall);
        world.Quad(P(0, depth, 0), P(0, 0, 0), P(0, 0, height), P(0, depth, height), flank);
        world.Quad(P(width, 0, 0), P(width, depth, 0), P(width, depth, height), P(width, 0, height), flank);
        world.Footprints.Add((plan.At(s + width / 2, side * (front + depth / 2)), depth / 2, width / 2, 0.45f));
        var pitched = style != 2 && random.Chance(plan.District == District.Residential ? 0.9f : 0.45f);
        if (pitched)
            Gable(P, width, depth, height, wall with { D = 0 });
        else
            world.Quad(P(0, 0, height), P(width, 0, height), P(width, depth, height), P(0, depth, height),
                new Surface(SurfaceKind.Plain, new(0.2f, 0.2f, 0.2f)));
        if (style == 0)
            Details(P, width, storeys, storey, height, color, trim);
    }

    void Gable(Func<float, float, float, Vec3> p, float width, float depth, float height, Surface wall)
    {
        var rise = random.Range(1.8f, 4.5f);
        var tiles = new Surface(SurfaceKind.Tiles,
            random.Vary(random.Pick<Vec3>([new(0.3f, 0.1f, 0.06f), new(0.1f, 0.1f, 0.11f), new(0.2f, 0.13f, 0.1f)]), 0.25f),
            Seed: random.Seed());
        if (random.Chance(0.6f))
        {
            // Eaves to the street.
            world.Quad(p(-0.3f, -0.4f, height), p(width + 0.3f, -0.4f, height), p(width + 0.3f, depth / 2, height + rise),
                p(-0.3f, depth / 2, height + rise), tiles);
            world.Face(wall,
                [new(p(0, 0, height), 0, height), new(p(0, depth, height), depth, height),
                    new(p(0, depth / 2, height + rise), depth / 2, height + rise)]);
            world.Face(wall,
                [new(p(width, 0, height), 0, height), new(p(width, depth, height), depth, height),
                    new(p(width, depth / 2, height + rise), depth / 2, height + rise)]);
        }
        else
        {
            // Gable to the street.
            world.Face(wall,
                [new(p(0, 0, height), 0, height), new(p(width, 0, height), width, height),
                    new(p(width / 2, 0, height + rise), width / 2, height + rise)]);
            world.Quad(p(-0.3f, -0.3f, height - 0.2f), p(width / 2, -0.3f, height + rise), p(width / 2, depth, height + rise),
                p(-0.3f, depth, height - 0.2f), tiles, rise, depth);
            world.Quad(p(width + 0.3f, -0.3f, height - 0.2f), p(width / 2, -0.3f, height + rise), p(width / 2, depth, height + rise),
                p(width + 0.3f, depth, height - 0.2f), tiles, rise, depth);
        }
        if (random.Chance(0.6f))
        {
            var c = random.Range(0.2f, 0.8f) * width;
            var brick = new Surface(SurfaceKind.Plain, new(0.25f, 0.13f, 0.1f));
            Vec3 C(float ds, float dt, float y) => p(c + ds, depth * 0.35f + dt, y);
            world.Quad(C(0, 0, height), C(0.8f, 0, height), C(0.8f, 0, height + rise + 0.8f), C(0, 0, height + rise + 0.8f), brick);
            world.Quad(C(0, 0.8f, height), C(0, 0, height), C(0, 0, height + rise + 0.8f), C(0, 0.8f, height + rise + 0.8f), brick);
        }
    }

    /// <summary>Cornices, balconies and awnings that stand out and throw shadows.</summary>
    void Details(Func<float, float, float, Vec3> p, float width, int storeys, float storey, float height, Vec3 color, Vec3 trim)
    {
        var ledge = new Surface(SurfaceKind.Plain, trim * 0.9f);
        void Slab(float a, float b, float out_, float y0, float y1, Surface surface)
        {
            world.Quad(p(a, -out_, y0), p(b, -out_, y0), p(b, -out_, y1), p(a, -out_, y1), surface);
            world.Quad(p(a, -out_, y1), p(b, -out_, y1), p(b, 0, y1), p(a, 0, y1), surface);
            world.Quad(p(a, -out_, y0), p(b, -out_, y0), p(b, 0, y0), p(a, 0, y0), surface);
            world.Quad(p(a, -out_, y0), p(a, 0, y0), p(a, 0, y1), p(a, -out_, y1), surface);
        }
        if (random.Chance(0.5f))
            Slab(0, width, 0.35f, height - 0.45f, height - 0.1f, ledge);
        if (random.Chance(0.35f))
            Slab(0, width, 0.15f, storey - 0.1f, storey + 0.12f, ledge);
        if (storeys > 1 && random.Chance(0.3f))
            for (var i = 1; i < storeys; i++)
                for (var x = random.Range(1, 3); x + 3 < width; x += 5.5f)
                    Slab(x, x + 2.6f, 1.1f, i * storey + 0.05f, i * storey + 1,
                        new Surface(SurfaceKind.Plain, random.Chance(0.5f) ? color * 0.8f : trim));
        if (random.Chance(0.3f))
            for (var x = random.Range(0.5f, 2); x + 3 < width; x += random.Range(4, 7))
            {
                var cloth = new Surface(SurfaceKind.Plain,
                    random.Vary(random.Pick<Vec3>([new(0.5f, 0.06f, 0.05f), new(0.07f, 0.2f, 0.1f), new(0.6f, 0.55f, 0.4f),
                        new(0.08f, 0.1f, 0.3f)]), 0.3f));
                world.Quad(p(x, -1.2f, 2.3f), p(x + 3, -1.2f, 2.3f), p(x + 3, 0, 2.9f), p(x, 0, 2.9f), cloth);
            }
    }

    void Skyline()
    {
        world.Begin(StreetLabels.Building);
        for (var i = 0; i < 14; i++)
        {
            var width = random.Range(12, 40);
            var height = plan.District is District.Centre or District.Boulevard ? random.Range(10, 34) : random.Range(4, 12);
            var frame = new Frame(new(random.Range(-160, 160), 0, random.Range(178, 270)), random.Range(-0.5f, 0.5f));
            var wall = new Surface(SurfaceKind.Facade, random.Vary(random.Pick<Vec3>(Plasters), 0.2f), new(0.5f, 0.5f, 0.5f), random.Seed(),
                3.2f, 2.8f, 0.5f, 0);
            world.Box(frame, -width / 2, width / 2, 0, height, 0, 14, wall, new Surface(SurfaceKind.Tiles, new(0.18f, 0.12f, 0.1f)));
        }
    }
}
