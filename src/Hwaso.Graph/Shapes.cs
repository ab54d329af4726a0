namespace Hwaso.Graph;

/// <summary>The shape of a result by the shapes of its operands, as libtorch has it; null where they do not fit.</summary>
static class Shapes
{
    /// <summary>
    /// How many places a window has along a side, or a negative number where it does not fit; with <paramref name="ceil"/> also one that
    /// begins inside and ends outside.
    /// </summary>
    public static long Window(long side, long kernel, long stride, long padding, long dilation, bool ceil = false)
    {
        var rest = side + 2 * padding - dilation * (kernel - 1) - 1;
        if (rest < 0 && !ceil)
            return -1;
        if (!ceil)
            return rest / stride + 1;
        var places = (rest + stride - 1) / stride + 1;
        return (places - 1) * stride >= side + padding ? places - 1 : places;
    }

    public static long[]? Product(long[] a, long[] b) =>
        a.Length < 2 || b.Length < 2 || a[^1] != b[^2] || Broadcast(a[..^2], b[..^2]) is not { } batch ? null : [.. batch, a[^2], b[^1]];

    public static long[]? Broadcast(long[] a, long[] b)
    {
        var result = new long[Math.Max(a.Length, b.Length)];
        for (var k = 1; k <= result.Length; k++)
        {
            var (x, y) = (k <= a.Length ? a[^k] : 1, k <= b.Length ? b[^k] : 1);
            if (x != y && x != 1 && y != 1)
                return null;
            result[^k] = Math.Max(x, y);
        }
        return result;
    }

    public static long[]? Reduced(long[] shape, long[] over, bool keep)
    {
        var axes = over.Select(d => d < 0 ? d + shape.Length : d).ToHashSet();
        return axes.Count == 0 ? null : [.. shape.Select((side, d) => axes.Contains(d) ? (keep ? 1 : -1L) : side).Where(side => side >= 0)];
    }

    public static long[]? Joined(long[][] shapes, long along)
    {
        if (Axis(along, shapes[0].Length) is not { } axis
            || shapes.Any(s => s.Length != shapes[0].Length || s.Where((side, d) => d != axis && side != shapes[0][d]).Any()))
            return null;
        return With(shapes[0], axis, shapes.Sum(s => s[axis]));
    }

    /// <summary>One -1 among the wanted sizes is worked out.</summary>
    public static long[]? Reshaped(long[] shape, long[] wanted)
    {
        var (elements, known) = (Elements(shape), Elements([.. wanted.Where(size => size != -1)]));
        return wanted.Count(size => size == -1) switch
        {
            0 => elements == known ? [.. wanted] : null,
            1 when known > 0 && elements % known == 0 => [.. wanted.Select(size => size == -1 ? elements / known : size)],
            _ => null,
        };
    }

    public static long[]? Flattened(long[] shape, long from, long to) =>
        Axis(from, shape.Length) is { } first && Axis(to, shape.Length) is { } last && first <= last
            ? [.. shape[..first], Elements(shape[first..(last + 1)]), .. shape[(last + 1)..]]
            : null;

    public static long[]? Permuted(long[] shape, long[] order)
    {
        var axes = order.Select(d => Axis(d, shape.Length)).ToArray();
        return axes.Length == shape.Length && axes.All(d => d is not null) && axes.Distinct().Count() == axes.Length
            ? [.. axes.Select(d => shape[d!.Value])]
            : null;
    }

    public static long[]? Exchanged(long[] shape, long a, long b) =>
        Axis(a, shape.Length) is { } x && Axis(b, shape.Length) is { } y ? With(With(shape, x, shape[y]), y, shape[x]) : null;

    public static long[]? Unsqueezed(long[] shape, long at) =>
        Axis(at, shape.Length + 1) is { } axis ? [.. shape[..axis], 1, .. shape[axis..]] : null;

    public static long[]? Squeezed(long[] shape, long at) =>
        Axis(at, shape.Length) is not { } axis ? null : shape[axis] == 1 ? Without(shape, axis) : shape;

    /// <summary>-1 keeps a size.</summary>
    public static long[]? Expanded(long[] shape, long[] wanted)
    {
        var added = wanted.Length - shape.Length;
        if (added < 0)
            return null;
        var result = (long[])wanted.Clone();
        for (var d = 0; d < result.Length; d++)
        {
            var given = d < added ? 1 : shape[d - added];
            if (result[d] == -1 && d >= added)
                result[d] = given;
            if (result[d] != given && given != 1)
                return null;
        }
        return result;
    }

    public static long[]? Selected(long[] shape, long along, long index) =>
        Axis(along, shape.Length) is { } axis && Axis(index, shape[axis]) is not null ? Without(shape, axis) : null;

    public static long[]? Narrowed(long[] shape, long along, long start, long length) =>
        Axis(along, shape.Length) is { } axis && start >= 0 && length >= 0 && start + length <= shape[axis]
            ? With(shape, axis, length)
            : null;

    /// <summary>As many along a dimension as a list has indices.</summary>
    public static long[]? Picked(long[] shape, long along, long[] indices) =>
        Axis(along, shape.Length) is { } axis && indices.Length == 1 ? With(shape, axis, indices[0]) : null;

    /// <summary>Pairs of before and after, of the last dimension first.</summary>
    public static long[]? Padded(long[] shape, long[] pad)
    {
        if (pad.Length % 2 != 0 || pad.Length / 2 > shape.Length)
            return null;
        var result = (long[])shape.Clone();
        for (var k = 0; k < pad.Length / 2; k++)
            result[^(k + 1)] += pad[2 * k] + pad[2 * k + 1];
        return result;
    }

    /// <summary>At most so many pieces of equal size, the last one perhaps smaller.</summary>
    public static long[][]? Chunks(long[] shape, long count, long along) =>
        Axis(along, shape.Length) is { } axis && count > 0 ? Split(shape, (shape[axis] + count - 1) / count, axis) : null;

    /// <summary>Pieces of a size, the last one perhaps smaller.</summary>
    public static long[][]? Split(long[] shape, long size, long along)
    {
        if (Axis(along, shape.Length) is not { } axis || size < 1)
            return null;
        var pieces = new List<long[]>();
        for (var start = 0L; start < shape[axis]; start += size)
            pieces.Add(With(shape, axis, Math.Min(size, shape[axis] - start)));
        return [.. pieces];
    }

    static long Elements(long[] shape) => shape.Aggregate(1L, (a, b) => a * b);

    static long[] With(long[] shape, int axis, long side)
    {
        var result = (long[])shape.Clone();
        result[axis] = side;
        return result;
    }

    static long[] Without(long[] shape, int axis) => [.. shape[..axis], .. shape[(axis + 1)..]];

    /// <summary>A dimension or an index counted from the start; null where there is none.</summary>
    static int? Axis(long at, long count) => at >= -count && at < count ? (int)(at < 0 ? at + count : at) : null;
}
