using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Shapes: views, joins and cuts, repetitions, paddings, orders.</summary>
static class ShapeRules
{
    public static Rule? Read(NodeAttributes a)
    {
        switch (a.Node.Type)
        {
            case "Shape":
                var (start, end) = (a.Int("start", 0), a.Int("end", int.MaxValue));
                return c => [Shape(c[0].Shape, start, end)];
            case "Size":
                return c => [Value.OfInts(OnnxType.Int64, [], [c[0].Count])];
            case "Reshape":
                var (fixedShape, allowZero) = (a.Ints("shape"), a.Flag("allowzero"));
                return c => [Reshape(c, fixedShape ?? c.Ints(1, "sizes"), allowZero)];
            case "Flatten":
                var flat = a.Int("axis", 1);
                return c =>
                {
                    var at = flat == c[0].Rank ? c[0].Rank : c.Axis(flat, c[0].Rank);
                    return [c[0].View([Value.Product(c[0].Shape.AsSpan(0, at)), Value.Product(c[0].Shape.AsSpan(at))])];
                };
            case "Squeeze":
                var gone = a.Ints("axes");
                return c => [Squeeze(c, gone ?? (c.Has(1) ? c.Ints(1, "axes") : null))];
            case "Unsqueeze":
                var fresh = a.Ints("axes");
                return c => [Unsqueeze(c, fresh ?? c.Ints(1, "axes"))];
            case "Transpose":
                var order = a.Ints("perm");
                return c => [Transpose(c[0], order is null ? [.. Enumerable.Range(0, c[0].Rank).Reverse()]
                    : Array.ConvertAll(order, d => c.Axis(d, c[0].Rank)))];
            case "Concat":
                var along = a.Int("axis", 1);
                return c => [Concat(c, [.. Enumerable.Range(0, c.Inputs).Select(k => c[k])], along)];
            case "Split":
                var (axis, sizes, parts) = (a.Int("axis", 0), a.Ints("split"), a.Int("num_outputs", 0));
                return c => Split(c, axis, sizes ?? (c.Has(1) ? c.Ints(1, "sizes") : null), (int)Math.Max(parts, c.Outputs));
            case "Slice":
                var (starts, ends, axes) = (a.Ints("starts"), a.Ints("ends"), a.Ints("axes"));
                return c => [Slice(c, starts ?? c.Ints(1, "starts"), ends ?? c.Ints(2, "ends"),
                    axes ?? (starts is null && c.Has(3) ? c.Ints(3, "axes") : null), starts is null && c.Has(4) ? c.Ints(4, "steps")
                        : null)];
            case "Expand":
                return c =>
                {
                    var shape = c.Broadcast(c[0].Shape, c.Sizes(c.Ints(1, "shape")));
                    return [c[0].Pick(Broadcasting.Indices(c[0].Shape, shape), shape)];
                };
            case "Tile":
                return c => [Tile(c)];
            case "Pad":
                var (mode, pads, value) = (a.Text("mode", "constant"), a.Ints("pads"), a.Float("value", 0));
                if (mode is not ("constant" or "reflect" or "edge" or "wrap"))
                    throw a.Refuse($"mode {mode} is not supported; constant, reflect, edge and wrap are");
                return c => [Pad(c, mode, pads ?? c.Ints(1, "padding"), pads is null ? c.Number(2, 0) : value, c.Has(3)
                    ? c.Ints(3, "axes") : null)];
            case "DepthToSpace" or "SpaceToDepth":
                var (block, first) = (a.Int("blocksize", 0), a.Text("mode", "DCR") == "DCR");
                return a.Node.Type == "DepthToSpace" ? c => [DepthToSpace(c, (int)block, first)] : c => [SpaceToDepth(c, (int)block)];
            default:
                return null;
        }
    }

