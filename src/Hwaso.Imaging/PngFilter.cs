using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hwaso.Imaging;

/// <summary>
/// Undoes PNG's five filters (specification, section 9). Colour goes a pixel at a time in one register, as each pixel needs the one
/// before it. The methods are optimised at once: a short run is over before the runtime would find them hot.
/// </summary>
static class PngFilter
{
    /// <summary>Undoes one line's filter; false if it is none of the five.</summary>
    /// <param name="line">The filter's number, then the line.</param>
    /// <param name="pixels">The whole image; row <paramref name="y"/> is written, the row above is read.</param>
    /// <param name="y">The row.</param>
    /// <param name="channels">Bytes a pixel: 1 or 3.</param>
    public static bool Undo(ReadOnlySpan<byte> line, Span<byte> pixels, int y, int channels)
    {
        var filter = line[0];
        var source = line[1..];
        var row = pixels.Slice(y * source.Length, source.Length);
        // Above the first row is nothing but zeros: Up is then a copy, Paeth is Sub; Average alone needs the zeros.
        if (y == 0)
            filter = filter switch { 2 => 0, 4 => 1, _ => filter };
        var above = y > 0 ? pixels.Slice((y - 1) * source.Length, source.Length) : filter == 3 ? new byte[source.Length] : [];
        switch (filter)
        {
            case 0:
                source.CopyTo(row);
                return true;
            case 1:
                Sub(source, row, channels);
                return true;
            case 2:
                Up(source, above, row);
                return true;
            case 3:
                Average(source, above, row, channels);
                return true;
            case 4 when channels == 3:
                PaethColour(source, above, row);
                return true;
            case 4:
                PaethTail(source, above, row, 0, 1);
                return true;
            default:
                return false;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Sub(ReadOnlySpan<byte> source, Span<byte> row, int channels)
    {
        var at = 0;
        if (channels == 3)
        {
            var left = Vector128<byte>.Zero;
            for (; at <= source.Length - 4; at += 3)
                Store(row, at, left += Load(source, at));
        }
        for (; at < source.Length; at++)
            row[at] = (byte)(source[at] + (at < channels ? 0 : row[at - channels]));
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
    static void Average(ReadOnlySpan<byte> source, ReadOnlySpan<byte> above, Span<byte> row, int channels)
    {
        var at = 0;
        if (channels == 3)
        {
            var left = Vector128<byte>.Zero;
            for (; at <= source.Length - 4; at += 3)
            {
                var up = Load(above, at);
                // ⌊(left + up) / 2⌋ without a ninth bit.
                Store(row, at, left = Load(source, at) + (left & up) + Vector128.ShiftRightLogical(left ^ up, 1));
            }
        }
        for (; at < source.Length; at++)
            row[at] = (byte)(source[at] + (above[at] + (at < channels ? 0 : row[at - channels])) / 2);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void PaethColour(ReadOnlySpan<byte> source, ReadOnlySpan<byte> above, Span<byte> row)
    {
        var (a, c) = (Vector128<short>.Zero, Vector128<short>.Zero);
        var bytes = Vector128.Create((short)255);
        var at = 0;
        for (; at <= source.Length - 4; at += 3)
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
        PaethTail(source, above, row, at, 3);
    }

    static void PaethTail(ReadOnlySpan<byte> source, ReadOnlySpan<byte> above, Span<byte> row, int at, int channels)
    {
        for (; at < source.Length; at++)
        {
            int a = at < channels ? 0 : row[at - channels], b = above[at], c = at < channels ? 0 : above[at - channels];
            int pa = Math.Abs(b - c), pb = Math.Abs(a - c), pc = Math.Abs(a + b - 2 * c);
            row[at] = (byte)(source[at] + (pa <= pb && pa <= pc ? a : pb <= pc ? b : c));
        }
    }

    // Four bytes of which three count: a write's fourth is overwritten by the next pixel, and the callers keep it inside the row.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<byte> Load(ReadOnlySpan<byte> from, int at) =>
        Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref MemoryMarshal.GetReference(from), at))).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(Span<byte> to, int at, Vector128<byte> pixel) =>
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref MemoryMarshal.GetReference(to), at), pixel.AsUInt32().ToScalar());
}
