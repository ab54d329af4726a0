using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>How a window of any number of dimensions moves over the last axes of a tensor.</summary>
/// <param name="Kernel">Its sizes; null if the weights determine them.</param>
/// <param name="Strides">Elements from one window to the next; null for 1.</param>
/// <param name="Dilations">Elements from one tap to the next; null for 1.</param>
/// <param name="Pads">Padding, first that before each axis, then that after; null for none.</param>
/// <param name="Auto">NOTSET, VALID, SAME_UPPER or SAME_LOWER.</param>
/// <param name="Ceiling">Whether the output size is rounded up.</param>
sealed record Windows(long[]? Kernel, long[]? Strides, long[]? Dilations, long[]? Pads, string Auto, bool Ceiling)
{
    const long Most = 1 << 20;

    // Bounds the time of one node; real networks come nowhere near.
    const long MostTaps = 1L << 32;

    public static Windows Read(NodeAttributes a, bool ceiling = false)
    {
        var windows = new Windows(a.Ints("kernel_shape"), a.Ints("strides"), a.Ints("dilations"), a.Ints("pads"),
            a.Text("auto_pad", "NOTSET"), ceiling && a.Flag("ceil_mode"));
        foreach (var (list, least, name) in new[]
        {
            (windows.Kernel, 1, "kernel_shape"), (windows.Strides, 1, "strides"), (windows.Dilations, 1, "dilations"),
            (windows.Pads, -(int)Most, "pads"),
        })
            if (list is not null && list.Any(v => v < least || v > Most))
                throw a.Refuse($"{name} [{string.Join(", ", list.Take(8))}]: numbers from {least} to {Most} were wanted");
        return windows.Auto is "NOTSET" or "VALID" or "SAME_UPPER" or "SAME_LOWER"
            ? windows
            : throw a.Refuse($"auto_pad {windows.Auto} is not supported");
    }

    /// <summary>The windows over a tensor [N, C, …].</summary>
    public Window[] Over(Call c, Value x, int[]? weights = null)
    {
        var (rank, kernel) = (x.Rank - 2, Kernel is null ? weights : Array.ConvertAll(Kernel, k => (int)k));
        if (rank < 1 || kernel is null
            || new[] { kernel.Length, Strides?.Length ?? rank, Dilations?.Length ?? rank, (Pads?.Length ?? (2 * rank)) / 2 }
            .Any(l => l != rank))
            throw c.Refuse($"kernel, strides, dilations or pads do not have the {Math.Max(rank, 0)} dimensions of input {x}");
        Window[] along = [.. Enumerable.Range(0, rank).Select(d => Along(c, x.Shape[d + 2], kernel[d], d, rank))];
        return along.Aggregate((Int128)1, (p, w) => p * w.Count * w.Kernel) <= MostTaps
            ? along
            : throw c.Refuse($"windows of [{string.Join(", ", kernel)}] over {x} have more than the {MostTaps} taps supported");
    }

    public int Stride(int d) => (int)(Strides?[d] ?? 1);

    public int Dilation(int d) => (int)(Dilations?[d] ?? 1);

    Window Along(Call c, int size, int kernel, int d, int rank)
    {
        var (stride, reach) = (Stride(d), ((long)(kernel - 1) * Dilation(d)) + 1);
        var (before, after) = (Pads?[d] ?? 0, Pads?[d + rank] ?? 0);
        if (Auto == "VALID")
            before = after = 0;
        else if (Auto != "NOTSET")
        {
            var all = Math.Max(0, (((size + stride - 1L) / stride) - 1) * stride + reach - size);
            before = Auto == "SAME_UPPER" ? all / 2 : all - (all / 2);
            after = all - before;
        }
        var room = size + before + after - reach;
        if (room < 0)
            throw c.Refuse($"{size} elements are fewer than the window of {reach} after padding by {before} and {after}");
        var count = (room / stride) + 1;
        // A last, partial window counts if it starts in the tensor or in the padding before it.
        if (Ceiling && room % stride != 0 && count * stride < size + before)
            count++;
        return new Window(size, kernel, stride, Dilation(d), (int)before, (int)after, (int)count);
    }

    /// <summary>Calls a function for each tap inside the tensor: for each window its number, the tap's number and the element's.</summary>
    public static void Each(Window[] windows, Action<int, int, int> tap)
    {
        var rank = windows.Length;
        var (place, inner) = (new int[rank], new int[rank]);
        var (places, taps) = (windows.Aggregate(1, (p, w) => checked(p * w.Count)), windows.Aggregate(1, (p, w) => checked(p * w.Kernel)));
        for (var k = 0; k < places; k++)
        {
            Array.Clear(inner);
            for (var t = 0; t < taps; t++)
            {
                var (at, inside) = (0, true);
                for (var d = 0; d < rank && inside; d++)
                {
                    var x = (place[d] * windows[d].Stride) - windows[d].Before + (inner[d] * windows[d].Dilation);
                    inside = x >= 0 && x < windows[d].Size;
                    at = (at * windows[d].Size) + x;
                }
                if (inside)
                    tap(k, t, at);
                for (var d = rank - 1; d >= 0 && ++inner[d] == windows[d].Kernel; d--)
                    inner[d] = 0;
            }
            for (var d = rank - 1; d >= 0 && ++place[d] == windows[d].Count; d--)
                place[d] = 0;
        }
    }
}

/// <summary>The windows along one axis.</summary>
/// <param name="Size">Elements of the axis.</param>
/// <param name="Kernel">Taps of a window.</param>
/// <param name="Stride">Elements from one window to the next.</param>
/// <param name="Dilation">Elements from one tap to the next.</param>
/// <param name="Before">Padding before the axis.</param>
/// <param name="After">Padding after it.</param>
/// <param name="Count">The number of windows.</param>
sealed record Window(int Size, int Kernel, int Stride, int Dilation, int Before, int After, int Count)
{
    /// <summary>The taps of a window that lie in the axis or in its padding.</summary>
    public int Padded(int place)
    {
        var taps = 0;
        for (var t = 0; t < Kernel; t++)
            taps += (place * Stride) - Before + (t * Dilation) < Size + After ? 1 : 0;
        return taps;
    }
}
