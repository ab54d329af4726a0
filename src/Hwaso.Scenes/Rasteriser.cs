namespace Hwaso.Scenes;

/// <summary>Draws primitives into a depth buffer; the nearest at each sample stays, with its surface coordinates.</summary>
sealed class Rasteriser(int width, int height, bool keepsSurfaces)
{
    const int MaxCorners = 24;

    /// <summary>Nearness per sample: 1/depth in perspective, far − depth in parallel; 0 where nothing was drawn.</summary>
    public float[] Key { get; } = new float[width * height];

    /// <summary>The primitive seen at each sample, −1 for none.</summary>
    public int[] Seen { get; } = new int[keepsSurfaces ? width * height : 0];

    public float[] U { get; } = new float[keepsSurfaces ? width * height : 0];

    public float[] V { get; } = new float[keepsSurfaces ? width * height : 0];

    public void Draw(World world, View view, bool castersOnly)
    {
        Array.Clear(Key);
        Array.Fill(Seen, -1);
        var primitives = world.Primitives;
        for (var i = 0; i < primitives.Length; i++)
        {
            ref var p = ref primitives[i];
            if (castersOnly && p.IsGround)
                continue;
            switch (p.Shape)
            {
                case Shape.Polygon:
                    Polygon(i, p.Surface, view, world.Vertices.Slice(p.First, p.Count));
                    break;
                case Shape.Capsule:
                    Capsule(i, ref p, view);
                    break;
                default:
                    Sphere(i, p.Surface, view, p.From, p.FromRadius);
                    break;
            }
        }
    }

    /// <summary>A tapered cylinder as the flat outline it shows to this view.</summary>
    void Capsule(int index, ref Primitive p, View view)
    {
        var towards = view.Towards((p.From + p.To) * 0.5f);
        var axis = p.To - p.From;
        var across = Vec3.Cross(axis, towards).Unit();
        if (view.Perspective)
        {
            p.Side = across;
            p.Normal = Vec3.Cross(across, axis).Unit();
            if (Vec3.Dot(p.Normal, towards) < 0)
                p.Normal = -p.Normal;
        }
        var length = axis.Length;
        var a = new Vertex(p.From - across * p.FromRadius, -1, 0);
        var b = new Vertex(p.From + across * p.FromRadius, 1, 0);
        var c = new Vertex(p.To + across * p.ToRadius, 1, length);
        var d = new Vertex(p.To - across * p.ToRadius, -1, length);
        // Two triangles: u and v are not affine over a trapezoid.
        Polygon(index, p.Surface, view, [a, b, c]);
        Polygon(index, p.Surface, view, [a, c, d]);
    }

    void Polygon(int index, Surface surface, View view, ReadOnlySpan<Vertex> corners)
    {
        Span<Vec3> at = stackalloc Vec3[MaxCorners];
        Span<float> us = stackalloc float[MaxCorners], vs = stackalloc float[MaxCorners];
        var n = Clip(view, corners, at, us, vs);
        if (n < 3)
            return;
        Span<double> x = stackalloc double[n], y = stackalloc double[n], key = stackalloc double[n];
        double minX = double.MaxValue, maxX = double.MinValue, minY = double.MaxValue, maxY = double.MinValue;
        for (var i = 0; i < n; i++)
        {
            var scale = view.Perspective ? 1.0 / at[i].Z : 1.0;
            x[i] = view.CentreX + (double)view.Focal * at[i].X * scale;
            y[i] = view.CentreY + (double)view.Focal * at[i].Y * scale;
            key[i] = view.Perspective ? scale : View.ParallelFar - at[i].Z;
            us[i] *= (float)scale;
            vs[i] *= (float)scale;
            minX = Math.Min(minX, x[i]);
            maxX = Math.Max(maxX, x[i]);
            minY = Math.Min(minY, y[i]);
            maxY = Math.Max(maxY, y[i]);
        }
        if (maxX <= 0 || minX >= width || maxY <= 0 || minY >= height)
            return;
        int second = 1, third = 2;
        var largest = 0.0;
        for (var i = 1; i < n - 1; i++)
            for (var j = i + 1; j < n; j++)
            {
                var area = Math.Abs((x[i] - x[0]) * (y[j] - y[0]) - (x[j] - x[0]) * (y[i] - y[0]));
                if (area > largest)
                    (largest, second, third) = (area, i, j);
            }
        if (largest < 1e-9)
            return;
        double x1 = x[second] - x[0], y1 = y[second] - y[0], x2 = x[third] - x[0], y2 = y[third] - y[0], inverse = 1 / (x1 * y2 - x2 * y1);
        var k = Plane.Through(x[0], y[0], key[0], key[second], key[third], x1, y1, x2, y2, inverse);
        var u = Plane.Through(x[0], y[0], us[0], us[second], us[third], x1, y1, x2, y2, inverse);
        var v = Plane.Through(x[0], y[0], vs[0], vs[second], vs[third], x1, y1, x2, y2, inverse);
        int firstRow = (int)Math.Max(0, Math.Ceiling(minY - 0.5)), lastRow = (int)Math.Min(height, Math.Ceiling(maxY - 0.5));
        for (var row = firstRow; row < lastRow; row++)
        {
            double yc = row + 0.5, left = double.MaxValue, right = double.MinValue;
            for (var i = 0; i < n; i++)
            {
                var j = i + 1 == n ? 0 : i + 1;
                if (y[i] <= yc == y[j] <= yc)
                    continue;
                var cross = x[i] + (yc - y[i]) * (x[j] - x[i]) / (y[j] - y[i]);
                left = Math.Min(left, cross);
                right = Math.Max(right, cross);
            }
            if (left < right)
                Span(index, surface, view.Perspective, row, (int)Math.Max(0, Math.Ceiling(left - 0.5)),
                    (int)Math.Min(width, Math.Ceiling(right - 0.5)), k, u, v);
        }
    }

