namespace Hwaso.Runtime.Poses;

/// <summary>How a joint is placed between the pixels of its heat map.</summary>
public enum PoseRefinement
{
    /// <summary>At the largest pixel.</summary>
    None,

    /// <summary>A quarter pixel towards the larger neighbour, as published.</summary>
    Quarter,

    /// <summary>The same for each direction by itself, nearer to the borders, as mmpose does it.</summary>
    QuarterOfEach,

    /// <summary>DARK (Zhang et al., CVPR 2020): a Taylor step on the logarithm of the blurred map.</summary>
    Dark,

    /// <summary>DARK's step as UDP (Huang et al., CVPR 2020) takes it, at the borders too.</summary>
    DarkUdp,
}

/// <summary>Finds joints in heat maps.</summary>
/// <param name="width">The maps' width.</param>
/// <param name="height">The maps' height.</param>
/// <param name="refinement">How joints are placed between pixels.</param>
/// <param name="blur">Side of the kernel that blurs maps for the Taylor step, odd; 11 where σ is 2, 17 where it is 3.</param>
public sealed class HeatMapDecoder(int width, int height, PoseRefinement refinement = PoseRefinement.Quarter, int blur = 11)
{
    /// <summary>Joints in pixels of the map.</summary>
    /// <param name="maps">J × height × width values.</param>
    /// <returns>x, y and the largest value of each joint; 0, 0 where no value is above 0.</returns>
    public float[] Decode(ReadOnlySpan<float> maps)
    {
        var plane = width * height;
        var joints = new float[maps.Length / plane * 3];
        for (var j = 0; j < joints.Length / 3; j++)
        {
            var map = maps.Slice(j * plane, plane);
            var best = 0;
            for (var k = 1; k < plane; k++)
                if (map[k] > map[best])
                    best = k;
            var joint = joints.AsSpan(3 * j, 3);
            joint[2] = map[best];
            if (!(map[best] > 0))
                continue;
            (joint[0], joint[1]) = (best % width, best / width);
            Refine(map, joint);
        }
        return joints;
    }

    /// <summary>Moves a joint from its pixel to a place between pixels.</summary>
    /// <param name="map">height × width values.</param>
    /// <param name="joint">x and y; changed.</param>
    public void Refine(ReadOnlySpan<float> map, Span<float> joint)
    {
        var (x, y) = ((int)joint[0], (int)joint[1]);
        switch (refinement)
        {
            case PoseRefinement.Quarter when x > 1 && x < width - 1 && y > 1 && y < height - 1:
                joint[0] += 0.25f * Math.Sign(map[y * width + x + 1] - map[y * width + x - 1]);
                joint[1] += 0.25f * Math.Sign(map[(y + 1) * width + x] - map[(y - 1) * width + x]);
                break;
            case PoseRefinement.QuarterOfEach when x > 0 && y > 0:
                if (x > 1 && x < width - 1)
                    joint[0] += 0.25f * Math.Sign(map[y * width + x + 1] - map[y * width + x - 1]);
                if (y > 1 && y < height - 1)
                    joint[1] += 0.25f * Math.Sign(map[(y + 1) * width + x] - map[(y - 1) * width + x]);
                break;
            case PoseRefinement.Dark when x > 1 && x < width - 2 && y > 1 && y < height - 2:
                Taylor(Blurred(map, 1e-10f, float.MaxValue), x, y, joint);
                break;
            case PoseRefinement.DarkUdp:
                TaylorToTheBorder(Blurred(map, 1e-3f, 50), x, y, joint);
                break;
        }
    }

