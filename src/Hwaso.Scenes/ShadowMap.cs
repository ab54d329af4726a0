namespace Hwaso.Scenes;

/// <summary>What the sun sees of the surroundings; outside its square everything is lit.</summary>
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
