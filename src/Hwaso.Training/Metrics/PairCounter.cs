using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hwaso.Training.Metrics;

/// <summary>Counts how often each pair of byte values stands at the same place of two buffers.</summary>
sealed class PairCounter
{
    const int Pairs = 256 * 256;
    const int Lanes = 4;

    // Four tables, taken in turn: neighbouring pixels mostly carry the same pair, and adding to one cell twice in a row
    // would wait for the first store each time.
    readonly uint[] tables = new uint[Lanes * Pairs];

    /// <summary>The largest number of pairs that may be counted between two calls of <see cref="MoveRow"/>.</summary>
    public const int MaxPairs = int.MaxValue;

    /// <summary>Counts the pairs (<paramref name="rows"/>[i], <paramref name="columns"/>[i]).</summary>
    public void Count(ReadOnlySpan<byte> rows, ReadOnlySpan<byte> columns)
    {
        ref var table = ref MemoryMarshal.GetArrayDataReference(tables);
        ref var row = ref MemoryMarshal.GetReference(rows);
        ref var column = ref MemoryMarshal.GetReference(columns);
        nint i = 0;
        nint length = Math.Min(rows.Length, columns.Length);
        for (; i <= length - 32; i += 32)
        {
            var r = Vector256.LoadUnsafe(ref row, (nuint)i);
            var c = Vector256.LoadUnsafe(ref column, (nuint)i);
            // Label maps are made of areas: most blocks hold one pair 32 times.
            if (r == Vector256.Create(r.ToScalar()) && c == Vector256.Create(c.ToScalar()))
            {
                Unsafe.Add(ref table, (r.ToScalar() << 8) | c.ToScalar()) += 32;
                continue;
            }
            CountHalf(ref table, r.GetLower(), c.GetLower());
            CountHalf(ref table, r.GetUpper(), c.GetUpper());
        }
        for (; i < length; i++)
            Unsafe.Add(ref table, (Unsafe.Add(ref row, i) << 8) | Unsafe.Add(ref column, i))++;
    }

    /// <summary>Adds the counts of one row to <paramref name="target"/>, 256 long, and sets them to zero.</summary>
    public void MoveRow(int row, Span<long> target)
    {
        for (var lane = 0; lane < Lanes; lane++)
        {
            var counts = tables.AsSpan(lane * Pairs + row * 256, 256);
            for (var column = 0; column < counts.Length; column++)
                target[column] += counts[column];
            counts.Clear();
        }
    }

    /// <summary>Forgets the counts of one row.</summary>
    public void ClearRow(int row)
    {
        for (var lane = 0; lane < Lanes; lane++)
            tables.AsSpan(lane * Pairs + row * 256, 256).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void CountHalf(ref uint table, Vector128<byte> r, Vector128<byte> c)
    {
        var (rLow, rHigh) = Vector128.Widen(r);
        var (cLow, cHigh) = Vector128.Widen(c);
        var low = ((rLow << 8) | cLow).AsUInt64();
        var high = ((rHigh << 8) | cHigh).AsUInt64();
        CountFour(ref table, low.GetElement(0));
        CountFour(ref table, low.GetElement(1));
        CountFour(ref table, high.GetElement(0));
        CountFour(ref table, high.GetElement(1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void CountFour(ref uint table, ulong pairs)
    {
        // Each index has 16 bits and each table 65,536 cells: no index can leave its table.
        Unsafe.Add(ref table, (nint)(ushort)pairs)++;
        Unsafe.Add(ref table, Pairs + (nint)(ushort)(pairs >> 16))++;
        Unsafe.Add(ref table, 2 * Pairs + (nint)(ushort)(pairs >> 32))++;
        Unsafe.Add(ref table, 3 * Pairs + (nint)(ushort)(pairs >> 48))++;
    }
}
