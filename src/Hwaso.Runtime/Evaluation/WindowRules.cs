using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Convolutions and poolings of any number of dimensions.</summary>
static class WindowRules
{
    public static Rule? Read(NodeAttributes a)
    {
        switch (a.Node.Type)
        {
            case "Conv":
                var (windows, groups) = (Windows.Read(a), (int)Math.Clamp(a.Int("group", 1), 0, int.MaxValue));
                return c => [Convolved(c, windows, groups, c[0], c[1], c.Optional(2))];
            case "ConvInteger":
                var whole = IntegerConvolution.Read(a);
                return c => [CastRules.Cast(whole.Sums(c, weights: 1, zero: 2, weightsZero: 3), OnnxType.Int32)];
            case "ConvTranspose":
                var (transposed, count) = (Windows.Read(a), (int)Math.Clamp(a.Int("group", 1), 0, int.MaxValue));
                var (padding, shape) = (a.Ints("output_padding"), a.Ints("output_shape"));
                return c => [Transposed(c, transposed, count, padding, shape)];
            case "MaxPool":
                var (pool, columns) = (Pooling(a), a.Int("storage_order", 0) != 0);
                return c => Maximum(c, pool, columns);
            case "AveragePool":
                var (mean, include) = (Pooling(a), a.Flag("count_include_pad"));
                return c => [Average(c, mean, include)];
            case "LpPool":
                var (norm, p) = (Pooling(a), a.Int("p", 2));
                return c => [Norm(c, norm, p)];
            case "MaxUnpool":
                var unpool = Pooling(a);
                return c => [Unpool(c, unpool)];
            case "Col2Im":
                var blocks = Windows.Read(a);
                return c => [Columns(c, blocks)];
            case "DeformConv":
                var (bent, sets, offsets) = (Windows.Read(a), (int)a.Int("group", 1), (int)a.Int("offset_group", 1));
                return c => [Deformed(c, bent, Math.Max(1, sets), Math.Max(1, offsets))];
            default:
                return null;
        }
    }

    static Windows Pooling(NodeAttributes a)
    {
        var windows = Windows.Read(a, ceiling: true);
        return windows.Kernel is not null ? windows : throw a.Refuse("kernel_shape is missing");
    }

    /// <summary>A convolution, summed in double precision.</summary>
    public static Value Convolved(Call c, Windows windows, int groups, Value x, Value w, Value? bias)
    {
        if (x.Rank != w.Rank || groups < 1 || w.Shape[0] % groups != 0 || x.Shape[1] != w.Shape[1] * groups)
            throw c.Refuse($"input {x} does not fit weights {w} in {groups} groups");
        var along = windows.Over(c, x, w.Shape[2..]);
        int[] shape = [x.Shape[0], w.Shape[0], .. along.Select(l => l.Count)];
        var (to, from, weights) = (c.Doubles(shape), x.ToDoubles(), w.ToDoubles());
        var (places, taps, area) = (Value.Product(shape.AsSpan(2)), Value.Product(w.Shape.AsSpan(2)), Value.Product(x.Shape.AsSpan(2)));
        var (cin, cout) = (w.Shape[1], w.Shape[0] / groups);
        Windows.Each(along, (place, tap, at) =>
        {
            for (var n = 0; n < shape[0]; n++)
                for (var o = 0; o < shape[1]; o++)
                {
                    var first = (n * x.Shape[1]) + (o / cout * cin);
                    double sum = 0;
                    for (var i = 0; i < cin; i++)
                        sum += from[((first + i) * area) + at] * weights[(((o * cin) + i) * taps) + tap];
                    to[(((n * shape[1]) + o) * places) + place] += sum;
                }
        });
        if (bias is not null)
            for (var k = 0; k < to.Length; k++)
                to[k] += bias[k / places % shape[1]];
        return new Value(x.Type, shape, to);
    }

