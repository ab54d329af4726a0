using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hwaso.Imaging;

/// <summary>Writes the coefficients of blocks as entropy-coded data. ITU-T T.81, F.1.2.</summary>
unsafe struct JpegBitWriter
{
    /// <summary>The most bytes that a block takes: 64 codes of 16 bits with values of 11, and a zero behind each byte.</summary>
    public const int BlockBytes = 64 * 27 / 8 * 2;

    const int EndOfBlock = 0x00, SixteenZeros = 0xf0;

    ulong held;
    int count;
    byte* next;

    /// <summary>Writes on from another place.</summary>
    public void MoveTo(byte* target) => next = target;

    /// <summary>The place behind what was written.</summary>
    public readonly byte* Place => next;

    /// <summary>Writes a block.</summary>
    /// <param name="coefficients">The block's first value; every eighth value from there on belongs to it, in the order of the
    /// file as <paramref name="places"/> gives it.</param>
    /// <param name="places">64 places in <paramref name="coefficients"/>.</param>
    /// <param name="predicted">The block before this one's first coefficient; receives this one's.</param>
    /// <param name="dc">Codes of first coefficients' sizes.</param>
    /// <param name="ac">Codes of runs and sizes.</param>
    public void Block(short* coefficients, int* places, ref int predicted, JpegCodes dc, JpegCodes ac)
    {
        var ordered = stackalloc short[64];
        for (var k = 0; k < 64; k++)
            ordered[k] = coefficients[places[k]];
        var difference = ordered[0] - predicted;
        predicted = ordered[0];
        var size = 32 - BitOperations.LeadingZeroCount((uint)Math.Abs(difference));
        Write(dc.Of(size), difference, size);
        // A bit for each value that is not zero; the first was written.
        var left = NotZero(ordered) & ~1UL;
        var last = 0;
        while (left != 0)
        {
            var k = BitOperations.TrailingZeroCount(left);
            left &= left - 1;
            var run = k - last - 1;
            for (; run > 15; run -= 16)
                Write(ac.Of(SixteenZeros), 0, 0);
            int value = ordered[k];
            size = 32 - BitOperations.LeadingZeroCount((uint)Math.Abs(value));
            Write(ac.Of(run << 4 | size), value, size);
            last = k;
        }
        if (last < 63)
            Write(ac.Of(EndOfBlock), 0, 0);
    }

    /// <summary>Fills the last byte with ones (F.1.2.3) and writes it.</summary>
    public void Finish()
    {
        Write(7 << 16 | 0x7f, 0, 0);
        for (; count >= 8; count -= 8)
            Byte((byte)(held >> count - 8));
        count = 0;
    }

    /// <summary>Writes a code and the lower bits of a value; a negative value is written less one (F.1.2.1).</summary>
    /// <param name="code">The code's length · 2^16 + its bits.</param>
    /// <param name="value">The value.</param>
    /// <param name="size">Bits of the value.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Write(int code, int value, int size)
    {
        var bits = (uint)(value + (value >> 31)) & (1u << size) - 1;
        var length = (code >> 16) + size;
        held = held << length | (uint)(code & 0xffff) << size | bits;
        count += length;
        if (count >= 32)
            Flush();
    }

    void Flush()
    {
        count -= 32;
        var four = (uint)(held >> count);
        // A byte of FF wants a zero behind it; most often there is none.
        if (((~four - 0x01010101) & four & 0x80808080) == 0)
        {
            Unsafe.WriteUnaligned(next, BinaryPrimitives.ReverseEndianness(four));
            next += 4;
            return;
        }
        for (var shift = 24; shift >= 0; shift -= 8)
            Byte((byte)(four >> shift));
    }

    void Byte(byte value)
    {
        *next++ = value;
        if (value == 0xff)
            *next++ = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong NotZero(short* values)
    {
        ulong zeros = 0;
        for (var k = 0; k < 64; k += 32)
        {
            var both = Vector256.Narrow(Vector256.Equals(Vector256.Load(values + k), Vector256<short>.Zero),
                Vector256.Equals(Vector256.Load(values + k + 16), Vector256<short>.Zero));
            zeros |= (ulong)both.ExtractMostSignificantBits() << k;
        }
        return ~zeros;
    }
}

/// <summary>The codes of a Huffman table's symbols. ITU-T T.81, annex C.</summary>
sealed class JpegCodes
{
    readonly int[] codes = new int[256];

    /// <summary>The codes of a table: how many codes each length from 1 to 16 has, then their symbols.</summary>
    public JpegCodes(ReadOnlySpan<byte> table)
    {
        var (code, at) = (0, 16);
        for (var length = 1; length <= 16; length++, code <<= 1)
            for (var k = 0; k < table[length - 1]; k++, code++)
                codes[table[at++]] = length << 16 | code;
    }

    /// <summary>A symbol's code: its length · 2^16 + its bits.</summary>
    public int Of(int symbol) => codes[symbol];
}
