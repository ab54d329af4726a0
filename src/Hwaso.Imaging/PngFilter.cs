using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hwaso.Imaging;

/// <summary>
/// Undoes PNG's five filters (specification, section 9). Colours of 8 bits go a pixel at a time in one register, as each pixel needs the
/// one before it. The methods are optimised at once: a short run is over before the runtime would find them hot.
/// </summary>
static class PngFilter
{
    /// <summary>Undoes one line's filter; false if it is none of the five.</summary>
    /// <param name="filter">The filter's number.</param>
    /// <param name="source">The filtered line.</param>
    /// <param name="above">The line above, unfiltered; empty above the first one.</param>
    /// <param name="row">Receives the line.</param>
    /// <param name="step">Bytes from a sample to the same one of the next pixel, at least 1.</param>
    public static bool Undo(int filter, ReadOnlySpan<byte> source, ReadOnlySpan<byte> above, Span<byte> row, int step)
    {
        // Above the first row is nothing but zeros: Up is then a copy, Paeth is Sub; Average alone needs the zeros.
        if (above.IsEmpty)
        {
            filter = filter switch { 2 => 0, 4 => 1, _ => filter };
            if (filter == 3)
                above = new byte[source.Length];
        }
        switch (filter)
        {
            case 0:
                source.CopyTo(row);
                return true;
            case 1:
                Sub(source, row, step);
                return true;
            case 2:
                Up(source, above, row);
                return true;
            case 3:
                Average(source, above, row, step);
                return true;
            case 4 when InOneRegister(step):
                PaethColour(source, above, row, step);
                return true;
            case 4:
                PaethTail(source, above, row, 0, step);
                return true;
            default:
                return false;
        }
    }

    /// <summary>What Paeth's filter predicts from the pixel at the left, above, and above it.</summary>
    public static int Paeth(int a, int b, int c)
    {
        int pa = Math.Abs(b - c), pb = Math.Abs(a - c), pc = Math.Abs(a + b - 2 * c);
        return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Sub(ReadOnlySpan<byte> source, Span<byte> row, int step)
    {
        var at = 0;
        if (InOneRegister(step))
        {
            var left = Vector128<byte>.Zero;
            for (; at <= source.Length - 4; at += step)
                Store(row, at, left += Load(source, at));
        }
        for (; at < source.Length; at++)
            row[at] = (byte)(source[at] + (at < step ? 0 : row[at - step]));
    }

    static void Up(ReadOnlySpan<byte> source, ReadOnlySpan<byte> above, Span<byte> row)
    {
        var at = 0;
        for (; at <= source.Length - Vector<byte>.Count; at += Vector<byte>.Count)
            (new Vector<byte>(source[at..]) + new Vector<byte>(above[at..])).CopyTo(row[at..]);
        for (; at < source.Length; at++)
            row[at] = (byte)(source[at] + above[at]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Average(ReadOnlySpan<byte> source, ReadOnlySpan<byte> above, Span<byte> row, int step)
    {
        var at = 0;
        if (InOneRegister(step))
        {
            var left = Vector128<byte>.Zero;
            for (; at <= source.Length - 4; at += step)
            {
                var up = Load(above, at);
                // ⌊(left + up) / 2⌋ without a ninth bit.
                Store(row, at, left = Load(source, at) + (left & up) + Vector128.ShiftRightLogical(left ^ up, 1));
            }
        }
        for (; at < source.Length; at++)
            row[at] = (byte)(source[at] + (above[at] + (at < step ? 0 : row[at - step])) / 2);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void PaethColour(ReadOnlySpan<byte> source, ReadOnlySpan<byte> above, Span<byte> row, int step)
    {
        var (a, c) = (Vector128<short>.Zero, Vector128<short>.Zero);
        var bytes = Vector128.Create((short)255);
        var at = 0;
        for (; at <= source.Length - 4; at += step)
        {
            var b = Vector128.WidenLower(Load(above, at)).AsInt16();
            var (toA, toB) = (b - c, a - c);
            var (pa, pb, pc) = (Vector128.Abs(toA), Vector128.Abs(toB), Vector128.Abs(toA + toB));
            var nearest = Vector128.Min(pa, Vector128.Min(pb, pc));
            // Ties go to the left, then to above.
            var predicted = Vector128.ConditionalSelect(Vector128.Equals(pa, nearest), a,
                Vector128.ConditionalSelect(Vector128.Equals(pb, nearest), b, c));
            a = (predicted + Vector128.WidenLower(Load(source, at)).AsInt16()) & bytes;
            c = b;
            Store(row, at, Vector128.Narrow(a.AsUInt16(), a.AsUInt16()));
        }
        PaethTail(source, above, row, at, step);
    }

    static void PaethTail(ReadOnlySpan<byte> source, ReadOnlySpan<byte> above, Span<byte> row, int at, int step)
    {
        for (; at < source.Length; at++)
            row[at] = (byte)(source[at] + (at < step ? above[at] : Paeth(row[at - step], above[at], above[at - step])));
    }

    // Four bytes of which three may count: a write's fourth is overwritten by the next pixel, and the callers keep it inside the row.
    static bool InOneRegister(int step) => step is 3 or 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<byte> Load(ReadOnlySpan<byte> from, int at) =>
        Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref MemoryMarshal.GetReference(from), at))).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(Span<byte> to, int at, Vector128<byte> pixel) =>
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref MemoryMarshal.GetReference(to), at), pixel.AsUInt32().ToScalar());
}
