namespace Hwaso.Scenes;

/// <summary>Three floats with plain scalar arithmetic, so that a picture's bytes do not depend on how the compiler vectorises.</summary>
readonly record struct Vec3(float X, float Y, float Z)
{
    public static Vec3 Up => new(0, 1, 0);

    public float Length => MathF.Sqrt(Dot(this, this));

    public static Vec3 operator +(Vec3 a, Vec3 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z);

    public static Vec3 operator -(Vec3 a, Vec3 b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z);

    public static Vec3 operator -(Vec3 a) => new(-a.X, -a.Y, -a.Z);

    public static Vec3 operator *(Vec3 a, float s) => new(a.X * s, a.Y * s, a.Z * s);

    public static Vec3 operator *(Vec3 a, Vec3 b) => new(a.X * b.X, a.Y * b.Y, a.Z * b.Z);

    public static float Dot(Vec3 a, Vec3 b) => a.X * b.X + a.Y * b.Y + a.Z * b.Z;

    public static Vec3 Cross(Vec3 a, Vec3 b) => new(a.Y * b.Z - a.Z * b.Y, a.Z * b.X - a.X * b.Z, a.X * b.Y - a.Y * b.X);

    public static Vec3 Lerp(Vec3 a, Vec3 b, float t) => a + (b - a) * t;

    public Vec3 Unit()
    {
        var length = Length;
        return length > 1e-12f ? this * (1 / length) : Up;
    }
}

/// <summary>A corner: where it is in the world, and its coordinates on the surface.</summary>
readonly record struct Vertex(Vec3 Position, float U, float V);

/// <summary>Where an object stands and which way it faces: local x right, y up, z forward.</summary>
readonly record struct Frame(Vec3 Origin, float Yaw)
{
    readonly float sin = MathF.Sin(Yaw);
    readonly float cos = MathF.Cos(Yaw);

    public Vec3 Right => new(cos, 0, -sin);

    public Vec3 Forward => new(sin, 0, cos);

    public Vec3 At(float x, float y, float z) => new(Origin.X + x * cos + z * sin, Origin.Y + y, Origin.Z - x * sin + z * cos);

    public Frame Move(float x, float y, float z, float turn = 0) => new(At(x, y, z), Yaw + turn);
}
