using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Sampling at computed places, regions, and boxes.</summary>
static class ImageRules
{
    public static Rule? Read(NodeAttributes a)
    {
        switch (a.Node.Type)
        {
            case "GridSample":
                var sampling = new GridSampling(a.Text("mode", "linear"), a.Text("padding_mode", "zeros"), a.Flag("align_corners"));
                return c => [sampling.Sample(c)];
            case "AffineGrid":
                var corners = a.Flag("align_corners");
                return c => [AffineGrid(c, corners)];
            case "RoiAlign":
                var regions = RegionSampling.Read(a);
                return c => [regions.Sample(c)];
            case "NonMaxSuppression":
                var isCentre = a.Flag("center_point_box");
                return c => [Suppressed(c, isCentre)];
            default:
                return null;
        }
    }

    static Value AffineGrid(Call c, bool corners)
    {
        var (theta, sizes) = (c[0].ToDoubles(), c.Sizes(c.Ints(1, "sizes")));
        var (n, image) = (sizes[0], sizes[2..]);
        var rank = image.Length;
        if (c[0].Rank != 3 || c[0].Shape[0] != n || c[0].Shape[1] != rank || c[0].Shape[2] != rank + 1)
            throw c.Refuse($"matrices {c[0]} do not fit sizes [{string.Join(", ", sizes)}]");
        var to = c.Doubles([n, .. image, rank]);
        var (dense, area) = (Strides.Dense(image), Value.Product(image));
        for (var k = 0; k < to.Length; k++)
        {
            var (row, place) = (k % rank, k / rank % area);
            var matrix = ((k / rank / area * rank) + row) * (rank + 1);
            var sum = theta[matrix + rank];
            for (var d = 0; d < rank; d++)
            {
                // The first coordinate is that of the last axis.
                var axis = rank - 1 - d;
                var at = place / dense[axis] % image[axis];
                var x = corners ? (image[axis] == 1 ? 0 : (2.0 * at / (image[axis] - 1)) - 1) : (((2.0 * at) + 1) / image[axis]) - 1;
                sum += theta[matrix + d] * x;
            }
            to[k] = sum;
        }
        return new Value(c[0].Type, [n, .. image, rank], to);
    }

    static Value Suppressed(Call c, bool isCentre)
    {
        var (boxes, scores) = (c[0], c[1]);
        var (most, iou, least) = (c.Number(2, 0), c.Number(3, 0), c.Number(4, double.NegativeInfinity));
        if (boxes.Rank != 3 || scores.Rank != 3 || boxes.Shape[2] != 4 || boxes.Shape[1] != scores.Shape[2])
            throw c.Refuse($"boxes {boxes} and scores {scores} do not fit each other");
        var (batches, count, classes) = (boxes.Shape[0], boxes.Shape[1], scores.Shape[1]);
        var chosen = new List<long>();
        for (var b = 0; b < batches; b++)
        {
            var areas = Enumerable.Range(0, count).Select(k => Box.Of(boxes, ((b * count) + k) * 4, isCentre)).ToArray();
            for (var kind = 0; kind < classes; kind++)
            {
                var first = ((b * classes) + kind) * count;
                var kept = new List<int>();
                foreach (var k in Enumerable.Range(0,
                    count).Where(k => scores[first + k] > least).OrderByDescending(k => scores[first + k]))
                {
                    if (kept.Count >= most)
                        break;
                    if (kept.All(other => areas[k].Overlap(areas[other]) <= iou))
                        kept.Add(k);
                }
                chosen.AddRange(kept.SelectMany(k => new long[] { b, kind, k }));
            }
        }
        return Value.OfInts(OnnxType.Int64, [chosen.Count / 3, 3], [.. chosen]);
    }

    readonly record struct Box(double Top, double Left, double Bottom, double Right)
    {
        public static Box Of(Value boxes, int at, bool isCentre)
        {
            var (p, q, r, s) = (boxes[at], boxes[at + 1], boxes[at + 2], boxes[at + 3]);
            return isCentre
                ? new(q - (s / 2), p - (r / 2), q + (s / 2), p + (r / 2))
                : new(Math.Min(p, r), Math.Min(q, s), Math.Max(p, r), Math.Max(q, s));
        }

        double Area => (Bottom - Top) * (Right - Left);

        public double Overlap(Box other)
        {
            var (h, w) = (Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top),
                Math.Min(Right, other.Right) - Math.Max(Left, other.Left));
            if (h <= 0 || w <= 0)
                return 0;
            return h * w / (Area + other.Area - (h * w));
        }
    }
}

