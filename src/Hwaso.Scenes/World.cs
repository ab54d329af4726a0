using System.Runtime.InteropServices;

namespace Hwaso.Scenes;

/// <summary>The geometry of one scene: primitives in the order of creation, each with its label and instance.</summary>
sealed class World
{
    readonly List<Primitive> primitives = [];
    readonly List<Vertex> vertices = [];
    readonly int[] instances = new int[64];
    byte label;
    ushort instance;
    bool ground;

    public Span<Primitive> Primitives => CollectionsMarshal.AsSpan(primitives);

    public ReadOnlySpan<Vertex> Vertices => CollectionsMarshal.AsSpan(vertices);

    /// <summary>Footprints that darken the ground beneath them: frame, half width, half length, strength.</summary>
    public List<(Frame Frame, float HalfWidth, float HalfLength, float Strength)> Footprints { get; } = [];

    /// <summary>The joints of people, each with the instance that it belongs to.</summary>
    public List<Figure> Figures { get; } = [];

    /// <summary>Lamps that light their surroundings at night.</summary>
    public List<(Vec3 Position, Vec3 Color)> Lamps { get; } = [];

    /// <summary>Begins a new object of a class; it gets its own instance number where the class has instances.</summary>
    public void Begin(byte labelId, bool isGround = false)
    {
        label = labelId;
        ground = isGround;
        instance = labelId;
        if (StreetLabels.HasInstances(labelId))
            instance = (ushort)(labelId * 1000 + instances[labelId]++);
    }

    /// <summary>Names the joints of the person that was begun last.</summary>
    public void Joints(Vec3[] joints) => Figures.Add(new Figure(instance, joints));

    /// <summary>A flat four-sided face; u runs from a to b, v from a to d, in the units given.</summary>
    public void Quad(Vec3 a, Vec3 b, Vec3 c, Vec3 d, Surface surface, float u, float v, float u0 = 0, float v0 = 0) => Face(
        surface, [new(a, u0, v0), new(b, u0 + u, v0), new(c, u0 + u, v0 + v), new(d, u0, v0 + v)]);

    /// <summary>A face with u and v in metres along its own edges.</summary>
    public void Quad(Vec3 a, Vec3 b, Vec3 c, Vec3 d, Surface surface) => Quad(a, b, c, d, surface, (b - a).Length, (d - a).Length);

    public void Face(Surface surface, ReadOnlySpan<Vertex> corners)
    {
        var normal = Vec3.Cross(corners[1].Position - corners[0].Position, corners[^1].Position - corners[0].Position).Unit();
        primitives.Add(new Primitive
        {
            Shape = Shape.Polygon,
            Label = label,
            Instance = instance,
            IsGround = ground,
            Surface = surface,
            Normal = normal,
            First = vertices.Count,
            Count = corners.Length,
        });
        vertices.AddRange(corners);
    }

    public void Capsule(Vec3 from, Vec3 to, float fromRadius, float toRadius, Surface surface) => primitives.Add(new Primitive
    {
        Shape = Shape.Capsule,
        Label = label,
        Instance = instance,
        Surface = surface,
        From = from,
        To = to,
        FromRadius = fromRadius,
        ToRadius = toRadius,
    });

    public void Sphere(Vec3 centre, float radius, Surface surface) => primitives.Add(new Primitive
    {
        Shape = Shape.Sphere,
        Label = label,
        Instance = instance,
        Surface = surface,
        From = centre,
        FromRadius = radius,
    });

    /// <summary>A box in a local frame without its underside.</summary>
    public void Box(Frame f, float x0, float x1, float y0, float y1, float z0, float z1, Surface side, Surface? top = null,
        Surface? front = null)
    {
        Quad(f.At(x1, y0, z0), f.At(x1, y0, z1), f.At(x1, y1, z1), f.At(x1, y1, z0), side);
        Quad(f.At(x0, y0, z1), f.At(x0, y0, z0), f.At(x0, y1, z0), f.At(x0, y1, z1), side);
        Quad(f.At(x0, y0, z0), f.At(x1, y0, z0), f.At(x1, y1, z0), f.At(x0, y1, z0), front ?? side);
        Quad(f.At(x1, y0, z1), f.At(x0, y0, z1), f.At(x0, y1, z1), f.At(x1, y1, z1), front ?? side);
        Quad(f.At(x0, y1, z0), f.At(x1, y1, z0), f.At(x1, y1, z1), f.At(x0, y1, z1), top ?? side);
    }

    /// <summary>A disc standing upright in the frame's side plane (its axis is x), u and v from −1 to 1.</summary>
    public void SideDisc(Frame f, float x, float y, float z, float radius, Surface surface) => Quad(
        f.At(x, y - radius, z - radius), f.At(x, y - radius, z + radius), f.At(x, y + radius, z + radius), f.At(x, y + radius, z - radius),
        surface, 2, 2, -1, -1);

    /// <summary>A side profile (z, y) given as a convex outline, drawn across the width, with one surface per outline edge.</summary>
    public void Extrude(Frame f, float bottomHalf, float topHalf,
        ReadOnlySpan<(float Z, float Y)> outline, Surface side, ReadOnlySpan<Surface?> edges)
    {
        float low = float.MaxValue, high = float.MinValue;
        foreach (var (_, y) in outline)
        {
            low = MathF.Min(low, y);
            high = MathF.Max(high, y);
        }
        float Half(float y) => high > low ? bottomHalf + (topHalf - bottomHalf) * (y - low) / (high - low) : bottomHalf;
        var corners = new Vertex[outline.Length];
        for (var sign = -1; sign <= 1; sign += 2)
        {
            for (var i = 0; i < outline.Length; i++)
                corners[i] = new(f.At(sign * Half(outline[i].Y), outline[i].Y, outline[i].Z), outline[i].Z, outline[i].Y);
            Face(side, corners);
        }
        for (var i = 0; i < outline.Length; i++)
        {
            if (edges[i] is not { } surface)
                continue;
            var (z0, y0) = outline[i];
            var (z1, y1) = outline[(i + 1) % outline.Length];
            float h0 = Half(y0), h1 = Half(y1);
            Quad(f.At(-h0, y0, z0), f.At(h0, y0, z0), f.At(h1, y1, z1), f.At(-h1, y1, z1), surface);
        }
    }
}

enum Shape : byte { Polygon, Capsule, Sphere }

/// <summary>One thing the rasteriser draws: a flat convex polygon, a tapered cylinder or a (leafy) sphere.</summary>
struct Primitive
{
    public Shape Shape;
    public byte Label;
    public ushort Instance;
    public bool IsGround;
    public Surface Surface;

    /// <summary>A polygon's unit normal; of a cylinder, the direction towards the camera.</summary>
    public Vec3 Normal;

    /// <summary>A cylinder's direction across, as the camera sees it.</summary>
    public Vec3 Side;

    /// <summary>A polygon's range in the vertex list.</summary>
    public int First, Count;

    /// <summary>A cylinder's ends, or the sphere's centre.</summary>
    public Vec3 From, To;

    /// <summary>Radii at the ends, or the sphere's radius.</summary>
    public float FromRadius, ToRadius;
}
