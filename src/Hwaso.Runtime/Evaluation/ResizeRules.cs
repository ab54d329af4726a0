using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>ONNX's Resize and Upsample of any axes, in all modes: one axis after the other.</summary>
static class ResizeRules
{
    public static Rule? Read(NodeAttributes a)
    {
        if (a.Node.Type is not ("Resize" or "Upsample"))
            return null;
        var isOld = a.Node.Type == "Upsample" || a.Opset < 11;
        var mode = a.Text("mode", "nearest");
        var settings = new ResizeSettings(
            mode == "bilinear" ? "linear" : mode, isOld ? "asymmetric" : a.Text("coordinate_transformation_mode", "half_pixel"),
            isOld ? "floor" : a.Text("nearest_mode", "round_prefer_floor"), a.Float("cubic_coeff_a", -0.75f), a.Flag("antialias"),
            a.Flag("exclude_outside"), a.Float("extrapolation_value", 0), a.Text("keep_aspect_ratio_policy", "stretch"));
        if (settings.Mode is not ("nearest" or "linear" or "cubic"))
            throw a.Refuse($"mode {mode} is not supported; nearest, linear and cubic are");
        if (settings.Place is not ("half_pixel" or "half_pixel_symmetric" or "pytorch_half_pixel" or "align_corners" or "asymmetric"
            or "tf_crop_and_resize" or "tf_half_pixel_for_nn"))
            throw a.Refuse($"coordinate_transformation_mode {settings.Place} is not supported");
        var (axes, scales) = (a.Ints("axes"), a.Floats("scales"));
        return c => [Resize(c, settings, axes, isOld, scales)];
    }

    /// <summary>The weights of the four pixels around a place; Keys, IEEE Transactions on ASSP 29, 1981.</summary>
    public static double[] Cubic(double part, double a) => [.. Enumerable.Range(-1, 4).Select(k => CubicAt(Math.Abs(k - part), a))];

    static double CubicAt(double x, double a) => x <= 1 ? ((((a + 2) * x) - (a + 3)) * x * x) + 1
        : x < 2 ? (((((a * x) - (5 * a)) * x) + (8 * a)) * x) - (4 * a) : 0;

    static Value Resize(Call c, ResizeSettings settings, long[]? wanted, bool isOld, float[]? fixedScales)
    {
        var x = c[0];
        var axes = wanted is null ? [.. Enumerable.Range(0, x.Rank)] : Array.ConvertAll(wanted, a => c.Axis(a, x.Rank));
        var (sizes, scales) = ((int[])x.Shape.Clone(), Enumerable.Repeat(1f, x.Rank).ToArray());
        if (!isOld && c.Has(3) && c[3].Count > 0)
            OfSizes(c, settings, axes, sizes, scales);
        else
        {
            var given = fixedScales ?? c[isOld ? 1 : 2].Floats.ToArray();
            if (given.Length != axes.Length || given.Any(s => !(s > 0 && s < 1 << 20)))
                throw c.Refuse($"scales [{string.Join(", ", given.Take(8))}] do not fit {axes.Length} axes of {x}");
            for (var k = 0; k < axes.Length; k++)
                (scales[axes[k]], sizes[axes[k]]) = (given[k],
                    (int)Math.Min(int.MaxValue, Math.Floor((double)(given[k] * x.Shape[axes[k]]))));
        }
        c.Sizes(sizes);
        var regions = settings.Place == "tf_crop_and_resize" ? c[1].ToDoubles() : [];
        var (so, numbers) = (x.Shape, x.ToDoubles());
        var outside = new bool[x.Rank][];
        foreach (var (axis, k) in axes.Select((a, k) => (a, k)))
        {
            var taps = new Taps[sizes[axis]];
            outside[axis] = new bool[sizes[axis]];
            for (var at = 0; at < taps.Length; at++)
            {
                var place = Source(settings, at, x.Shape[axis], sizes[axis], scales[axis],
                    regions.Length > 0 ? regions[k] : 0, regions.Length > 0 ? regions[k + axes.Length] : 0);
                outside[axis][at] = regions.Length > 0 && (place < 0 || place > x.Shape[axis] - 1);
                taps[at] = Around(settings, place, x.Shape[axis], scales[axis]);
            }
            if (!(sizes[axis] == x.Shape[axis] && scales[axis] == 1 && regions.Length == 0))
                (so, numbers) = Along(c, so, numbers, axis, taps);
        }
        if (regions.Length > 0)
            Extrapolate(numbers, so, outside, settings.Extrapolation);
        // Integers lose their fraction, as in ONNX's reference and in ONNX Runtime; single precision absorbs errors of the sum.
        if (!x.IsReal)
            numbers = Array.ConvertAll(numbers, v => Math.Truncate((double)(float)v));
        return new Value(x.Type, so, numbers);
    }

