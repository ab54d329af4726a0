namespace Hwaso.Scenes;

/// <summary>The depth buffer of the sun's view; points outside its square are lit.</summary>
sealed class ShadowMap(Vec3 towardsSun)
{
    const int Size = 896;
    const float HalfExtent = 44;

    readonly Rasteriser raster = new(Size, Size, keepsSurfaces: false);
    readonly View view = View.Parallel(towardsSun, new(0, 0, 32), HalfExtent, Size);

    public void Draw(World world) => raster.Draw(world, view, castersOnly: true);

    /// <summary>The share of sunlight that reaches a point, 0 to 1, smoothed over a texel.</summary>
    public float Light(Vec3 p, float bias)
    {
        var c = view.ToCamera(p);
        float x = view.CentreX + c.X * view.Focal - 0.5f, y = view.CentreY + c.Y * view.Focal - 0.5f;
        int ix = (int)MathF.Floor(x), iy = (int)MathF.Floor(y);
        if (ix < 0 || iy < 0 || ix + 1 >= Size || iy + 1 >= Size)
            return 1;
        var limit = View.ParallelFar - c.Z + bias;
        float tx = x - ix, ty = y - iy;
        var at = iy * Size + ix;
        float a = Lit(at, limit), b = Lit(at + 1, limit), d = Lit(at + Size, limit), e = Lit(at + Size + 1, limit);
        var top = a + (b - a) * tx;
        return top + (d + (e - d) * tx - top) * ty;
    }

    float Lit(int at, float limit) => raster.Key[at] > limit ? 0 : 1;
}

/// <summary>How much of the sky the ground sees near the things that stand on it, on a grid over the ground.</summary>
sealed class ContactShadow
{
    const float Cell = 0.25f, Left = -30, Back = -4;
    const int Columns = 240, Rows = 400;

    readonly float[] open = new float[Columns * Rows];

    public ContactShadow(World world)
    {
        Array.Fill(open, 1);
        foreach (var (frame, halfWidth, halfLength, strength) in world.Footprints)
        {
            var reach = halfWidth + halfLength + 0.8f;
            int x0 = Math.Max(0, (int)((frame.Origin.X - reach - Left) / Cell)),
                x1 = Math.Min(Columns, (int)((frame.Origin.X + reach - Left) / Cell) + 1);
            int z0 = Math.Max(0, (int)((frame.Origin.Z - reach - Back) / Cell)),
                z1 = Math.Min(Rows, (int)((frame.Origin.Z + reach - Back) / Cell) + 1);
            for (var z = z0; z < z1; z++)
                for (var x = x0; x < x1; x++)
                {
                    var d = new Vec3(Left + (x + 0.5f) * Cell, 0, Back + (z + 0.5f) * Cell) - frame.Origin;
                    float across = MathF.Abs(Vec3.Dot(d, frame.Right)) - halfWidth,
                        along = MathF.Abs(Vec3.Dot(d, frame.Forward)) - halfLength;
                    var outside = MathF.Max(across, along);
                    var shade = strength * Math.Clamp((0.6f - outside) / 0.9f, 0, 1);
                    open[z * Columns + x] *= 1 - shade;
                }
        }
    }

    /// <summary>1 under open sky, towards 0 beneath a car.</summary>
    public float At(Vec3 p)
    {
        float x = (p.X - Left) / Cell - 0.5f, z = (p.Z - Back) / Cell - 0.5f;
        int ix = (int)MathF.Floor(x), iz = (int)MathF.Floor(z);
        if (ix < 0 || iz < 0 || ix + 1 >= Columns || iz + 1 >= Rows)
            return 1;
        float tx = x - ix, tz = z - iz;
        var at = iz * Columns + ix;
        var near = open[at] + (open[at + 1] - open[at]) * tx;
        var far = open[at + Columns] + (open[at + Columns + 1] - open[at + Columns]) * tx;
        return near + (far - near) * tz;
    }
}
