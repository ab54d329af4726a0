namespace Hwaso.Scenes;

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
