namespace Hwaso.Scenes;

/// <summary>Everything that moves or is parked: vehicles in their lanes, people on the sidewalks and crossings.</summary>
sealed class Traffic(World world, StreetPlan plan, SceneRandom random)
{
    readonly Cars cars = new(world, random.Fork());
    readonly LargeVehicles large = new(world, plan, random.Fork());
    readonly People people = new(world, random.Fork());

    public void Build()
    {
        var cycles = new Cycles(world, people, random.Fork());
        var tram = plan.HasTram && random.Chance(0.75f);
        if (tram)
            large.Tram(random.Range(14, 55), plan.TramT, random.Chance(0.5f));
        for (var lane = 0; lane < plan.Lanes; lane++)
        {
            var t = -plan.Half + (lane + 0.5f) * plan.LaneWidth;
            if (!(tram && MathF.Abs(t - plan.TramT) < 2.6f))
                Lane(t, cycles);
        }
        foreach (var side in (ReadOnlySpan<int>)[-1, 1])
        {
            Parked(side, cycles);
            Sidewalk(side, cycles);
        }
        if (!float.IsInfinity(plan.Crossing))
            Crossing();
    }

    void Lane(float t, Cycles cycles)
    {
        var oncoming = t < 0 && !plan.OneWay;
        var turn = oncoming ? MathF.PI : 0;
        // The camera's own lane stays free for some metres.
        var own = MathF.Abs(plan.Point(0, t, 0).X) < 1.7f;
        var gap = random.Float() < 0.4f ? random.Range(7, 14) : random.Range(14, 45);
        for (var s = own ? random.Range(9, 28) : random.Range(2, 22); s < 130; s += gap * random.Range(0.7f, 1.6f))
        {
            var f = plan.At(s, t + random.Range(-0.3f, 0.3f), 0, turn + random.Range(-0.03f, 0.03f));
            var pick = random.Float();
            if (pick < 0.7f)
                cars.Build(f);
            else if (pick < 0.78f)
            {
                large.Truck(plan.At(s + 4, t, 0, turn));
                s += 8;
            }
            else if (pick < 0.84f)
            {
                large.Bus(plan.At(s + 4, t, 0, turn));
                s += 9;
            }
            else if (pick < 0.91f)
                cycles.Motorcycle(f, ridden: true);
            else
                cycles.Bicycle(plan.At(s, t < 0 ? t - 0.9f : t + 0.9f, 0, turn), ridden: true);
        }
    }

    void Parked(int side, Cycles cycles)
    {
        var k = plan.On(side);
        if (k.Parking <= 0)
            return;
        var t = side * (plan.Half + k.Parking / 2);
        var dense = random.Range(0.35f, 0.95f);
        for (var s = random.Range(-1, 5); s < 120; s += random.Range(5.3f, 6.6f))
        {
            if (plan.InCrossing(s, 6) || !random.Chance(dense))
                continue;
            var turn = (side < 0 && random.Chance(0.7f) ? MathF.PI : 0) + random.Range(-0.05f, 0.05f);
            var pick = random.Float();
            if (pick < 0.88f)
                cars.Build(plan.At(s, t + random.Range(-0.15f, 0.15f), 0, turn));
            else if (pick < 0.92f)
                cycles.Motorcycle(plan.At(s, t, 0, random.Range(-1.8f, 1.8f)), ridden: false);
            else if (pick < 0.96f)
            {
                large.Truck(plan.At(s + 3, t, 0, turn));
                s += 7;
            }
        }
    }

    void Sidewalk(int side, Cycles cycles)
    {
        var k = plan.On(side);
        float inner = plan.Half + k.Parking + k.Verge + 0.5f, width = MathF.Max(0.2f, k.Sidewalk - 1);
        Frame Spot(float s, float turn) => plan.At(s, side * (inner + random.Range(0, width)), Ground.KerbHeight, turn);
        var busy = plan.District switch
        {
            District.Centre => 14,
            District.Boulevard => 10,
            District.Park => 6,
            District.Residential => 4,
            _ => 2,
        };
        var count = random.Int(busy + 1);
        for (var i = 0; i < count; i++)
        {
            // Denser close by, so that some are large.
            var s = 3 + 90 * random.Float() * random.Float();
            var turn = (random.Chance(0.5f) ? 0 : MathF.PI) + random.Range(-0.4f, 0.4f);
            var f = Spot(s, turn);
            var walks = random.Chance(0.8f);
            people.Walker(f, walks);
            if (random.Chance(0.3f))
                people.Walker(f.Move(random.Chance(0.5f) ? 0.6f : -0.6f, 0, random.Range(-0.2f, 0.2f)), walks);
        }
        if (random.Chance(0.4f))
        {
            // A rack of bicycles, or a few left at the kerb.
            var s = random.Range(5, 40);
            var turn = random.Chance(0.5f) ? MathF.PI / 2 + random.Range(-0.3f, 0.3f) : random.Range(-0.2f, 0.2f);
            for (int i = 0, n = 1 + random.Int(6); i < n; i++)
                cycles.Bicycle(plan.At(s + i * 0.7f, side * (inner - 0.1f), Ground.KerbHeight, turn + random.Range(-0.12f, 0.12f)),
                    ridden: false);
        }
        if (random.Chance(0.12f))
            cycles.Motorcycle(Spot(random.Range(5, 30), random.Range(-3, 3)), ridden: false);
        if (random.Chance(0.12f))
            cycles.Bicycle(Spot(random.Range(8, 50), random.Chance(0.5f) ? 0 : MathF.PI), ridden: true);
    }

    void Crossing()
    {
        for (int i = 0, n = random.Int(5); i < n; i++)
            people.Walker(plan.At(plan.Crossing - random.Range(1.5f, 4), random.Range(-plan.Half, plan.Half), 0,
                (random.Chance(0.5f) ? 1 : -1) * (MathF.PI / 2) + random.Range(-0.3f, 0.3f)));
        // Someone waits or turns in the side street.
        foreach (var side in (ReadOnlySpan<int>)[-1, 1])
            if (random.Chance(0.5f))
                cars.Build(plan.At(plan.Crossing + plan.CrossingWidth * (side > 0 ? 0.7f : 0.3f), side * (plan.Half + random.Range(4, 12)),
                    0, MathF.PI / 2 * (random.Chance(0.5f) ? 1 : -1)));
        if (random.Chance(0.15f))
            large.Bus(plan.At(plan.Crossing + plan.CrossingWidth / 2, random.Range(-4, 4), 0,
                MathF.PI / 2 * (random.Chance(0.5f) ? 1 : -1)));
    }
}