    /// <summary>A tensor of given elements: the source of each element of the result follows from its index.</summary>
    public static Value Gather(Call c, Value x, int[] shape, Func<int[], int> source, double otherwise = 0)
    {
        shape = c.Sizes(shape);
        var (places, index) = (new int[Value.Product(shape)], new int[shape.Length]);
        for (var k = 0; k < places.Length; k++)
        {
            places[k] = source(index);
            for (var d = shape.Length - 1; d >= 0 && ++index[d] == shape[d]; d--)
                index[d] = 0;
        }
        return x.Pick(places, shape, otherwise);
    }

    public static Value Transpose(Value x, int[] order)
    {
        if (order.Length != x.Rank || order.Distinct().Count() != x.Rank)
            throw new ArgumentException("the order does not fit");
        var (shape, steps) = (order.Select(d => x.Shape[d]).ToArray(), Strides.Dense(x.Shape));
        var (places, index) = (new int[x.Count], new int[x.Rank]);
        for (int k = 0, at = 0; k < places.Length; k++)
        {
            places[k] = at;
            for (var d = x.Rank - 1; d >= 0; d--)
            {
                at += steps[order[d]];
                if (++index[d] < shape[d])
                    break;
                at -= steps[order[d]] * shape[d];
                index[d] = 0;
            }
        }
        return x.Pick(places, shape);
    }

    public static Value Concat(Call c, Value[] parts, long wanted)
    {
        var axis = c.Axis(wanted, parts[0].Rank);
        var shape = (int[])parts[0].Shape.Clone();
        for (var k = 1; k < parts.Length; k++)
        {
            var part = parts[k];
            if (part.Type != parts[0].Type || part.Rank != shape.Length
                || Enumerable.Range(0, shape.Length).Any(d => d != axis && part.Shape[d] != shape[d]))
                throw c.Refuse($"{part} cannot be joined to {parts[0]} along axis {axis}");
            shape[axis] = checked(shape[axis] + part.Shape[axis]);
        }
        var result = new Value(parts[0].Type, c.Sizes(shape));
        var inner = Value.Product(shape.AsSpan(axis + 1));
        var outer = Value.Product(shape.AsSpan(0, axis));
        var start = 0;
        foreach (var part in parts)
        {
            var each = part.Shape[axis] * inner;
            for (var o = 0; o < outer; o++)
                for (var k = 0; k < each; k++)
                    result.Set((o * shape[axis] * inner) + start + k, part, (o * each) + k);
            start += each;
        }
        return result;
    }

    /// <summary>A part of a tensor along one axis.</summary>
    public static Value Cut(Call c, Value x, int axis, int start, int count) =>
        Slice(c, x, [start], [start + count], [axis], [1]);

    static Value Shape(int[] shape, long start, long end)
    {
        var from = (int)Math.Clamp(start < 0 ? start + shape.Length : start, 0, shape.Length);
        var to = (int)Math.Clamp(end < 0 ? end + shape.Length : end, from, shape.Length);
        return Value.OfInts(OnnxType.Int64, [to - from], [.. shape[from..to].Select(s => (long)s)]);
    }

    static Value Reshape(Call c, long[] sizes, bool allowZero)
    {
        var x = c[0];
        sizes = [.. sizes.Select((s, k) => s != 0 || allowZero ? s : k < x.Rank ? x.Shape[k]
            : throw c.Refuse($"size {k} is taken from {x}"))];
        var free = Array.IndexOf(sizes, -1);
        if (free >= 0)
        {
            var known = sizes.Where((_, k) => k != free).Aggregate(1L, (p, s) => checked(p * s));
            sizes[free] = known == 0 ? 0 : x.Count / known;
        }
        var shape = c.Sizes(sizes);
        return Value.Product(shape) == x.Count ? x.View(shape) : throw c.Refuse($"{x} cannot be reshaped to [{string.Join(", ", sizes)}]");
    }

