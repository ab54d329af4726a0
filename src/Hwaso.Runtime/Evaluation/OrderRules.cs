using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Largest and smallest elements, running sums, distinct elements.</summary>
static class OrderRules
{
    public static Rule? Read(NodeAttributes a)
    {
        switch (a.Node.Type)
        {
            case "ArgMax" or "ArgMin":
                var largest = a.Node.Type == "ArgMax";
                var (axis, keep, last) = (a.Int("axis", 0), a.Flag("keepdims", true), a.Flag("select_last_index"));
                return c => [Extreme(c, axis, largest, keep, last)];
            case "CumSum" or "CumProd":
                var product = a.Node.Type == "CumProd";
                var (exclusive, reverse) = (a.Flag("exclusive"), a.Flag("reverse"));
                return c => [Running(c, product, exclusive, reverse)];
            case "TopK":
                var (along, most, given) = (a.Int("axis", -1), a.Flag("largest", true), a.Int("k", -1));
                a.Ignore("sorted");
                return c => TopK(c, along, most, given);
            case "Unique":
                long? over = a.Node.Attributes.ContainsKey("axis") ? a.Int("axis", 0) : null;
                var sorted = a.Flag("sorted", true);
                return c => Unique(c, over, sorted);
            case "NonZero":
                return c => [NonZero(c)];
            default:
                return null;
        }
    }

    /// <summary>Compares two elements of a tensor.</summary>
    public static int Compare(Value x, int a, int b) => x.IsReal ? x[a].CompareTo(x[b])
        : x.Type == OnnxType.UInt64 ? ((ulong)x.Ints[a]).CompareTo((ulong)x.Ints[b])
        : x.Ints[a].CompareTo(x.Ints[b]);

    static (int Outer, int Length, int Inner) Parts(Value x, int axis) =>
        (Value.Product(x.Shape.AsSpan(0, axis)), x.Shape[axis], Value.Product(x.Shape.AsSpan(axis + 1)));

    static Value Extreme(Call c, long wanted, bool largest, bool keep, bool last)
    {
        var x = c[0];
        var axis = c.Axis(wanted, x.Rank);
        var (outer, length, inner) = Parts(x, axis);
        if (length == 0)
            throw c.Refuse("the axis has no elements");
        var to = new long[outer * inner];
        for (var k = 0; k < to.Length; k++)
        {
            var start = (k / inner * length * inner) + (k % inner);
            for (var at = 1; at < length; at++)
            {
                var order = Compare(x, start + (at * inner), start + ((int)to[k] * inner)) * (largest ? 1 : -1);
                if (order > 0 || (order == 0 && last))
                    to[k] = at;
            }
        }
        return Value.OfInts(OnnxType.Int64, [.. x.Shape[..axis], .. keep ? [1] : Array.Empty<int>(), .. x.Shape[(axis + 1)..]], to);
    }

    static Value Running(Call c, bool product, bool exclusive, bool reverse)
    {
        var x = c[0];
        var axis = c.Axis((long)c.Number(1, 0), x.Rank);
        var (outer, length, inner) = Parts(x, axis);
        var (real, whole) = (x.IsReal ? x.ToDoubles() : [], x.IsReal ? [] : x.Ints.ToArray());
        for (var o = 0; o < outer * inner; o++)
        {
            var start = (o / inner * length * inner) + (o % inner);
            double sum = product ? 1 : 0;
            long ints = product ? 1 : 0;
            for (var k = 0; k < length; k++)
            {
                var at = start + ((reverse ? length - 1 - k : k) * inner);
                if (x.IsReal)
                {
                    var next = product ? sum * real[at] : sum + real[at];
                    (real[at], sum) = (exclusive ? sum : next, next);
                }
                else
                {
                    var next = unchecked(product ? ints * whole[at] : ints + whole[at]);
                    (whole[at], ints) = (exclusive ? ints : next, next);
                }
            }
        }
        return x.IsReal ? new Value(x.Type, x.Shape, real) : Value.OfInts(x.Type, x.Shape, whole);
    }

