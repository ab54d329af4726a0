using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Elements by index, by condition, by position.</summary>
static class SelectionRules
{
    public static Rule? Read(NodeAttributes a)
    {
        switch (a.Node.Type)
        {
            case "Gather":
                var axis = a.Int("axis", 0);
                return c => [Gather(c, c.Axis(axis, c[0].Rank))];
            case "GatherElements":
                var along = a.Int("axis", 0);
                return c => [GatherElements(c, c.Axis(along, c[0].Rank))];
            case "GatherND":
                var batch = (int)a.Int("batch_dims", 0);
                return c => [GatherNd(c, batch)];
            case "Compress":
                long? over = a.Node.Attributes.ContainsKey("axis") ? a.Int("axis", 0) : null;
                return c => [Compress(c, over)];
            case "OneHot":
                var at = a.Int("axis", -1);
                return c => [OneHot(c, at)];
            case "ReverseSequence":
                var (batches, time) = ((int)a.Int("batch_axis", 1), (int)a.Int("time_axis", 0));
                return c => [Reverse(c, batches, time)];
            case "Trilu":
                var upper = a.Flag("upper", true);
                return c => [Trilu(c, upper)];
            case "EyeLike":
                var (type, shift) = ((OnnxType)a.Int("dtype", 0), a.Int("k", 0));
                return c => [Eye(c, type == 0 ? c[0].Type : type, shift)];
            case "CenterCropPad":
                var axes = a.Ints("axes");
                return c => [CenterCropPad(c, axes)];
            case "Range":
                return c => [Range(c)];
            default:
                return null;
        }
    }

    /// <summary>An index by ONNX's rule: negative ones count from the end.</summary>
    public static int Index(Call c, long index, int size) =>
        index >= -size && index < size ? (int)(index < 0 ? index + size : index)
            : throw c.Refuse($"index {index} is outside the axis of {size}");

    static Value Gather(Call c, int axis)
    {
        var (x, indices) = (c[0], c.Ints(1, "indices"));
        var (length, inner) = (x.Shape[axis], Value.Product(x.Shape.AsSpan(axis + 1)));
        var shape = c.Sizes([.. x.Shape[..axis], .. c[1].Shape, .. x.Shape[(axis + 1)..]]);
        var rows = Array.ConvertAll(indices, i => Index(c, i, length));
        var places = new int[Value.Product(shape)];
        for (var k = 0; k < places.Length; k++)
        {
            var (o, rest) = Math.DivRem(k, rows.Length * inner);
            places[k] = (o * length * inner) + (rows[rest / inner] * inner) + (rest % inner);
        }
        return x.Pick(places, shape);
    }

    static Value GatherElements(Call c, int axis)
    {
        var (x, indices, dense) = (c[0], c[1], Strides.Dense(c[0].Shape));
        if (indices.Rank != x.Rank)
            throw c.Refuse($"indices {indices} do not fit {x}");
        var k = 0;
        return ShapeRules.Gather(c, x, indices.Shape, index =>
        {
            var at = 0;
            for (var d = 0; d < index.Length; d++)
                at += dense[d] * (d == axis ? Index(c, indices.Ints[k], x.Shape[d]) : Index(c, index[d], x.Shape[d]));
            k++;
            return at;
        });
    }

    static Value GatherNd(Call c, int batch)
    {
        var (x, indices) = (c[0], c[1]);
        var last = indices.Shape[^1];
        if (batch < 0 || batch + last > x.Rank || batch >= indices.Rank)
            throw c.Refuse($"indices {indices} with {batch} batch dimensions do not fit {x}");
        var (dense, inner) = (Strides.Dense(x.Shape), Value.Product(x.Shape.AsSpan(batch + last)));
        int[] shape = c.Sizes([.. indices.Shape[..^1], .. x.Shape[(batch + last)..]]);
        var each = Value.Product(indices.Shape.AsSpan(batch)) / Math.Max(last, 1);
        var places = new int[Value.Product(shape)];
        for (var k = 0; k < places.Length; k++)
        {
            var tuple = k / inner;
            var at = (tuple / each * (batch == 0 ? x.Count : dense[batch - 1])) + (k % inner);
            for (var d = 0; d < last; d++)
                at += Index(c, indices.Ints[(tuple * last) + d], x.Shape[batch + d]) * dense[batch + d];
            places[k] = at;
        }
        return x.Pick(places, shape);
    }