    static Value Transposed(Call c, Windows windows, int groups, long[]? padding, long[]? wanted)
    {
        var (x, w) = (c[0], c[1]);
        var rank = x.Rank - 2;
        if (rank < 1 || x.Rank != w.Rank || groups < 1 || x.Shape[1] != w.Shape[0] || x.Shape[1] % groups != 0)
            throw c.Refuse($"input {x} does not fit weights {w} in {groups} groups");
        var along = new Window[rank];
        for (var d = 0; d < rank; d++)
        {
            var (kernel, stride, dilation) = (w.Shape[d + 2], windows.Stride(d), windows.Dilation(d));
            var whole = ((x.Shape[d + 2] - 1L) * stride) + (padding?[d] ?? 0) + ((kernel - 1L) * dilation) + 1;
            var (before, after) = (windows.Pads?[d] ?? 0, windows.Pads?[d + rank] ?? 0);
            long? size = wanted is not null ? wanted[wanted.Length - rank + d]
                : windows.Auto.StartsWith("SAME", StringComparison.Ordinal) ? (long)x.Shape[d + 2] * stride : null;
            if (size is { } given)
            {
                // A larger output has zeros at its end.
                var all = Math.Max(whole - given, 0);
                before = windows.Auto == "SAME_UPPER" ? all / 2 : all - (all / 2);
                after = all - before;
            }
            along[d] = new Window(c.Sizes([size ?? (whole - before - after)])[0], kernel, stride, dilation, (int)before, 0, x.Shape[d + 2]);
        }
        int[] shape = [x.Shape[0], w.Shape[1] * groups, .. along.Select(l => l.Size)];
        var (to, from, weights) = (c.Doubles(shape), x.ToDoubles(), w.ToDoubles());
        var (area, taps, places) = (Value.Product(shape.AsSpan(2)), Value.Product(w.Shape.AsSpan(2)), Value.Product(x.Shape.AsSpan(2)));
        var (cin, cout) = (x.Shape[1] / groups, w.Shape[1]);
        Windows.Each(along, (place, tap, at) =>
        {
            for (var n = 0; n < shape[0]; n++)
                for (var i = 0; i < x.Shape[1]; i++)
                {
                    var value = from[(((n * x.Shape[1]) + i) * places) + place];
                    var first = (n * shape[1]) + (i / cin * cout);
                    for (var o = 0; o < cout; o++)
                        to[((first + o) * area) + at] += value * weights[(((i * cout) + o) * taps) + tap];
                }
        });
        if (c.Optional(2) is { } bias)
            for (var k = 0; k < to.Length; k++)
                to[k] += bias[k / area % shape[1]];
        return new Value(x.Type, shape, to);
    }

    static Value[] Maximum(Call c, Windows windows, bool columns)
    {
        var x = c[0];
        var along = windows.Over(c, x);
        int[] shape = [x.Shape[0], x.Shape[1], .. along.Select(l => l.Count)];
        var (best, area) = (new int[Value.Product(c.Sizes(shape))], Value.Product(x.Shape.AsSpan(2)));
        var places = Value.Product(shape.AsSpan(2));
        Array.Fill(best, -1);
        Windows.Each(along, (place, _, at) =>
        {
            for (var plane = 0; plane < x.Shape[0] * x.Shape[1]; plane++)
            {
                ref var so = ref best[(plane * places) + place];
                var element = (plane * area) + at;
                if (so < 0 || OrderRules.Compare(x, element, so) > 0)
                    so = element;
            }
        });
        var result = x.Pick(best, shape, double.NegativeInfinity);
        if (c.Outputs < 2)
            return [result];
        return [result, Value.OfInts(OnnxType.Int64, shape, Array.ConvertAll(best, e => columns ? ByColumn(e, x.Shape) : (long)e))];
    }

    // The index with the first axis of an image fastest.
    static long ByColumn(int element, int[] shape)
    {
        var area = Value.Product(shape.AsSpan(2));
        var (plane, at) = Math.DivRem(element, area);
        long index = 0;
        var step = area;
        for (var d = shape.Length - 1; d >= 2; d--)
        {
            step /= shape[d];
            index += at % shape[d] * step;
            at /= shape[d];
        }
        return ((long)plane * area) + index;
    }

    static Value Average(Call c, Windows windows, bool include)
    {
        var x = c[0];
        var along = windows.Over(c, x);
        int[] shape = [x.Shape[0], x.Shape[1], .. along.Select(l => l.Count)];
        var (sums, from, area, places) = (c.Doubles(shape), x.ToDoubles(), Value.Product(x.Shape.AsSpan(2)),
            Value.Product(shape.AsSpan(2)));
        var counts = new int[places];
        Windows.Each(along, (place, _, at) =>
        {
            counts[place]++;
            for (var plane = 0; plane < x.Shape[0] * x.Shape[1]; plane++)
                sums[(plane * places) + place] += from[(plane * area) + at];
        });
        if (include)
            for (var k = 0; k < places; k++)
            {
                var (rest, count) = (k, 1);
                for (var d = along.Length - 1; d >= 0; d--)
                {
                    count *= along[d].Padded(rest % along[d].Count);
                    rest /= along[d].Count;
                }
                counts[k] = count;
            }
        for (var k = 0; k < sums.Length; k++)
            sums[k] /= counts[k % places];
        return new Value(x.Type, shape, sums);
    }

    static Value Norm(Call c, Windows windows, long p)
    {
        var x = c[0];
        var along = windows.Over(c, x);
        int[] shape = [x.Shape[0], x.Shape[1], .. along.Select(l => l.Count)];
        var (sums, from, area, places) = (c.Doubles(shape), x.ToDoubles(), Value.Product(x.Shape.AsSpan(2)),
            Value.Product(shape.AsSpan(2)));
        Windows.Each(along, (place, _, at) =>
        {
            for (var plane = 0; plane < x.Shape[0] * x.Shape[1]; plane++)
                sums[(plane * places) + place] += Math.Pow(Math.Abs(from[(plane * area) + at]), p);
        });
        return new Value(x.Type, shape, Array.ConvertAll(sums, s => Math.Pow(s, 1.0 / p)));
    }