/// <summary>ONNX's GridSample of any number of dimensions.</summary>
/// <param name="Mode">linear, nearest or cubic.</param>
/// <param name="Padding">zeros, border or reflection.</param>
/// <param name="Corners">Whether −1 and 1 are the centres of the outer pixels; else their edges.</param>
sealed record GridSampling(string Mode, string Padding, bool Corners)
{
    public Value Sample(Call c)
    {
        var (x, grid) = (c[0], c[1]);
        var rank = x.Rank - 2;
        if (grid.Rank != x.Rank || grid.Shape[^1] != rank || grid.Shape[0] != x.Shape[0])
            throw c.Refuse($"grid {grid} does not fit {x}");
        var (image, places) = (x.Shape[2..], Value.Product(grid.Shape.AsSpan(1, rank)));
        int[] shape = [x.Shape[0], x.Shape[1], .. grid.Shape[1..^1]];
        var (to, from, area) = (c.Doubles(shape), x.ToDoubles(), Value.Product(image));
        var taps = new (int[] At, double[] Weights)[rank];
        for (var k = 0; k < x.Shape[0] * places; k++)
        {
            for (var d = 0; d < rank; d++)
                taps[d] = Along(grid[(k * rank) + rank - 1 - d], image[d]);
            for (var channel = 0; channel < x.Shape[1]; channel++)
                to[(((k / places * x.Shape[1]) + channel) * places) + (k % places)] =
                    Sum(from, ((k / places * x.Shape[1]) + channel) * area, image, taps, 0, 0);
        }
        return new Value(x.Type, shape, to);
    }

    static double Sum(double[] from, int start, int[] image, (int[] At, double[] Weights)[] taps, int d, int at)
    {
        if (d == image.Length)
            return from[start + at];
        double sum = 0;
        for (var t = 0; t < taps[d].At.Length; t++)
            if (taps[d].At[t] >= 0 && taps[d].Weights[t] != 0)
                sum += taps[d].Weights[t] * Sum(from, start, image, taps, d + 1, (at * image[d]) + taps[d].At[t]);
        return sum;
    }

    // The pixels next to a place along an axis, -1 for those outside, and their weights.
    (int[] At, double[] Weights) Along(double given, int size)
    {
        var place = Corners ? (given + 1) / 2 * (size - 1) : (((given + 1) * size) - 1) / 2;
        if (Mode == "nearest")
            place = Math.Round(place, MidpointRounding.ToEven);
        var (low, high) = Corners ? (0, size - 1.0) : (-0.5, size - 0.5);
        if (!double.IsFinite(place))
            place = -1;
        if (place < low || place > high)
            place = Padding switch
            {
                // Each of the four pixels of a cubic is clamped by itself, as in PyTorch and ONNX Runtime.
                "border" when Mode is not ("cubic" or "bicubic") => Math.Clamp(place, 0, size - 1),
                "reflection" => Reflected(place, low, high),
                _ => place,
            };
        // Far outside, all pixels are zeros.
        place = Math.Clamp(place, -1e6, 1e6 + size);
        var floor = (int)Math.Floor(place);
        var part = place - floor;
        return Mode switch
        {
            "nearest" => ([Pixel((int)Math.Round(place, MidpointRounding.ToEven), size, low, high)], [1]),
            "cubic" or "bicubic" => ([.. Enumerable.Range(floor - 1, 4).Select(p => Pixel(p, size, low, high))],
                ResizeRules.Cubic(part, -0.75)),
            _ => ([Pixel(floor, size, low, high), Pixel(floor + 1, size, low, high)], [1 - part, part]),
        };
    }

    int Pixel(int at, int size, double low, double high) => at >= 0 && at < size ? at : Padding switch
    {
        "border" => Math.Clamp(at, 0, size - 1),
        "reflection" => Math.Clamp((int)Math.Round(Reflected(at, low, high)), 0, size - 1),
        _ => -1,
    };

    static double Reflected(double at, double low, double high)
    {
        var length = high - low;
        if (length <= 0)
            return 0;
        var distance = Math.Abs(at - low) % (2 * length);
        return low + (distance > length ? (2 * length) - distance : distance);
    }
}
