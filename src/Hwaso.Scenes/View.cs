namespace Hwaso.Scenes;

/// <summary>A camera (perspective) or the sun (parallel): axes in the world, and how camera space maps to pixels.</summary>
sealed record View(Vec3 Origin, Vec3 Right, Vec3 Down, Vec3 Forward, float Focal, float CentreX, float CentreY, bool Perspective)
{
    public const float Near = 0.2f;

    /// <summary>Distance beyond which the sun's view does not look.</summary>
    public const float ParallelFar = 600;

    public static View Of(SceneCamera camera, float yaw, float scale)
    {
        float cp = MathF.Cos(camera.PitchRadians), sp = MathF.Sin(camera.PitchRadians), cr = MathF.Cos(camera.RollRadians),
            sr = MathF.Sin(camera.RollRadians), cy = MathF.Cos(yaw), sy = MathF.Sin(yaw);
        var forward = new Vec3(sy * cp, -sp, cy * cp);
        var right = new Vec3(cy, 0, -sy);
        var down = -Vec3.Cross(forward, right);
        return new(new(0, camera.HeightMetres, 0), right * cr + down * sr, down * cr - right * sr, forward,
            camera.FocalPx * scale, camera.CentreX * scale, camera.CentreY * scale, true);
    }

    public static View Parallel(Vec3 towardsSun, Vec3 centre, float halfExtent, int size)
    {
        var forward = -towardsSun;
        var right = Vec3.Cross(Vec3.Up, forward).Unit();
        return new(centre + towardsSun * (ParallelFar / 2), right, -Vec3.Cross(forward, right), forward, size / (2 * halfExtent),
            size / 2f, size / 2f, false);
    }

    /// <summary>World to camera space: x right, y down, z forward.</summary>
    public Vec3 ToCamera(Vec3 p)
    {
        var d = p - Origin;
        return new(Vec3.Dot(d, Right), Vec3.Dot(d, Down), Vec3.Dot(d, Forward));
    }

    public Vec3 ToWorldDirection(Vec3 d) => Right * d.X + Down * d.Y + Forward * d.Z;

    /// <summary>The world direction seen at a position in pixels, with length such that depth times it reaches the surface.</summary>
    public Vec3 Ray(float x, float y) => ToWorldDirection(new((x - CentreX) / Focal, (y - CentreY) / Focal, 1));

    /// <summary>From a point towards the viewer, unit length.</summary>
    public Vec3 Towards(Vec3 p) => Perspective ? (Origin - p).Unit() : -Forward;
}
