namespace Hwaso.Scenes;

/// <summary>From samples to pixels: light, label, instance and depth of each.</summary>
sealed class Picture(int width, int height)
{
    public Vec3[] Light { get; } = new Vec3[width * height];

    public byte[] Labels { get; } = new byte[width * height];

    public ushort[] Instances { get; } = new ushort[width * height];

    public float[] Depth { get; } = new float[width * height];

    public void Resolve(World world, View view, Rasteriser raster, Weather weather, StreetPlan plan)
    {
        var sky = new Sky(weather);
        var shader = new Shader(world, weather, plan, sky, view);
        var primitives = world.Primitives;
        Span<int> at = stackalloc int[4];
        Span<Vec3> colors = stackalloc Vec3[4];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                var corner = 2 * y * 2 * width + 2 * x;
                (at[0], at[1], at[2], at[3]) = (corner, corner + 1, corner + 2 * width, corner + 2 * width + 1);
                var sum = default(Vec3);
                for (var i = 0; i < 4; i++)
                {
                    var seen = raster.Seen[at[i]];
                    var same = -1;
                    for (var j = 0; j < i && same < 0; j++)
                        if (raster.Seen[at[j]] == seen && (seen < 0 || !primitives[seen].Surface.Fine))
                            same = j;
                    if (same >= 0)
                        colors[i] = colors[same];
                    else if (seen < 0)
                        colors[i] = sky.Color(view.Ray(2 * x + 1, 2 * y + 1).Unit());
                    else
                    {
                        var ray = view.Ray(2 * x + (i & 1) + 0.5f, 2 * y + (i >> 1) + 0.5f);
                        colors[i] = shader.Shade(primitives[seen], ray, 1 / raster.Key[at[i]], raster.U[at[i]], raster.V[at[i]]);
                    }
                    sum += colors[i];
                }
                Light[y * width + x] = sum * 0.25f;
                Truth(primitives, raster, at, y * width + x);
            }
    }

    /// <summary>The object that covers most of the pixel, the nearer of two equals; its depth where the pixel's samples meet it.</summary>
    void Truth(Span<Primitive> primitives, Rasteriser raster, ReadOnlySpan<int> at, int pixel)
    {
        Span<int> objects = stackalloc int[4];
        for (var i = 0; i < 4; i++)
        {
            var seen = raster.Seen[at[i]];
            objects[i] = seen < 0 ? StreetLabels.Sky << 16 | StreetLabels.Sky : primitives[seen].Label << 16 | primitives[seen].Instance;
        }
        int best = 0, bestVotes = 0;
        float bestKey = -1;
        for (var i = 0; i < 4; i++)
        {
            var votes = 0;
            float key = 0;
            for (var j = 0; j < 4; j++)
                if (objects[j] == objects[i])
                {
                    votes++;
                    key += raster.Key[at[j]];
                }
            key /= votes;
            if (votes < bestVotes || (votes == bestVotes && key <= bestKey))
                continue;
            (best, bestVotes, bestKey) = (i, votes, key);
        }
        Labels[pixel] = (byte)(objects[best] >> 16);
        Instances[pixel] = (ushort)(objects[best] & 0xFFFF);
        Depth[pixel] = bestKey > 0 ? 1 / bestKey : float.PositiveInfinity;
    }

    void Hide(int pixel, byte label)
    {
        Labels[pixel] = label;
        Instances[pixel] = label;
        Depth[pixel] = 0;
    }

    /// <summary>The bonnet of the car that carries the camera, mirroring the sky.</summary>
    public void AddOwnCar(SceneRandom random, Weather weather)
    {
        if (!random.Chance(0.7f))
            return;
        float rise = random.Range(0.05f, 0.13f), centre = random.Range(0.4f, 0.6f), bend = random.Range(0.15f, 0.5f);
        var paint = random.Pick<Vec3>([new(0.02f, 0.02f, 0.025f), new(0.3f, 0.3f, 0.31f), new(0.05f, 0.06f, 0.08f),
            new(0.15f, 0.02f, 0.02f)]);
        for (var x = 0; x < width; x++)
        {
            var across = (x + 0.5f) / width - centre;
            var edge = 1 - rise * (1 - bend * 4 * across * across);
            for (var y = Math.Max(0, (int)(edge * height)); y < height; y++)
            {
                var down = Math.Clamp(((y + 0.5f) / height - edge) / rise, 0, 1);
                var mirror = Vec3.Lerp(weather.Horizon, weather.Zenith, down) * (0.3f - 0.2f * down);
                var lit = paint * (0.35f + 0.4f * down) + mirror * (0.8f + 0.3f * Noise.Value(across * 9, down * 3, weather.Seed));
                Light[y * width + x] = down < 0.06f ? lit * 0.4f : lit;
                Hide(y * width + x, StreetLabels.EgoVehicle);
            }
        }
    }

    /// <summary>The black border that rectification leaves, and the outermost pixels, which are never labelled.</summary>
    public void AddBorder(SceneRandom random, byte[] pixels)
    {
        if (!random.Chance(0.6f))
            return;
        float left = random.Range(0, 0.012f), right = random.Range(0, 0.012f), bottom = random.Range(0, 0.02f),
            bow = random.Range(0, 0.006f);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                float fx = (x + 0.5f) / width, fy = (y + 0.5f) / height, curve = bow * 4 * (fy - 0.5f) * (fy - 0.5f);
                var border = fx < left + curve || 1 - fx < right + curve || 1 - fy < bottom;
                var roi = width >= 256 && (x < width / 256 || x >= width - width / 256);
                if (!border && !roi)
                    continue;
                var pixel = y * width + x;
                Hide(pixel, roi ? StreetLabels.OutOfRoi : StreetLabels.RectificationBorder);
                if (border)
                    for (var c = 0; c < 3; c++)
                        pixels[pixel * 3 + c] = (byte)(pixels[pixel * 3 + c] >> 4);
            }
    }
}