    static Value Squeeze(Call c, long[]? axes)
    {
        var x = c[0];
        var gone = axes is null
            ? Enumerable.Range(0, x.Rank).Where(d => x.Shape[d] == 1).ToHashSet()
            : axes.Select(a => c.Axis(a, x.Rank)).ToHashSet();
        return gone.All(d => x.Shape[d] == 1)
            ? x.View([.. x.Shape.Where((_, d) => !gone.Contains(d))])
            : throw c.Refuse($"axes [{string.Join(", ", gone)}] of {x} do not all have size 1");
    }

    static Value Unsqueeze(Call c, long[] axes)
    {
        var rank = c[0].Rank + axes.Length;
        var fresh = axes.Select(a => c.Axis(a, rank)).ToHashSet();
        if (fresh.Count != axes.Length)
            throw c.Refuse($"axes [{string.Join(", ", axes)}] occur twice");
        var old = new Queue<int>(c[0].Shape);
        return c[0].View([.. Enumerable.Range(0, rank).Select(d => fresh.Contains(d) ? 1 : old.Dequeue())]);
    }

    static Value[] Split(Call c, long wanted, long[]? sizes, int parts)
    {
        var x = c[0];
        var axis = c.Axis(wanted, x.Rank);
        var each = (x.Shape[axis] + parts - 1) / Math.Max(parts, 1);
        sizes ??= [.. Enumerable.Range(0, parts).Select(k => (long)Math.Clamp(x.Shape[axis] - (k * (long)each), 0, each))];
        if (sizes.Any(s => s < 0 || s > x.Shape[axis]) || sizes.Sum() != x.Shape[axis])
            throw c.Refuse($"{x.Shape[axis]} elements cannot be split into [{string.Join(", ", sizes.Take(16))}]");
        var (result, start) = (new Value[sizes.Length], 0);
        for (var k = 0; k < result.Length; start += (int)sizes[k++])
            result[k] = Cut(c, x, axis, start, (int)sizes[k]);
        return result;
    }

    static Value Slice(Call c, long[] from, long[] to, long[]? axes, long[]? by) =>
        Slice(c, c[0], from, to, axes ?? [.. Enumerable.Range(0, from.Length).Select(k => (long)k)],
            by ?? [.. Enumerable.Repeat(1L, from.Length)]);

    static Value Slice(Call c, Value x, long[] from, long[] to, long[] axes, long[] by)
    {
        if (to.Length != from.Length || axes.Length != from.Length || by.Length != from.Length)
            throw c.Refuse($"{from.Length} starts, {to.Length} ends, {axes.Length} axes and {by.Length} steps");
        var (shape, begins, steps) = ((int[])x.Shape.Clone(), new long[x.Rank], Enumerable.Repeat(1L, x.Rank).ToArray());
        for (var k = 0; k < from.Length; k++)
        {
            var axis = c.Axis(axes[k], x.Rank);
            long size = x.Shape[axis];
            var step = by[k] == 0 ? throw c.Refuse("the step is 0") : Math.Clamp(by[k], -Math.Max(size, 1), Math.Max(size, 1));
            var (low, high) = step > 0 ? (0L, size) : (-1L, size - 1);
            var begin = Math.Clamp(from[k] < 0 ? from[k] + size : from[k], Math.Max(low, 0), Math.Max(high, 0));
            var end = Math.Clamp(to[k] < 0 ? (to[k] < -size ? -1 : to[k] + size) : to[k], low, Math.Max(high, low));
            var count = step > 0 ? (end - begin + step - 1) / step : (begin - end - step - 1) / -step;
            (begins[axis], steps[axis], shape[axis]) = (begin, step, (int)Math.Max(0, count));
        }
        var dense = Strides.Dense(x.Shape);
        return Gather(c, x, shape, index =>
        {
            long at = 0;
            for (var d = 0; d < index.Length; d++)
                at += (begins[d] + (index[d] * steps[d])) * dense[d];
            return (int)at;
        });
    }

