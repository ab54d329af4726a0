using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hwaso.Metrics;

/// <summary>Counts how often each pair of byte values stands at the same place of two buffers.</summary>
sealed class PairCounter
{
    const int Pairs = 256 * 256;
    const int Lanes = 4;

    // A row of a table is 1 KiB, which makes the rows of all tables meet in few sets of the first cache; each table begins a quarter
    // of a row later, and up to 64 classes have sets of their own. Twice as fast for labels that change at every pixel.
    const int Table = Pairs + 64;

    // Four tables, taken in turn: neighbouring pixels mostly carry the same pair, and adding to one cell twice in a row
    // would wait for the first store each time.
    readonly uint[] tables = new uint[Lanes * Table];

    /// <summary>
    /// Counts the pairs (<paramref name="rows"/>[i], <paramref name="columns"/>[i]), at most <see cref="int.MaxValue"/> until they are
    /// moved.
    /// </summary>
    /// <param name="rows">First values.</param>
    /// <param name="columns">Second values, as many.</param>
    /// <param name="largest">The largest first value that is allowed.</param>
    /// <param name="allowed">Another one that is.</param>
    /// <returns>Whether all first values were allowed; if not, all counts are cleared.</returns>
    public bool Count(ReadOnlySpan<byte> rows, ReadOnlySpan<byte> columns, byte largest, byte allowed)
    {
        ref var first = ref MemoryMarshal.GetArrayDataReference(tables);
        ref var second = ref Unsafe.Add(ref first, Table);
        ref var third = ref Unsafe.Add(ref second, Table);
        ref var fourth = ref Unsafe.Add(ref third, Table);
        ref var row = ref MemoryMarshal.GetReference(rows);
        ref var column = ref MemoryMarshal.GetReference(columns);
        var (most, other) = (Vector128.Create(largest), Vector128.Create(allowed));
        var fine = Vector128<byte>.AllBitsSet;
        nint i = 0;
        nint length = Math.Min(rows.Length, columns.Length);
        for (; i <= length - 16; i += 16)
        {
            var r = Vector128.LoadUnsafe(ref row, (nuint)i);
            fine &= Vector128.LessThanOrEqual(r, most) | Vector128.Equals(r, other);
            var (rLow, rHigh) = Vector128.Widen(r);
            var (cLow, cHigh) = Vector128.Widen(Vector128.LoadUnsafe(ref column, (nuint)i));
            CountEight(ref first, ref second, ref third, ref fourth, ((rLow << 8) | cLow).AsUInt64());
            CountEight(ref first, ref second, ref third, ref fourth, ((rHigh << 8) | cHigh).AsUInt64());
        }
        var good = fine == Vector128<byte>.AllBitsSet;
        for (; i < length; i++)
        {
            var value = Unsafe.Add(ref row, i);
            good &= value <= largest || value == allowed;
            Unsafe.Add(ref first, (value << 8) | Unsafe.Add(ref column, i))++;
        }
        if (!good)
            Array.Clear(tables);
        return good;
    }

    /// <summary>Adds the counts of one row to <paramref name="target"/>, 256 long, and sets them to zero.</summary>
    public void MoveRow(int row, Span<long> target)
    {
        for (var lane = 0; lane < Lanes; lane++)
        {
            var counts = tables.AsSpan(lane * Table + row * 256, 256);
            for (var column = 0; column < counts.Length; column++)
                target[column] += counts[column];
            counts.Clear();
        }
    }

    /// <summary>Forgets the counts of one row.</summary>
    public void ClearRow(int row)
    {
        for (var lane = 0; lane < Lanes; lane++)
            tables.AsSpan(lane * Table + row * 256, 256).Clear();
    }

    // Each index has 16 bits and each table 65,536 cells and more: no index can leave its table.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void CountEight(ref uint first, ref uint second, ref uint third, ref uint fourth, Vector128<ulong> pairs)
    {
        var (four, others) = (pairs.GetElement(0), pairs.GetElement(1));
        // Label maps are made of areas: most blocks hold one pair eight times.
        if (four == others && four == BitOperations.RotateLeft(four, 16))
        {
            Unsafe.Add(ref first, (nint)(ushort)four) += 8;
            return;
        }
        Unsafe.Add(ref first, (nint)(ushort)four)++;
        Unsafe.Add(ref second, (nint)(ushort)(four >> 16))++;
        Unsafe.Add(ref third, (nint)(ushort)(four >> 32))++;
        Unsafe.Add(ref fourth, (nint)(four >> 48))++;
        Unsafe.Add(ref first, (nint)(ushort)others)++;
        Unsafe.Add(ref second, (nint)(ushort)(others >> 16))++;
        Unsafe.Add(ref third, (nint)(ushort)(others >> 32))++;
        Unsafe.Add(ref fourth, (nint)(others >> 48))++;
    }
}
