using System.Runtime.CompilerServices;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>Resizes the planes of a tensor, or of several tensors that are summed.</summary>
/// <remarks>Each input row is widened once, and kept while output rows lie next to it.</remarks>
sealed unsafe class ResizeKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    readonly ResizeSource[] sources;
    readonly int outHeight, outWidth, blockRows, blocks;
    readonly long rowBytes, lineBytes;
    readonly ResizeCodes codes;
    readonly ByteSteps? steps;
    readonly float* addend, output;
    readonly Unary function;

    /// <param name="planes">The number of planes of each tensor.</param>
    /// <param name="sources">The tensors, all resized to one size.</param>
    /// <param name="addend">A tensor of the output's shape to add, or null.</param>
    /// <param name="function">The function applied last.</param>
    /// <param name="codes">The codes of addend and result, where they are bytes.</param>
    /// <param name="output">The result; may be the addend.</param>
    /// <param name="threads">The number of threads that share the work.</param>
    public ResizeKernel(int planes, ResizeSource[] sources, float* addend, Unary function, ResizeCodes codes, float* output, int threads)
    {
        this.codes = codes;
        steps = codes.Result is { } result ? ByteSteps.Of(result) : null;
        this.sources = sources;
        this.addend = addend;
        this.function = function;
        this.output = output;
        (outHeight, outWidth) = (sources[0].Rows.Size, sources[0].Columns.Size);
        // Rows are longer than the output by a vector.
        rowBytes = PinnedMemory.Whole((outWidth + 16L) * sizeof(float));
        lineBytes = PinnedMemory.Whole((sources.Max(s => s.Code is null ? 0 : s.Width) + 16L) * sizeof(float));
        // Few planes are cut into blocks of rows, so that every thread has work.
        blocks = Math.Clamp(4 * threads / Math.Max(planes, 1), 1, Math.Max(outHeight, 1));
        blockRows = (outHeight + blocks - 1) / blocks;
        Items = planes * blocks;
    }

    public override int Items { get; }

    public override long ScratchBytes => (((2 * sources.Length) + 3) * rowBytes) + lineBytes;

    public override void Run(int item, byte* scratch)
    {
        var (plane, from) = (item / blocks, item % blocks * blockRows);
        var rows = stackalloc float*[2 * sources.Length];
        var numbers = stackalloc int[2 * sources.Length];
        var parts = stackalloc float[sources.Length];
        for (var k = 0; k < 2 * sources.Length; k++)
        {
            rows[k] = (float*)(scratch + (k * rowBytes));
            numbers[k] = -1;
        }
        var line = (float*)(scratch + (((2 * sources.Length) + 3) * rowBytes));
        var restored = (float*)(scratch + (((2 * sources.Length) + 1) * rowBytes));
        var result = (float*)(scratch + (((2 * sources.Length) + 2) * rowBytes));
        for (var y = from; y < Math.Min(outHeight, from + blockRows); y++)
        {
            for (var k = 0; k < sources.Length; k++)
                parts[k] = Place(sources[k], plane, y, rows + (2 * k), numbers + (2 * k), line);
            var at = (((long)plane * outHeight) + y) * outWidth;
            var added = addend == null ? null : addend + at;
            if (added != null && codes.Addend is { } code)
                ByteVectors.Restore((byte*)addend + at, code, added = restored, outWidth);
            Blend(rows, parts, (float*)(scratch + (2 * sources.Length * rowBytes)), added, codes.Result is null ? output + at : result);
            if (steps is { } given)
                ByteVectors.Store(result, given, (byte*)output + at, outWidth);
            else if (codes.Result is { } coded)
                ByteVectors.Store(result, coded, (byte*)output + at, outWidth);
        }
    }

    /// <summary>Makes sure that the two widened rows next to an output row are there; returns the weight of the second.</summary>
    float Place(ResizeSource source, int plane, int y, float** rows, int* numbers, float* line)
    {
        var (first, second, part) = (source.Rows.First[y], source.Rows.Second[y], source.Rows.Part[y]);
        if (first == numbers[1])
        {
            var widened = rows[0];
            rows[0] = rows[1];
            rows[1] = widened;
            (numbers[0], numbers[1]) = (numbers[1], numbers[0]);
        }
        if (first != numbers[0])
            Widen(source, source.Row(plane, first, line), rows[0]);
        numbers[0] = first;
        if (second != numbers[1] && part > 0)
        {
            Widen(source, source.Row(plane, second, line), rows[1]);
            numbers[1] = second;
        }
        return part;
    }

    void Widen(ResizeSource source, float* row, float* to)
    {
        var columns = source.Columns;
        if (columns.IsNarrow)
            fixed (int* begins = columns.Begins, places = columns.Places, next = columns.NextPlaces)
            fixed (float* parts = columns.Parts)
                Widen(row, begins, places, next, parts, to, outWidth);
        else
            fixed (int* first = columns.First, second = columns.Second)
            fixed (float* part = columns.Part)
                for (var x = 0; x < outWidth; x++)
                {
                    var left = row[first[x]];
                    to[x] = left + ((row[second[x]] - left) * part[x]);
                }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Widen(float* row, int* begins, int* places, int* next, float* parts, float* to, int count)
    {
        for (var x = 0; x < count; x += TLanes.Count)
        {
            var left = TLanes.Pick(row, x, begins, places);
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Subtract(TLanes.Pick(row, x, begins, next), left), TLanes.Load(parts + x), left),
                to + x);
        }
    }

    void Blend(float** rows, float* parts, float* sums, float* added, float* to)
    {
        var last = sources.Length - 1;
        for (var k = 0; k < last; k++)
            Between(rows[2 * k], parts[k] > 0 ? rows[(2 * k) + 1] : rows[2 * k], parts[k], k == 0 ? null : sums, null,
                float.NegativeInfinity, sums, outWidth + TLanes.Count - 1);
        var upper = rows[2 * last];
        var before = last == 0 ? null : sums;
        // A second row of weight 0 may be uninitialised.
        var lower = parts[last] > 0 ? rows[(2 * last) + 1] : upper;
        var whole = function.Kind is UnaryKind.Identity or UnaryKind.Relu ? outWidth / TLanes.Count * TLanes.Count : 0;
        Between(upper, lower, parts[last], before, added, function.Kind == UnaryKind.Relu ? 0 : float.NegativeInfinity, to, whole);
        for (var x = whole; x < outWidth; x += TLanes.Count)
        {
            var value = Between(upper + x, lower + x, TLanes.All(parts[last]));
            if (before != null)
                value = TLanes.Add(TLanes.Load(before + x), value);
            Finish<TLanes, TVector>.Store(value, TLanes.All(0), added == null ? null : added + x, function, to + x, outWidth - x);
        }
    }

    /// <summary>Writes max(floor, before + the interpolation of two rows + added), in whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Between(float* upper, float* lower, float part, float* before, float* added, float floor, float* to, int count)
    {
        var (weight, least) = (TLanes.All(part), TLanes.All(floor));
        for (nint x = 0; x + TLanes.Count <= count; x += TLanes.Count)
        {
            var value = Between(upper + x, lower + x, weight);
            if (before != null)
                value = TLanes.Add(TLanes.Load(before + x), value);
            if (added != null)
                value = TLanes.Add(value, TLanes.Load(added + x));
            TLanes.Store(TLanes.AtLeast(least, value), to + x);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector Between(float* upper, float* lower, TVector part)
    {
        var p = TLanes.Load(upper);
        return TLanes.MultiplyAdd(TLanes.Subtract(TLanes.Load(lower), p), part, p);
    }
}
