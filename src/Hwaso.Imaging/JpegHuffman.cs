using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Hwaso.Imaging;

/// <summary>A Huffman table: what the next bits mean. ITU-T T.81, annex C and F.2.2.</summary>
sealed class JpegHuffman
{
    /// <summary>Bits that are looked up at once; longer codes are rare and compared length by length.</summary>
    public const int FastBits = 10;

    /// <summary>For each beginning of so many bits: the code's length · 256 + its symbol; 0 where the code is longer.</summary>
    public readonly ushort[] Fast = new ushort[1 << FastBits];

    readonly byte[] symbols;
    // By length, of codes as the upper 16 bits: where codes of the next length begin, and where a length's symbols are.
    readonly int[] end = new int[18], offset = new int[18];

    JpegHuffman(byte[] symbols) => this.symbols = symbols;

    /// <summary>A table of how many codes each length from 1 to 16 has, and their symbols; null for an impossible one.</summary>
    public static JpegHuffman? Of(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        var table = new JpegHuffman(symbols.ToArray());
        var (code, first) = (0, 0);
        for (var length = 1; length <= 16; length++)
        {
            table.offset[length] = first - code;
            for (var k = 0; k < counts[length - 1]; k++, code++, first++)
                if (length <= FastBits && code < 1 << length)
                    table.Fast.AsSpan(code << FastBits - length, 1 << FastBits - length).Fill((ushort)(length << 8 | symbols[first]));
            if (code > 1 << length)
                return null;
            table.end[length] = code << 16 - length;
            code <<= 1;
        }
        return table;
    }

    /// <summary>As <see cref="Fast"/> the length and symbol of a longer code; 0 if there is none.</summary>
    /// <param name="bits">The next 16 bits.</param>
    public int Slow(int bits)
    {
        for (var length = FastBits + 1; length <= 16; length++)
            if (bits < end[length])
                return length << 8 | symbols[(bits >> 16 - length) + offset[length]];
        return 0;
    }
}

/// <summary>Reads the coefficients of blocks from entropy-coded data whose stuffed zeros were taken out.</summary>
unsafe struct JpegBits
{
    /// <summary>Zeros that must follow the data: more than any six blocks can take.</summary>
    public const int Padding = 2048;

    byte* data;
    int length, at, count;
    ulong bits;

    /// <summary>Begins with other data.</summary>
    public void Start(byte* from, int bytes)
    {
        data = from;
        (length, at, count, bits) = (bytes, 0, 0, 0);
    }

    /// <summary>Whether more bits were read than there are.</summary>
    public readonly bool IsOver => at * 8L - count > length * 8L;

    /// <summary>Whether all bytes were read, the last one perhaps in part.</summary>
    public readonly bool IsAtEnd => !IsOver && (at * 8L - count + 7) / 8 == length;

    /// <summary>Reads a block; false for bits that are no code.</summary>
    /// <param name="dc">The table of first coefficients' sizes.</param>
    /// <param name="ac">The table of runs and sizes.</param>
    /// <param name="quantisation">The factors, in the order of the file.</param>
    /// <param name="places">Where each coefficient of that order belongs.</param>
    /// <param name="predicted">The block before this one's first coefficient; receives this one's.</param>
    /// <param name="coefficients">Zeros, which receive the block's values.</param>
    public bool Block(JpegHuffman dc, JpegHuffman ac, ushort* quantisation, int* places, ref int predicted, short* coefficients)
    {
        var from = data;
        var (next, have, held) = (at, count, bits);
        Fill(from, ref next, ref have, ref held);
        var code = Code(dc, held);
        var size = code & 255;
        if (code == 0 || size > 15)
            return false;
        (held, have) = (held << (code >> 8), have - (code >> 8));
        predicted += Value(size, ref have, ref held);
        coefficients[0] = (short)(predicted * quantisation[0]);
        ref var fast = ref ac.Fast[0];
        for (var k = 1; k < 64; k++)
        {
            if (have < 32)
                Fill(from, ref next, ref have, ref held);
            code = Unsafe.Add(ref fast, (int)(held >> 64 - JpegHuffman.FastBits));
            if (code == 0 && (code = ac.Slow((int)(held >> 48))) == 0)
                return false;
            (held, have) = (held << (code >> 8), have - (code >> 8));
            size = code & 15;
            if (size == 0)
            {
                // End of block, or 16 zeros.
                if ((code & 255) != 0xf0)
                    break;
                k += 15;
                continue;
            }
            k += code >> 4 & 15;
            if (k > 63)
                return false;
            coefficients[places[k]] = (short)(Value(size, ref have, ref held) * quantisation[k]);
        }
        (at, count, bits) = (next, have, held);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Code(JpegHuffman table, ulong held) =>
        table.Fast[(int)(held >> 64 - JpegHuffman.FastBits)] is > 0 and var code ? code : table.Slow((int)(held >> 48));

    /// <summary>A value of so many bits, whose first bit says whether it is positive (T.81, F.2.2.1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Value(int size, ref int have, ref ulong held)
    {
        if (size == 0)
            return 0;
        var value = (int)(held >> 64 - size);
        // Negative values are stored less one: add 1 − 2^size where the first bit is 0.
        value += (int)(~(long)held >> 63) & (-1 << size) + 1;
        held <<= size;
        have -= size;
        return value;
    }

    /// <summary>At least 56 bits from now on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Fill(byte* from, ref int next, ref int have, ref ulong held)
    {
        held |= BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(from + next)) >> have;
        next += 63 - have >> 3;
        have |= 56;
    }
}