    static Value Tile(Call c)
    {
        var x = c[0];
        var repeats = c.Ints(1, "repetitions");
        if (repeats.Length != x.Rank)
            throw c.Refuse($"{repeats.Length} repetitions of {x}");
        var dense = Strides.Dense(x.Shape);
        return Gather(c, x, c.Sizes(x.Shape.Select((s, d) => s * repeats[d])), index =>
        {
            var at = 0;
            for (var d = 0; d < index.Length; d++)
                at += index[d] % x.Shape[d] * dense[d];
            return at;
        });
    }

    static Value Pad(Call c, string mode, long[] given, double value, long[]? axes)
    {
        var x = c[0];
        var pads = given;
        if (axes is not null)
        {
            pads = new long[2 * x.Rank];
            for (var k = 0; k < axes.Length; k++)
            {
                var axis = c.Axis(axes[k], x.Rank);
                (pads[axis], pads[axis + x.Rank]) = (given[k], given[k + axes.Length]);
            }
        }
        if (pads.Length != 2 * x.Rank)
            throw c.Refuse($"padding [{string.Join(", ", pads.Take(16))}] does not fit {x.Rank} dimensions");
        // Negative padding cuts first, as in ONNX Runtime; what is left is padded.
        var cut = Array.ConvertAll(pads, p => Math.Max(-p, 0));
        var left = x.Shape.Select((s, d) => s - cut[d] - cut[d + x.Rank]).ToArray();
        var shape = c.Sizes(x.Shape.Select((s, d) => s + pads[d] + pads[d + x.Rank]));
        if (mode != "constant" && Value.Product(shape) > 0 && left.Any(s => s <= 0))
            throw c.Refuse($"padding [{string.Join(", ", pads.Take(16))}] in mode {mode} leaves nothing of {x} to repeat");
        var dense = Strides.Dense(x.Shape);
        return Gather(c, x, shape, index =>
        {
            var at = 0;
            for (var d = 0; d < index.Length; d++)
            {
                var place = Place(index[d] - Math.Max(pads[d], 0), left[d], mode);
                if (place < 0)
                    return -1;
                at += (int)(place + cut[d]) * dense[d];
            }
            return at;
        }, value);
    }

    static long Place(long at, long size, string mode)
    {
        if (at >= 0 && at < size)
            return at;
        switch (mode)
        {
            case "constant": return -1;
            case "edge": return Math.Clamp(at, 0, size - 1);
            case "wrap": return ((at % size) + size) % size;
            default:
                if (size == 1)
                    return 0;
                var period = 2 * (size - 1);
                at = ((at % period) + period) % period;
                return at < size ? at : period - at;
        }
    }

    static Value DepthToSpace(Call c, int block, bool blocksFirst)
    {
        var x = c[0];
        if (x.Rank != 4 || block < 1 || x.Shape[1] % (block * block) != 0)
            throw c.Refuse($"input {x} does not fit blocks of {block}");
        var (n, depth, h, w) = (x.Shape[0], x.Shape[1] / (block * block), x.Shape[2], x.Shape[3]);
        var view = x.View(blocksFirst ? [n, block, block, depth, h, w] : [n, depth, block, block, h, w]);
        return Transpose(view, blocksFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]).View([n, depth, h * block, w * block]);
    }

    static Value SpaceToDepth(Call c, int block)
    {
        var x = c[0];
        if (x.Rank != 4 || block < 1 || x.Shape[2] % block != 0 || x.Shape[3] % block != 0)
            throw c.Refuse($"input {x} does not fit blocks of {block}");
        var (n, depth, h, w) = (x.Shape[0], x.Shape[1], x.Shape[2] / block, x.Shape[3] / block);
        return Transpose(x.View([n, depth, h, block, w, block]), [0, 3, 5, 1, 2, 4]).View([n, depth * block * block, h, w]);
    }
}