    static Value[] TopK(Call c, long wanted, bool largest, long given)
    {
        var x = c[0];
        var axis = c.Axis(wanted, x.Rank);
        var (outer, length, inner) = Parts(x, axis);
        var count = given >= 0 ? given : c.Ints(1, "number of elements") is [var k, ..] ? k : -1;
        if (count < 0 || count > length)
            throw c.Refuse($"{count} elements of an axis of {length}");
        int[] shape = [.. x.Shape[..axis], (int)count, .. x.Shape[(axis + 1)..]];
        var (places, indices) = (new int[Value.Product(shape)], new long[Value.Product(shape)]);
        for (var o = 0; o < outer * inner; o++)
        {
            var start = (o / inner * length * inner) + (o % inner);
            var order = Enumerable.Range(0, length).ToArray();
            // Of equal elements the one with the lower index comes first.
            Array.Sort(order, (p, q) => Compare(x, start + (q * inner), start + (p * inner)) * (largest ? 1 : -1) is not 0 and var by ? by
                : p.CompareTo(q));
            for (var at = 0; at < count; at++)
            {
                var to = (o / inner * (int)count * inner) + (at * inner) + (o % inner);
                (places[to], indices[to]) = (start + (order[at] * inner), order[at]);
            }
        }
        return [x.Pick(places, shape), Value.OfInts(OnnxType.Int64, shape, indices)];
    }

    static Value[] Unique(Call c, long? wanted, bool sorted)
    {
        var x = c[0];
        var axis = wanted is { } given ? c.Axis(given, x.Rank) : 0;
        var (outer, length, inner) = wanted is null ? (1, x.Count, 1) : Parts(x, axis);
        int At(int slice, int part) => (part / inner * length * inner) + (slice * inner) + (part % inner);
        int Order(int p, int q)
        {
            for (var k = 0; k < outer * inner; k++)
                if (Compare(x, At(p, k), At(q, k)) is not 0 and var by)
                    return by;
            return 0;
        }
        var order = Enumerable.Range(0, length).ToArray();
        Array.Sort(order, (p, q) => Order(p, q) is not 0 and var by ? by : p.CompareTo(q));
        var (first, inverse, counts) = (new List<int>(), new long[length], new List<long>());
        foreach (var slice in order)
        {
            if (first.Count == 0 || Order(first[^1], slice) != 0)
            {
                first.Add(slice);
                counts.Add(0);
            }
            inverse[slice] = first.Count - 1;
            counts[^1]++;
        }
        if (!sorted)
        {
            var by = Enumerable.Range(0, first.Count).OrderBy(k => first[k]).ToArray();
            var rank = new long[by.Length];
            for (var k = 0; k < by.Length; k++)
                rank[by[k]] = k;
            (first, counts) = ([.. by.Select(k => first[k])], [.. by.Select(k => counts[k])]);
            inverse = Array.ConvertAll(inverse, k => rank[k]);
        }
        int[] shape = wanted is null ? [first.Count] : [.. x.Shape[..axis], first.Count, .. x.Shape[(axis + 1)..]];
        var places = new int[Value.Product(shape)];
        for (var k = 0; k < places.Length; k++)
        {
            var (o, rest) = Math.DivRem(k, first.Count * inner);
            places[k] = At(first[rest / inner], (o * inner) + (rest % inner));
        }
        Value List(IEnumerable<long> numbers) => numbers.ToArray() is var all ? Value.OfInts(OnnxType.Int64, [all.Length], all) : null!;
        return [x.Pick(places, shape), List(first.Select(f => (long)f)), List(inverse), List(counts)];
    }

    static Value NonZero(Call c)
    {
        var x = c[0];
        var found = Enumerable.Range(0, x.Count).Where(k => x[k] != 0).ToArray();
        var steps = Strides.Dense(x.Shape);
        var to = new long[x.Rank * found.Length];
        for (var d = 0; d < x.Rank; d++)
            for (var k = 0; k < found.Length; k++)
                to[(d * found.Length) + k] = found[k] / steps[d] % x.Shape[d];
        return Value.OfInts(OnnxType.Int64, [x.Rank, found.Length], to);
    }
}
