using System.Runtime.CompilerServices;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>Transforms the input of a 3×3 convolution for <see cref="WinogradTile{TLanes, TVector}"/>.</summary>
sealed unsafe class WinogradInput<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Tile = WinogradPlan.Tile, MostShift = 8;

    readonly ConvShape shape;
    readonly WinogradPlan plan;
    readonly float* input;
    readonly bool skipsEmpty;
    readonly int groups, columnStep;
    readonly long rowsBytes, zerosBytes, lineBytes;

    /// <param name="shape">The convolution.</param>
    /// <param name="plan">How it is cut.</param>
    /// <param name="input">The images, [N, Cin, H, W].</param>
    /// <param name="skipsEmpty">Whether a vector without tiles is left out; else it repeats the last tiles.</param>
    public WinogradInput(in ConvShape shape, WinogradPlan plan, float* input, bool skipsEmpty)
    {
        (this.shape, this.plan, this.skipsEmpty) = (shape, plan, skipsEmpty);
        this.input = input;
        columnStep = shape.DilationX * shape.StrideX;
        groups = plan.Pairs * plan.GroupsInPair;
        rowsBytes = PinnedMemory.Whole(plan.Stride * plan.Window * (long)plan.WindowPitch * sizeof(float));
        zerosBytes = PinnedMemory.Whole((((plan.GroupsInRow + 1L) * plan.GroupColumns) + TLanes.Count) * sizeof(float));
        lineBytes = columnStep > 1 ? plan.Stride * plan.Window * zerosBytes : 0;
    }

    /// <summary>Bytes of memory that a transformation needs.</summary>
    public long ScratchBytes =>
        rowsBytes + zerosBytes + lineBytes + PinnedMemory.Whole((groups + plan.GroupsInPair) * (long)sizeof(int));

    /// <summary>Transforms the inputs of a block's tiles, for some channels.</summary>
    /// <param name="image">The image, n × groups + g.</param>
    /// <param name="firstChannel">The first channel.</param>
    /// <param name="channels">How many.</param>
    /// <param name="first">The first group of tiles.</param>
    /// <param name="count">How many.</param>
    /// <param name="pairs">The pairs of vectors that they fill.</param>
    /// <param name="scratch">Memory of <see cref="ScratchBytes"/>.</param>
    /// <param name="inputs">Receives them: [pairs][products][channels][2 vectors], as the plan says.</param>
    public void Transform(int image, int firstChannel, int channels, int first, int count, int pairs, byte* scratch, float* inputs)
    {
        var rows = (float*)scratch;
        var memory = scratch + rowsBytes;
        var plane = (long)shape.Height * shape.Width;
        var source = input + (((image * (long)shape.GroupCin) + firstChannel) * plane);
        var places = Begin(first, count, memory);
        for (var c = 0; c < channels; c++, source += plane)
        {
            Down(source, first, count, memory, rows);
            for (var pair = 0; pair < pairs; pair++)
            {
                var to = inputs + (pair * plan.PairNumbers) + (c * 2 * TLanes.Count);
                if (plan.Stride == 1)
                    WinogradTile<TLanes, TVector>.Across(rows, plan.WindowPitch, places + (pair * plan.GroupsInPair), to,
                        plan.ProductNumbers, !skipsEmpty || count - (pair * plan.GroupsInPair) > plan.GroupsInPair / 2);
                else
                    WinogradTile<TLanes, TVector>.AcrossOfStride(rows, plan.Window * plan.WindowPitch, plan.WindowPitch,
                        places + (pair * plan.GroupsInPair), to, plan.ProductNumbers);
            }
        }
    }

    /// <summary>Prepares some groups of tiles; returns where the columns of each begin in the rows of windows.</summary>
    int* Begin(int first, int count, byte* memory)
    {
        new Span<byte>(memory, (int)zerosBytes).Clear();
        var places = (int*)(memory + zerosBytes + lineBytes);
        Place(first, count, places);
        return places;
    }

    /// <summary>Transforms the rows of a channel's windows along columns, for the groups of <see cref="Begin"/>.</summary>
    void Down(float* source, int first, int count, byte* memory, float* rows)
    {
        var (zeros, lines) = ((nint)memory, (nint)(memory + zerosBytes));
        var places = (int*)(memory + zerosBytes + lineBytes);
        var pointers = stackalloc float*[plan.Window];
        for (int k = 0; k < count;)
        {
            var (row, column) = ((first + k) / plan.GroupsInRow, (first + k) % plan.GroupsInRow);
            var (phase, tileRow) = (row / plan.RowsInPhase, row % plan.RowsInPhase);
            var (phaseY, phaseX) = (phase / shape.DilationX, phase % shape.DilationX);
            var length = Math.Min(count - k, plan.GroupsInRow - column);
            var (top, left) = ((tileRow * Tile * shape.StrideY * shape.DilationY) + phaseY - shape.Top, column * plan.GroupColumns);
            var splitFrom = plan.Stride == 1 ? 0 : Split(source, top, left, length, (float*)lines);
            for (var parity = 0; parity < plan.Stride; parity++)
                Window(source, top, phaseX + parity - shape.Left, left, length, splitFrom, pointers, (float*)zeros, (float*)lines,
                    rows + (parity * (long)plan.Window * plan.WindowPitch) + places[k]);
            k += length;
        }
    }

    /// <summary>Transforms the rows of some adjacent tiles along columns. Their column x is column x × step + shift of the image.</summary>
    void Window(float* source, int top, int shift, int left, int length, int splitFrom, float** pointers, float* zeros, float* lines,
        float* to)
    {
        var begin = Math.Max(left, shift < 0 ? (-shift + columnStep - 1) / columnStep : 0);
        var end = Math.Min(left + (length * plan.GroupColumns) + 2,
            shape.Width <= shift ? begin : (shape.Width - shift + columnStep - 1) / columnStep);
        for (var y = 0; y < plan.Window; y++)
        {
            var from = (y * shape.DilationY) + top;
            if (from < 0 || from >= shape.Height || end <= begin)
            {
                pointers[y] = zeros;
                continue;
            }
            var row = source + ((long)from * shape.Width) + (begin * columnStep) + shift;
            pointers[y] = columnStep == 1 ? row
                : plan.Stride == 2 ? LineOf(lines, y, (begin * 2) + shift, splitFrom)
                : Gather(row, end - begin, lines + (y * (zerosBytes / sizeof(float))));
            // Prefetches the same rows of the next channel; the first of the columns' phases does so for all.
            if (shift == -shape.Left)
                Prefetch.Row(row + ((nint)shape.Height * shape.Width), (end - begin) * columnStep);
        }
        // Padding is zero before and after the transform.
        var all = (length * plan.GroupColumns) + 2;
        if (end <= begin)
            begin = end = left;
        if (begin > left)
            Clear(to, begin - left);
        if (end > begin && plan.Stride == 1)
            WinogradTile<TLanes, TVector>.Down(pointers, to + begin - left, plan.WindowPitch, end - begin);
        else if (end > begin)
            WinogradTile<TLanes, TVector>.DownOfStride(pointers, to + begin - left, plan.WindowPitch, end - begin);
        if (end - left < all)
            Clear(to + end - left, all - (end - left));
    }

    /// <summary>
    /// Splits the rows of some adjacent tiles into their even and their odd columns, from an even column of the image on, which it returns.
    /// </summary>
    int Split(float* source, int top, int left, int length, float* lines)
    {
        var first = Math.Max(0, (2 * left) - shape.Left) & ~1;
        var count = Math.Min(shape.Width, (2 * (left + (length * plan.GroupColumns) + 2)) - shape.Left) - first;
        for (var y = Math.Max(0, -top); y < plan.Window && top + y < shape.Height && count > 0; y++)
            Halve(source + ((long)(top + y) * shape.Width) + first, count, LineOf(lines, y, 0, 0), LineOf(lines, y, 1, 0));
        return first;
    }

    /// <summary>Where a column of a row lies among the split ones.</summary>
    float* LineOf(float* lines, int y, int column, int splitFrom) =>
        lines + (((2 * y) + (column & 1)) * (zerosBytes / sizeof(float))) + ((column - splitFrom) / 2);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Halve(float* from, int count, float* even, float* odd)
    {
        nint x = 0, pairs = count / 2, last = pairs - TLanes.Count;
        for (; last >= 0 && x < pairs; x += TLanes.Count)
        {
            // The last vector overlaps the one before it.
            var at = Math.Min(x, last);
            var (a, b) = (TLanes.Load(from + (2 * at)), TLanes.Load(from + (2 * at) + TLanes.Count));
            TLanes.Store(TLanes.Even(a, b), even + at);
            TLanes.Store(TLanes.Odd(a, b), odd + at);
        }
        for (; x < pairs; x++)
            (even[x], odd[x]) = (from[2 * x], from[(2 * x) + 1]);
        if (count % 2 != 0)
            even[pairs] = from[2 * pairs];
    }

    float* Gather(float* from, int count, float* to)
    {
        nint x = 0;
        if (columnStep == 2)
            for (; x + TLanes.Count <= count; x += TLanes.Count)
                TLanes.Store(TLanes.Even(TLanes.Load(from + (2 * x)), TLanes.Load(from + (2 * x) + TLanes.Count)), to + x);
        for (; x < count; x++)
            to[x] = from[x * columnStep];
        return to;
    }

    // Clears whole vectors: what is beyond belongs to the rim, or is written later.
    void Clear(float* from, int count)
    {
        for (var y = 0; y < plan.Window; y++, from += plan.WindowPitch)
            for (var x = 0; x < count; x += TLanes.Count)
                TLanes.Store(TLanes.All(0), from + x);
    }

    /// <summary>Where each group's columns begin in the transformed rows; missing groups repeat the last one.</summary>
    void Place(int first, int count, int* places)
    {
        var at = WinogradPlan.Rim;
        for (var k = 0; k < groups + plan.GroupsInPair; k++)
        {
            if (k >= count)
            {
                places[k] = places[count - 1];
                continue;
            }
            // A row of tiles begins after the rim of the one before it.
            if (k > 0 && (first + k) % plan.GroupsInRow == 0)
                at += WinogradPlan.Rim;
            // Columns of the image, not of its padding, are stored where a vector is aligned.
            var startsRow = (first + k - Math.Min(k, (first + k) % plan.GroupsInRow)) % plan.GroupsInRow == 0;
            places[k] = at - (startsRow ? Math.Min(shape.Left, MostShift) : 0);
            at += plan.GroupColumns;
        }
    }
}