    static void OfSizes(Call c, ResizeSettings settings, int[] axes, int[] sizes, float[] scales)
    {
        var (x, given) = (c[0], c.Ints(3, "sizes"));
        if (given.Length != axes.Length || x.Count == 0)
            throw c.Refuse($"{given.Length} sizes for {axes.Length} axes of {x}");
        var ratios = axes.Select((a, k) => (float)given[k] / x.Shape[a]).ToArray();
        var one = settings.Policy switch { "not_larger" => ratios.Min(), "not_smaller" => ratios.Max(), _ => 0 };
        for (var k = 0; k < axes.Length; k++)
        {
            scales[axes[k]] = one > 0 ? one : ratios[k];
            sizes[axes[k]] = one > 0 ? (int)Math.Floor((one * (double)x.Shape[axes[k]]) + 0.5) : c.Sizes([given[k]])[0];
        }
    }

    // In single precision, as ONNX Runtime computes them: rounding decides between neighbours.
    static float Source(ResizeSettings settings, int at, int from, int to, float scale, double start, double end)
    {
        switch (settings.Place)
        {
            case "asymmetric":
                return at / scale;
            case "align_corners":
                return to == 1 ? 0 : (float)at * (from - 1) / (to - 1);
            case "pytorch_half_pixel" when to == 1:
                return 0;
            case "tf_half_pixel_for_nn":
                return (at + 0.5f) / scale;
            case "tf_crop_and_resize":
                return (float)(to > 1
                    ? (start * (from - 1)) + (at * (end - start) * (from - 1) / (to - 1))
                    : 0.5 * (start + end) * (from - 1));
            case "half_pixel_symmetric":
                var offset = from / 2f * (1 - (to / (scale * from)));
                return offset + ((at + 0.5f) / scale) - 0.5f;
            default:
                return ((at + 0.5f) / scale) - 0.5f;
        }
    }

    static Taps Around(ResizeSettings settings, float place, int size, float scale)
    {
        if (settings.Mode == "nearest")
        {
            var near = settings.Rounding switch
            {
                "floor" => Math.Floor(place),
                "ceil" => Math.Ceiling(place),
                "round_prefer_ceil" => Math.Floor(place + 0.5),
                _ => Math.Ceiling(place - 0.5),
            };
            return new([(int)Math.Clamp(near, 0, size - 1)], [1]);
        }
        var floor = (int)Math.Floor(place);
        var part = (double)place - floor;
        int first;
        double[] weights;
        var reach = settings.Mode == "linear" ? 1 : 2;
        if (settings.Antialias && scale < 1)
        {
            // The filter is as wide as the output's pixels.
            first = (int)Math.Floor(-reach / (double)scale) + 1;
            weights = [.. Enumerable.Range(first, (2 * reach) - (2 * first)).Select(k => Math.Abs((k - part) * scale))
                .Select(d => reach == 1 ? Math.Max(0, 1 - d) : CubicAt(d, settings.A))];
            var sum = weights.Sum();
            weights = Array.ConvertAll(weights, w => w / sum);
        }
        else
        {
            first = 1 - reach;
            weights = reach == 1 ? [1 - part, part] : Cubic(part, settings.A);
        }
        if (settings.Exclude)
        {
            for (var k = 0; k < weights.Length; k++)
                if (floor + first + k < 0 || floor + first + k >= size)
                    weights[k] = 0;
            var sum = weights.Sum();
            weights = Array.ConvertAll(weights, w => w / sum);
        }
        return new([.. weights.Select((_, k) => Math.Clamp(floor + first + k, 0, size - 1))], weights);
    }

    static (int[] Shape, double[] Numbers) Along(Call c, int[] shape, double[] from, int axis, Taps[] taps)
    {
        var result = (int[])shape.Clone();
        result[axis] = taps.Length;
        var (to, inner, length) = (c.Doubles(result), Value.Product(shape.AsSpan(axis + 1)), shape[axis]);
        for (var k = 0; k < to.Length; k++)
        {
            var one = taps[k / inner % taps.Length];
            var start = (k / inner / taps.Length * length * inner) + (k % inner);
            double sum = 0;
            for (var t = 0; t < one.At.Length; t++)
                if (one.Weights[t] != 0)
                    sum += one.Weights[t] * from[start + (one.At[t] * inner)];
            to[k] = sum;
        }
        return (result, to);
    }

    static void Extrapolate(double[] numbers, int[] shape, bool[][] outside, double value)
    {
        for (var k = 0; k < numbers.Length; k++)
            for (int d = shape.Length - 1, at = k; d >= 0; at /= shape[d--])
                if (outside[d] is { } flags && flags[at % shape[d]])
                    numbers[k] = value;
    }

    sealed record Taps(int[] At, double[] Weights);
}

/// <summary>The attributes of ONNX's Resize.</summary>
sealed record ResizeSettings(
    string Mode, string Place, string Rounding, double A, bool Antialias, bool Exclude, double Extrapolation, string Policy);
