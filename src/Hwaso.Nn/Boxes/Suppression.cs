namespace Hwaso.Nn.Boxes;

/// <summary>
/// Non-maximum suppression: keeps the best box, leaves out those that overlap it by more than a threshold, and so on with the rest.
/// </summary>
public static class Suppression
{
    // torchvision moves boxes of different classes apart up to this many on a processor, and treats each class by itself beyond.
    const int ShiftedBoxes = 1000;

    /// <summary>The places of the boxes that are kept, by falling score; equal scores keep their order.</summary>
    /// <param name="boxes">The boxes.</param>
    /// <param name="scores">A score of each.</param>
    /// <param name="threshold">The largest intersection over union that two kept boxes can have.</param>
    /// <param name="extent">Added to the difference of two edges: 1 where a box includes its last pixel, otherwise 0.</param>
    /// <exception cref="ArgumentException">Boxes and scores are not equally many.</exception>
    public static int[] Keep(ReadOnlySpan<Box> boxes, ReadOnlySpan<float> scores, double threshold, float extent = 0)
    {
        Check(boxes.Length, scores.Length, nameof(scores));
        return Run(boxes, Order(scores), Below(threshold), extent);
    }

    /// <summary>The same with classes: only boxes of one class suppress each other. The order is by falling score over all.</summary>
    /// <inheritdoc cref="Keep"/>
    /// <param name="boxes">The boxes.</param>
    /// <param name="scores">A score of each.</param>
    /// <param name="classes">A class, image or level of each, from 0.</param>
    /// <param name="threshold">The largest intersection over union that two kept boxes of a class can have.</param>
    /// <param name="extent">Added to the difference of two edges: 1 where a box includes its last pixel, otherwise 0.</param>
    public static int[] KeepByClass(
        ReadOnlySpan<Box> boxes, ReadOnlySpan<float> scores, ReadOnlySpan<int> classes, double threshold, float extent = 0)
    {
        Check(boxes.Length, scores.Length, nameof(scores));
        Check(boxes.Length, classes.Length, nameof(classes));
        // Coordinates moved as torchvision moves them, so that its rounding, and with it each comparison, is the same.
        var shift = 0f;
        foreach (var box in boxes)
            shift = MathF.Max(shift, MathF.Max(MathF.Max(box.X1, box.Y1), MathF.Max(box.X2, box.Y2)));
        var moved = boxes.ToArray();
        for (var k = 0; k < moved.Length && boxes.Length <= ShiftedBoxes; k++)
            moved[k] = moved[k].Moved(classes[k] * (shift + 1), classes[k] * (shift + 1));
        var order = Order(scores);
        var places = new Dictionary<int, List<int>>();
        foreach (var k in order)
            (places.TryGetValue(classes[k], out var list) ? list : places[classes[k]] = []).Add(k);
        var kept = new bool[boxes.Length];
        foreach (var list in places.Values)
            foreach (var k in Run(moved, [.. list], Below(threshold), extent))
                kept[k] = true;
        return [.. order.Where(k => kept[k])];
    }

    /// <summary>
    /// The form of the HRNet authors' pose repository (lib/nms/nms.py): sides include the last pixel, and equal scores come in the order in
    /// which NumPy 1.x's unstable sort leaves them.
    /// </summary>
    /// <inheritdoc cref="Keep"/>
    public static int[] KeepAsInPoses(ReadOnlySpan<Box> boxes, ReadOnlySpan<float> scores, double threshold)
    {
        Check(boxes.Length, scores.Length, nameof(scores));
        var order = NumPyOrder.Rising(scores);
        Array.Reverse(order);
        return Run(boxes, order, (float)threshold, 1);
    }