    void Span(int index, Surface surface, bool perspective, int row, int from, int to, Plane k, Plane u, Plane v)
    {
        double y = row + 0.5, kRow = k.Row(y), uRow = u.Row(y), vRow = v.Row(y);
        var holes = surface.HasHoles;
        for (var i = from; i < to; i++)
        {
            var x = i + 0.5;
            var key = (float)(kRow + k.Dx * x);
            var at = row * width + i;
            if (key <= Key[at])
                continue;
            if (holes || keepsSurfaces)
            {
                var scale = perspective ? 1 / key : 1;
                float su = (float)(uRow + u.Dx * x) * scale, sv = (float)(vRow + v.Dx * x) * scale;
                if (holes && surface.IsOpen(su, sv))
                    continue;
                if (keepsSurfaces)
                {
                    Seen[at] = index;
                    U[at] = su;
                    V[at] = sv;
                }
            }
            Key[at] = key;
        }
    }

    /// <summary>
    /// Exact ray–sphere intersections; leaves leave ragged rims and gaps. Surface coordinates are the hit across and down, in radii.
    /// </summary>
    void Sphere(int index, Surface surface, View view, Vec3 centre, float radius)
    {
        var c = view.ToCamera(centre);
        if (view.Perspective && c.Z - radius < 2 * View.Near)
            return;
        var scale = view.Perspective ? view.Focal / c.Z : view.Focal;
        var reach = view.Perspective
            ? view.Focal * radius / (c.Z - radius) * (1 + (MathF.Abs(c.X) + MathF.Abs(c.Y)) / c.Z)
            : view.Focal * radius;
        float px = view.CentreX + scale * c.X, py = view.CentreY + scale * c.Y;
        int x0 = (int)MathF.Max(0, px - reach - 1), x1 = (int)MathF.Min(width, px + reach + 2);
        int y0 = (int)MathF.Max(0, py - reach - 1), y1 = (int)MathF.Min(height, py + reach + 2);
        var leaves = surface.Kind == SurfaceKind.Leaves;
        float grain = radius / surface.A * 1.3f, square = Vec3.Dot(c, c) - radius * radius;
        for (var y = y0; y < y1; y++)
            for (var x = x0; x < x1; x++)
            {
                float dx = (x + 0.5f - view.CentreX) / view.Focal, dy = (y + 0.5f - view.CentreY) / view.Focal, hx, hy, depth;
                if (view.Perspective)
                {
                    float a = dx * dx + dy * dy + 1, b = dx * c.X + dy * c.Y + c.Z, root = b * b - a * square;
                    if (root <= 0)
                        continue;
                    depth = (b - MathF.Sqrt(root)) / a;
                    (hx, hy) = (dx * depth, dy * depth);
                }
                else
                {
                    var root = radius * radius - (dx - c.X) * (dx - c.X) - (dy - c.Y) * (dy - c.Y);
                    if (root <= 0)
                        continue;
                    depth = c.Z - MathF.Sqrt(root);
                    (hx, hy) = (dx, dy);
                }
                var at = y * width + x;
                var key = view.Perspective ? 1 / depth : View.ParallelFar - depth;
                if (key <= Key[at])
                    continue;
                float u = (hx - c.X) / radius, v = (hy - c.Y) / radius;
                if (leaves)
                {
                    var noise = Noise.Value(u * grain, v * grain, surface.Seed + (uint)index);
                    if (noise < surface.B || u * u + v * v > 0.5f + 0.6f * noise)
                        continue;
                }
                Key[at] = key;
                if (!keepsSurfaces)
                    continue;
                Seen[at] = index;
                U[at] = u;
                V[at] = v;
            }
    }

    /// <summary>Into camera space, cut at the near plane (perspective only).</summary>
    static int Clip(View view, ReadOnlySpan<Vertex> corners, Span<Vec3> at, Span<float> us, Span<float> vs)
    {
        var n = 0;
        var previous = corners[^1];
        var from = view.ToCamera(previous.Position);
        foreach (var corner in corners)
        {
            var to = view.ToCamera(corner.Position);
            bool fromIn = !view.Perspective || from.Z >= View.Near, toIn = !view.Perspective || to.Z >= View.Near;
            if (fromIn != toIn)
            {
                var t = (View.Near - from.Z) / (to.Z - from.Z);
                at[n] = new(from.X + (to.X - from.X) * t, from.Y + (to.Y - from.Y) * t, View.Near);
                us[n] = previous.U + (corner.U - previous.U) * t;
                vs[n++] = previous.V + (corner.V - previous.V) * t;
            }
            if (toIn)
            {
                at[n] = to;
                us[n] = corner.U;
                vs[n++] = corner.V;
            }
            (from, previous) = (to, corner);
        }
        return n;
    }
}

/// <summary>A quantity that is linear over the picture.</summary>
readonly record struct Plane(double Base, double Dx, double Dy)
{
    public double Row(double y) => Base + Dy * y;

    /// <summary>
    /// Through three values: at the origin (x0, y0), and at its offsets (x1, y1) and (x2, y2); inverse is 1/(x1·y2 − x2·y1).
    /// </summary>
    public static Plane Through(
        double x0, double y0, double a, double b, double c, double x1, double y1, double x2, double y2, double inverse)
    {
        var dx = ((b - a) * y2 - (c - a) * y1) * inverse;
        var dy = ((c - a) * x1 - (b - a) * x2) * inverse;
        return new(a - dx * x0 - dy * y0, dx, dy);
    }
}