    static Value Unpool(Call c, Windows windows)
    {
        var (x, indices) = (c[0], c.Ints(1, "indices"));
        var rank = x.Rank - 2;
        int[] pooled = [x.Shape[0], x.Shape[1], .. Enumerable.Range(0, Math.Max(rank, 0)).Select(d => (int)(
            ((x.Shape[d + 2] - 1L) * windows.Stride(d)) + windows.Kernel![d] - (windows.Pads?[d] ?? 0) - (windows.Pads?[d + rank] ?? 0)))];
        var shape = c.Has(2) ? c.Sizes(c.Ints(2, "output shape")) : c.Sizes(pooled);
        var result = new Value(x.Type, shape);
        // The indices count in the tensor that was pooled; a larger output keeps its places.
        var (dense, own) = (Strides.Dense(shape), Strides.Dense(pooled));
        for (var k = 0; k < indices.Length; k++)
        {
            if (indices[k] < 0 || indices[k] >= Value.Product(pooled))
                throw c.Refuse($"index {indices[k]} is outside [{string.Join(", ", pooled)}]");
            var at = 0;
            for (var d = 0; d < pooled.Length; d++)
                at += (int)(indices[k] / own[d] % pooled[d]) * dense[d];
            result.Set(at, x, k);
        }
        return result;
    }

    static Value Columns(Call c, Windows windows)
    {
        var (x, image, block) = (c[0], c.Sizes(c.Ints(1, "image's sizes")), c.Sizes(c.Ints(2, "blocks' sizes")));
        var taps = Value.Product(block);
        int[] shape = [x.Shape[0], x.Shape[1] / taps, .. image];
        var along = windows.Over(c, new Value(x.Type, [0, 0, .. image]), block);
        var (to, from, area, places) = (c.Doubles(shape), x.ToDoubles(), Value.Product(image), x.Shape[2]);
        if (places != along.Aggregate(1, (p, w) => p * w.Count))
            throw c.Refuse($"input {x} does not have a column for each block of [{string.Join(", ", image)}]");
        Windows.Each(along, (place, tap, at) =>
        {
            for (var plane = 0; plane < shape[0] * shape[1]; plane++)
                to[(plane * area) + at] += from[(((plane * taps) + tap) * places) + place];
        });
        return new Value(x.Type, shape, to);
    }

    static Value Deformed(Call c, Windows windows, int groups, int offsetGroups)
    {
        var (x, w, offset, mask) = (c[0], c[1], c[2].ToDoubles(), c.Optional(4)?.ToDoubles());
        if (x.Rank != 4 || w.Rank != 4 || x.Shape[1] != w.Shape[1] * groups || x.Shape[1] % offsetGroups != 0)
            throw c.Refuse($"input {x} does not fit weights {w} in {groups} groups");
        var along = windows.Over(c, x, w.Shape[2..]);
        var (rows, columns) = (along[0], along[1]);
        int[] shape = [x.Shape[0], w.Shape[0], rows.Count, columns.Count];
        var (to, from, weights) = (c.Doubles(shape), x.ToDoubles(), w.ToDoubles());
        var (places, taps, area) = (rows.Count * columns.Count, rows.Kernel * columns.Kernel, x.Shape[2] * x.Shape[3]);
        var (cin, cout, each) = (w.Shape[1], w.Shape[0] / groups, x.Shape[1] / offsetGroups);
        for (var n = 0; n < shape[0]; n++)
            for (var place = 0; place < places; place++)
                for (var tap = 0; tap < taps; tap++)
                    for (var channel = 0; channel < x.Shape[1]; channel++)
                    {
                        var set = (((n * offsetGroups) + (channel / each)) * taps) + tap;
                        var y = (place / columns.Count * rows.Stride) - rows.Before + (tap / columns.Kernel * rows.Dilation)
                            + offset[(2 * set * places) + place];
                        var z = (place % columns.Count * columns.Stride) - columns.Before + (tap % columns.Kernel * columns.Dilation)
                            + offset[(((2 * set) + 1) * places) + place];
                        var value = Between(from, ((n * x.Shape[1]) + channel) * area, x.Shape[2], x.Shape[3], y, z)
                            * (mask?[(set * places) + place] ?? 1);
                        for (var o = 0; o < cout; o++)
                        {
                            var output = (channel / cin * cout) + o;
                            to[(((n * shape[1]) + output) * places) + place] +=
                                value * weights[(((output * cin) + (channel % cin)) * taps) + tap];
                        }
                    }
        if (c.Optional(3) is { } bias)
            for (var k = 0; k < to.Length; k++)
                to[k] += bias[k / places % shape[1]];
        return new Value(x.Type, shape, to);
    }

    /// <summary>A pixel between others, with zeros around the image.</summary>
    static double Between(double[] image, int start, int height, int width, double y, double x)
    {
        double sum = 0;
        var (top, left) = ((int)Math.Floor(Math.Clamp(y, -2, height + 1)), (int)Math.Floor(Math.Clamp(x, -2, width + 1)));
        for (var row = top; row <= top + 1; row++)
            for (var column = left; column <= left + 1; column++)
                if (row >= 0 && row < height && column >= 0 && column < width)
                    sum += image[start + (row * width) + column] * Math.Max(0, 1 - Math.Abs(y - row)) * Math.Max(0,
                        1 - Math.Abs(x - column));
        return sum;
    }
}