    /// <summary>Places by falling score; equal scores in their order, and numbers that are none first, as PyTorch sorts.</summary>
    internal static int[] Order(ReadOnlySpan<float> scores)
    {
        var keys = new ulong[scores.Length];
        for (var k = 0; k < keys.Length; k++)
        {
            // -0 is 0; every number that is none is the largest.
            var bits = float.IsNaN(scores[k]) ? 0x7fffffff : BitConverter.SingleToInt32Bits(scores[k] + 0f);
            var rising = (uint)(bits < 0 ? ~bits : bits ^ int.MinValue);
            keys[k] = ((ulong)~rising << 32) | (uint)k;
        }
        Array.Sort(keys);
        return Array.ConvertAll(keys, key => (int)(uint)key);
    }

    static int[] Run(ReadOnlySpan<Box> boxes, int[] order, float limit, float extent)
    {
        var sorted = new Box[order.Length];
        for (var k = 0; k < sorted.Length; k++)
            sorted[k] = boxes[order[k]];
        var columns = new BoxColumns(sorted, extent);
        var suppressed = new int[order.Length + System.Numerics.Vector<int>.Count];
        var items = (int[])order.Clone();
        var kept = new List<int>();
        var round = 0;
        for (var k = 0; k < columns.Count; k++)
        {
            if (suppressed[k] != 0)
                continue;
            kept.Add(items[k]);
            columns.Suppress(k, limit, suppressed);
            // Boxes that are out cost as much as others: now and then they are removed.
            if (++round % 64 == 0)
            {
                columns.Compact(k + 1, suppressed, items);
                k = -1;
            }
        }
        return [.. kept];
    }

    // Overlaps are floats and the threshold is a double: the largest float that is not above it compares alike.
    static float Below(double threshold) => (float)threshold is var near && near > threshold ? MathF.BitDecrement(near) : near;

    static void Check(int boxes, int others, string name)
    {
        if (boxes != others)
            throw new ArgumentException($"{others} {name} for {boxes} boxes; one of each was wanted", name);
    }
}

/// <summary>The order in which NumPy 1.x's <c>argsort</c> leaves equal numbers: quicksort by the median of three, then insertion.</summary>
static class NumPyOrder
{
    // Runs up to this length are sorted by insertion.
    const int Short = 16;

    /// <summary>Places by rising value.</summary>
    public static int[] Rising(ReadOnlySpan<float> values)
    {
        var order = new int[values.Length];
        for (var k = 0; k < order.Length; k++)
            order[k] = k;
        var open = new Stack<(int First, int Last)>();
        open.Push((0, order.Length - 1));
        while (open.TryPop(out var run))
        {
            var (first, last) = run;
            while (last - first > Short)
            {
                var middle = Split(values, order, first, last);
                // The longer part waits.
                var (left, right) = ((first, middle - 1), (middle + 1, last));
                var (next, waits) = middle - first < last - middle ? (left, right) : (right, left);
                open.Push(waits);
                (first, last) = next;
            }
            Insert(values, order, first, last);
        }
        return order;
    }

    static int Split(ReadOnlySpan<float> values, int[] order, int first, int last)
    {
        var middle = first + ((last - first) >> 1);
        if (values[order[middle]] < values[order[first]])
            Swap(order, middle, first);
        if (values[order[last]] < values[order[middle]])
            Swap(order, last, middle);
        if (values[order[middle]] < values[order[first]])
            Swap(order, middle, first);
        var pivot = values[order[middle]];
        var (low, high) = (first, last - 1);
        Swap(order, middle, high);
        while (true)
        {
            do
                low++;
            while (low < last && values[order[low]] < pivot);
            do
                high--;
            while (high > first && pivot < values[order[high]]);
            if (low >= high)
                break;
            Swap(order, low, high);
        }
        Swap(order, low, last - 1);
        return low;
    }

    static void Insert(ReadOnlySpan<float> values, int[] order, int first, int last)
    {
        for (var k = first + 1; k <= last; k++)
        {
            var (item, at) = (order[k], k);
            for (; at > first && values[item] < values[order[at - 1]]; at--)
                order[at] = order[at - 1];
            order[at] = item;
        }
    }

    static void Swap(int[] order, int a, int b) => (order[a], order[b]) = (order[b], order[a]);
}