    static Value Compress(Call c, long? wanted)
    {
        var (x, chosen) = (wanted is null ? c[0].View([c[0].Count]) : c[0], c.Ints(1, "condition"));
        var axis = c.Axis(wanted ?? 0, x.Rank);
        var kept = Enumerable.Range(0, Math.Min(chosen.Length, x.Shape[axis])).Where(k => chosen[k] != 0).ToArray();
        var inner = Value.Product(x.Shape.AsSpan(axis + 1));
        int[] shape = [.. x.Shape[..axis], kept.Length, .. x.Shape[(axis + 1)..]];
        var places = new int[Value.Product(shape)];
        for (var k = 0; k < places.Length; k++)
        {
            var (o, rest) = Math.DivRem(k, kept.Length * inner);
            places[k] = (o * x.Shape[axis] * inner) + (kept[rest / inner] * inner) + (rest % inner);
        }
        return x.Pick(places, shape);
    }

    static Value OneHot(Call c, long wanted)
    {
        var (indices, depth, values) = (c[0], (int)c.Number(1, 0), c[2]);
        var axis = c.Axis(wanted, indices.Rank + 1);
        var shape = c.Sizes([.. indices.Shape[..axis], depth, .. indices.Shape[axis..]]);
        var inner = Value.Product(indices.Shape.AsSpan(axis));
        var places = new int[Value.Product(shape)];
        for (var k = 0; k < places.Length; k++)
        {
            var (o, rest) = Math.DivRem(k, depth * inner);
            var index = (long)indices[(o * inner) + (rest % inner)];
            places[k] = (index < 0 ? index + depth : index) == rest / inner ? 1 : 0;
        }
        return values.Pick(places, shape);
    }

    static Value Reverse(Call c, int batches, int time)
    {
        var (x, lengths, dense) = (c[0], c.Ints(1, "lengths"), Strides.Dense(c[0].Shape));
        return ShapeRules.Gather(c, x, x.Shape, index =>
        {
            var (at, length) = (0, lengths[index[batches]]);
            for (var d = 0; d < index.Length; d++)
                at += dense[d] * (d == time && index[d] < length ? (int)length - 1 - index[d] : index[d]);
            return at;
        });
    }

    static Value Trilu(Call c, bool upper)
    {
        var (x, shift) = (c[0], (long)c.Number(1, 0));
        var (rows, columns) = (x.Shape[^2], x.Shape[^1]);
        var places = new int[x.Count];
        for (var k = 0; k < places.Length; k++)
        {
            var off = (k % columns) - (k / columns % rows);
            places[k] = (upper ? off >= shift : off <= shift) ? k : -1;
        }
        return x.Pick(places, x.Shape);
    }

    static Value Eye(Call c, OnnxType type, long shift)
    {
        if (c[0].Rank != 2)
            throw c.Refuse($"input {c[0]}: a matrix was wanted");
        var numbers = c.Doubles(c[0].Shape);
        var columns = c[0].Shape[1];
        for (var k = 0; k < numbers.Length; k++)
            numbers[k] = (k % columns) - (k / columns) == shift ? 1 : 0;
        return new Value(type, c[0].Shape, numbers);
    }

    static Value CenterCropPad(Call c, long[]? axes)
    {
        var (x, sizes) = (c[0], c.Ints(1, "sizes"));
        var (shape, shifts) = ((int[])x.Shape.Clone(), new int[x.Rank]);
        for (var k = 0; k < sizes.Length; k++)
        {
            var d = c.Axis(axes is null ? k : axes[k], x.Rank);
            var to = c.Sizes([sizes[k]])[0];
            // A crop and a padding both leave the odd element at the end.
            shifts[d] = to < shape[d] ? (shape[d] - to) / 2 : -((to - shape[d]) / 2);
            shape[d] = to;
        }
        var dense = Strides.Dense(x.Shape);
        return ShapeRules.Gather(c, x, shape, index =>
        {
            var at = 0;
            for (var d = 0; d < index.Length; d++)
            {
                var place = index[d] + shifts[d];
                if (place < 0 || place >= x.Shape[d])
                    return -1;
                at += place * dense[d];
            }
            return at;
        });
    }

    static Value Range(Call c)
    {
        if (!c[0].IsReal)
        {
            var (from, to, by) = (c.Ints(0, "start")[0], c.Ints(1, "limit")[0], c.Ints(2, "step")[0]);
            if (by == 0)
                throw c.Refuse("the step is 0");
            var length = ((Int128)to - from + by - Math.Sign(by)) / by;
            var numbers = new long[c.Sizes([(long)Int128.Clamp(length, 0, long.MaxValue)])[0]];
            for (var k = 0; k < numbers.Length; k++)
                numbers[k] = from + (k * by);
            return Value.OfInts(c[0].Type, [numbers.Length], numbers);
        }
        var (start, limit, step) = (c.Number(0, 0), c.Number(1, 0), c.Number(2, 1));
        var count = Math.Max(0, Math.Ceiling((limit - start) / step));
        var reals = c.Doubles([c.Sizes([double.IsFinite(count) ? (long)count : throw c.Refuse("the step is 0")])[0]]);
        for (var k = 0; k < reals.Length; k++)
            reals[k] = start + (k * step);
        return new Value(c[0].Type, [reals.Length], reals);
    }
}
