namespace Hwaso.Scenes;

/// <summary>
/// A material: its kind, colours in linear light, the seed of its texture, and four numbers whose meaning the kind gives.
/// </summary>
sealed record Surface(SurfaceKind Kind, Vec3 Color, Vec3 Accent = default, uint Seed = 0, float A = 0, float B = 0, float C = 0,
    float D = 0)
{
    /// <summary>Textures with edges finer than a pixel are evaluated at every sample, the others once a pixel.</summary>
    public bool Fine => Kind is SurfaceKind.Facade or SurfaceKind.Coach or SurfaceKind.Brick or SurfaceKind.Sign or SurfaceKind.Road;

    /// <summary>Whether parts of the surface are open and show the objects behind.</summary>
    public bool HasHoles => Kind is SurfaceKind.Slats or SurfaceKind.Mesh or SurfaceKind.Hedge or SurfaceKind.SpokeWheel or SurfaceKind.Disc
        or SurfaceKind.Wheel;

    /// <summary>Whether the surface is open at local coordinates (metres, or −1…1 on wheels and discs).</summary>
    public bool IsOpen(float u, float v)
    {
        switch (Kind)
        {
            case SurfaceKind.Slats:
                // A: pitch, B: open share, C: height. Rails at the foot and near the top hold the slats.
                if (MathF.Abs(v - 0.15f) < 0.05f || MathF.Abs(v - C + 0.12f) < 0.05f)
                    return false;
                return u / A - MathF.Floor(u / A) < B;
            case SurfaceKind.Mesh:
                float p = (u + v) / A, q = (u - v) / A;
                var post = u / 2.5f - MathF.Floor(u / 2.5f);
                return v < C - 0.06f && post > 0.03f && p - MathF.Floor(p) > B && q - MathF.Floor(q) > B;
            case SurfaceKind.Hedge:
                return v > C - 0.35f && Noise.Value(u * 3.1f, v * 3.1f, Seed) * 0.35f < v - C + 0.35f;
            case SurfaceKind.Disc:
            case SurfaceKind.Wheel:
                return u * u + v * v > 1;
            case SurfaceKind.SpokeWheel:
                var r = u * u + v * v;
                if (r > 1)
                    return true;
                // A: inner radius of the tyre squared, B: spokes as a share of the turn.
                if (r > A || r < 0.02f)
                    return false;
                var turn = MathF.Atan2(v, u) * (9 / MathF.PI);
                return turn - MathF.Floor(turn) > B;
            default:
                return false;
        }
    }
}

/// <summary>A surface's material, which decides texture, cut-outs and gloss.</summary>
enum SurfaceKind : byte
{
    Plain, Road, Paving, Grass, Soil, Facade, Tiles, Brick, Concrete, Hedge, Leaves, Bark,
    Slats, Mesh, Paint, Glass, SideGlass, Wheel, SpokeWheel, Coach, Cloth, Metal, Sign, TrafficLight, Lamp, Rail, Disc,
}

/// <summary>A point's appearance: share of light scattered, mirror-like share, own light.</summary>
readonly record struct Appearance(Vec3 Albedo, float Gloss = 0, Vec3 Emission = default);
