namespace Hwaso.Scenes;

/// <summary>A quantity that is linear over the picture.</summary>
readonly record struct Plane(double Base, double Dx, double Dy)
{
    public double Row(double y) => Base + Dy * y;

    /// <summary>Through three values: at the origin (x0, y0), and at its offsets (x1, y1) and (x2, y2); inverse is 1/(x1·y2 − x2·y1).</summary>
    public static Plane Through(
        double x0, double y0, double a, double b, double c, double x1, double y1, double x2, double y2, double inverse)
    {
        var dx = ((b - a) * y2 - (c - a) * y1) * inverse;
        var dy = ((c - a) * x1 - (b - a) * x2) * inverse;
        return new(a - dx * x0 - dy * y0, dx, dy);
    }
}