    /// <summary>
    /// A blurred map, which has the old largest value: cv2.GaussianBlur on a map with zeros around it.
    /// </summary>
    /// <param name="map">height × width values.</param>
    public float[] Blur(ReadOnlySpan<float> map)
    {
        var kernel = Kernel(blur);
        var (radius, rows, result) = (blur / 2, new float[map.Length], new float[map.Length]);
        float before = float.MinValue, after = float.MinValue;
        foreach (var value in map)
            before = Math.Max(before, value);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                var sum = 0f;
                for (var k = Math.Max(0, x - radius); k <= Math.Min(width - 1, x + radius); k++)
                    sum += kernel[k - x + radius] * map[y * width + k];
                rows[y * width + x] = sum;
            }
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                var sum = 0f;
                for (var k = Math.Max(0, y - radius); k <= Math.Min(height - 1, y + radius); k++)
                    sum += kernel[k - y + radius] * rows[k * width + x];
                result[y * width + x] = sum;
                after = Math.Max(after, sum);
            }
        for (var k = 0; k < result.Length; k++)
            result[k] *= before / after;
        return result;
    }

    float[] Blurred(ReadOnlySpan<float> map, float least, float most)
    {
        var blurred = Blur(map);
        for (var k = 0; k < blurred.Length; k++)
            blurred[k] = MathF.Log(Math.Clamp(blurred[k], least, most));
        return blurred;
    }

    void Taylor(float[] log, int x, int y, Span<float> joint)
    {
        float At(int dx, int dy) => log[(y + dy) * width + x + dx];
        var (gx, gy) = (0.5f * (At(1, 0) - At(-1, 0)), 0.5f * (At(0, 1) - At(0, -1)));
        var xx = 0.25f * (At(2, 0) - 2 * At(0, 0) + At(-2, 0));
        var xy = 0.25f * (At(1, 1) - At(1, -1) - At(-1, 1) + At(-1, -1));
        var yy = 0.25f * (At(0, 2) - 2 * At(0, 0) + At(0, -2));
        Step(joint, gx, gy, xx, xy, yy);
    }

    void TaylorToTheBorder(float[] log, int x, int y, Span<float> joint)
    {
        float At(int dx, int dy) => log[Math.Clamp(y + dy, 0, height - 1) * width + Math.Clamp(x + dx, 0, width - 1)];
        var (gx, gy) = (0.5f * (At(1, 0) - At(-1, 0)), 0.5f * (At(0, 1) - At(0, -1)));
        var (xx, yy) = (At(1, 0) - 2 * At(0, 0) + At(-1, 0), At(0, 1) - 2 * At(0, 0) + At(0, -1));
        var xy = 0.5f * (At(1, 1) - At(1, 0) - At(0, 1) + At(0, 0) + At(0, 0) - At(-1, 0) - At(0, -1) + At(-1, -1));
        // Single precision's step from 1, which keeps flat maps from having no inverse.
        const float Little = 1.1920929e-7f;
        Step(joint, gx, gy, xx + Little, xy, yy + Little);
    }

    static void Step(Span<float> joint, double gx, double gy, double xx, double xy, double yy)
    {
        var determinant = xx * yy - xy * xy;
        if (determinant == 0)
            return;
        joint[0] -= (float)((yy * gx - xy * gy) / determinant);
        joint[1] -= (float)((xx * gy - xy * gx) / determinant);
    }

    // OpenCV has small kernels as tables; others follow from the size.
    static float[] Kernel(int size)
    {
        switch (size)
        {
            case 1:
                return [1];
            case 3:
                return [0.25f, 0.5f, 0.25f];
            case 5:
                return [0.0625f, 0.25f, 0.375f, 0.25f, 0.0625f];
            case 7:
                return [0.03125f, 0.109375f, 0.21875f, 0.28125f, 0.21875f, 0.109375f, 0.03125f];
        }
        var sigma = 0.3 * ((size - 1) * 0.5 - 1) + 0.8;
        double[] values = [.. Enumerable.Range(0, size).Select(k => (k - (size - 1) * 0.5) / sigma).Select(d => Math.Exp(-0.5 * d * d))];
        var sum = values.Sum();
        return [.. values.Select(v => (float)(v / sum))];
    }
}
