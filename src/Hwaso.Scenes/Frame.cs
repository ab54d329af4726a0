namespace Hwaso.Scenes;

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
