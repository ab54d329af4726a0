namespace Hwaso.Scenes;

/// <summary>
/// The street as a map: its curve, lanes, kerbsides and crossing. s runs along the road, t to the right of its centre line.
/// </summary>
sealed class StreetPlan
{
    readonly float curvature;
    readonly float cameraT;
    readonly float[] lines;
    readonly float dash;

    public StreetPlan(SceneRandom random)
    {
        District = random.Float() switch
        {
            < 0.36f => District.Centre,
            < 0.6f => District.Residential,
            < 0.77f => District.Boulevard,
            < 0.9f => District.Outskirts,
            _ => District.Park,
        };
        curvature = random.Chance(0.5f) ? random.Range(-1, 1) / 90 : random.Range(-1, 1) / 700;
        var lane = random.Range(2.9f, 3.6f);
        var lanes = District switch
        {
            District.Boulevard => 4,
            District.Centre when random.Chance(0.35f) => 4,
            District.Outskirts when random.Chance(0.4f) => 4,
            _ => 2,
        };
        OneWay = lanes == 2 && random.Chance(0.2f);
        Half = lanes * lane / 2;
        HasTram = random.Chance(District switch { District.Boulevard => 0.6f, District.Centre => 0.35f, _ => 0.1f });
        TramT = lanes == 4 || random.Chance(0.5f) ? -lane / 2 : lane / 2;
        lines = lanes == 4 ? [-lane, 0, lane] : [0];
        LaneWidth = lane;
        Lanes = lanes;
        dash = random.Range(3, 6);
        HasMarkings = random.Chance(District == District.Residential ? 0.55f : 0.92f);
        MarkingWear = random.Range(0.15f, 0.5f);
        cameraT = (lanes == 4 && random.Chance(0.5f) ? 1.5f : 0.5f) * lane + random.Range(-0.4f, 0.4f);
        Crossing = random.Chance(0.5f) ? random.Range(14, 55) : float.PositiveInfinity;
        CrossingWidth = random.Range(6, 13);
        HasZebra = random.Chance(0.7f);
        Left = Side(random);
        Right = Side(random);
        if (random.Chance(0.35f))
            Left = Right = Left with { Parking = MathF.Max(Left.Parking, Right.Parking) };
    }

    public District District { get; }

    public float Half { get; }

    public float LaneWidth { get; }

    public int Lanes { get; }

    public bool OneWay { get; }

    public bool HasMarkings { get; }

    public float MarkingWear { get; }

    public bool HasTram { get; }

    public float TramT { get; }

    /// <summary>Where the side street begins, +∞ for none.</summary>
    public float Crossing { get; }

    public float CrossingWidth { get; }

    public bool HasZebra { get; }

    public Kerbside Left { get; }

    public Kerbside Right { get; }

    Kerbside Side(SceneRandom random)
    {
        var parking = random.Chance(District switch { District.Outskirts => 0.15f, District.Park => 0.3f, _ => 0.65f })
            ? random.Range(2, 2.4f)
            : 0;
        return District switch
        {
            District.Centre =>
                new(parking, random.Chance(0.1f) ? 1.5f : 0, random.Range(1.8f, 5), random.Chance(0.15f) ? random.Range(1, 4) : 0),
            District.Residential =>
                new(parking, random.Chance(0.4f) ? random.Range(0.8f, 2) : 0, random.Range(1.4f, 2.5f), random.Range(2, 7)),
            District.Boulevard =>
                new(parking, random.Chance(0.65f) ? random.Range(1.5f, 4) : 0, random.Range(2.5f, 6),
                    random.Chance(0.4f) ? random.Range(1, 6) : 0),
            District.Outskirts =>
                new(parking, random.Range(1.5f, 5), random.Chance(0.5f) ? random.Range(1.2f, 2.5f) : 0.4f, random.Range(3, 10)),
            _ => new(parking, random.Range(1, 4), random.Range(1.5f, 3.5f), random.Range(8, 22)),
        };
    }

    public Kerbside On(int side) => side < 0 ? Left : Right;

    public bool InCrossing(float s, float margin) => s > Crossing - margin && s < Crossing + CrossingWidth + margin;

    /// <summary>A place on the ground, its frame facing along the road.</summary>
    public Frame At(float s, float t, float y = 0, float turn = 0)
    {
        float angle = curvature * s, x, z;
        if (MathF.Abs(curvature) < 1e-5f)
            (x, z) = (0, s);
        else
            (x, z) = ((1 - MathF.Cos(angle)) / curvature, MathF.Sin(angle) / curvature);
        float cos = MathF.Cos(angle), sin = MathF.Sin(angle);
        return new(new(x + t * cos - cameraT, y, z - t * sin), angle + turn);
    }

    public Vec3 Point(float s, float t, float y) => At(s, t, y).Origin;

    /// <summary>How much of the road at (t, s) is paint, 0 or 1.</summary>
    public float Marking(float t, float s)
    {
        var cross = InCrossing(s, 5);
        if (HasZebra && s > Crossing - 4.2f && s < Crossing - 1.2f && MathF.Abs(t) < Half - 0.2f)
            return t - MathF.Floor(t) < 0.5f ? 1 : 0;
        if (s > Crossing - 5.6f && s < Crossing - 5.1f && t > 0.1f && t < Half - 0.1f)
            return 1;
        if (cross)
            return 0;
        foreach (var line in lines)
        {
            var solid = line == 0 && Lanes == 4;
            if (OneWay && line == 0)
                continue;
            if (MathF.Abs(t - line) < 0.075f && (solid || s / (2 * dash) - MathF.Floor(s / (2 * dash)) < 0.5f))
                return 1;
        }
        if (Lanes == 4 && MathF.Abs(MathF.Abs(t) - Half + 0.25f) < 0.06f)
            return 1;
        return 0;
    }
}

/// <summary>The kind of neighbourhood a street runs through.</summary>
enum District : byte { Centre, Residential, Boulevard, Outskirts, Park }

/// <summary>The strips beside the carriageway, outwards; widths in metres.</summary>
sealed record Kerbside(float Parking, float Verge, float Sidewalk, float Setback)
{
    public float Total => Parking + Verge + Sidewalk + Setback;
}
