using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Hwaso.Imaging;

/// <summary>Makes PNG files. Section numbers are those of the PNG specification, third edition.</summary>
sealed class PngEncoder
{
    readonly MemoryStream file = new();
    readonly int rowBytes, step, depth;
    readonly FilterChoice? filters;

    PngEncoder(int width, int bitDepth, PngColorType type, bool filtered)
    {
        (depth, step) = (bitDepth, bitDepth / 8 * (type == PngColorType.Rgb ? 3 : 1));
        rowBytes = checked(width * step);
        filters = filtered ? new FilterChoice(rowBytes, step) : null;
    }

    /// <summary>The bytes of a file.</summary>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="bitDepth">8 or 16.</param>
    /// <param name="type">Gray, Rgb or Indexed.</param>
    /// <param name="pixels">The samples, row by row; those of 16 bits in the machine's byte order.</param>
    /// <param name="compression">0 (none) to 9 (smallest).</param>
    /// <param name="filtered">Whether lines are written as differences: smaller for magnitudes, larger for indices.</param>
    /// <param name="palette">The colours of indices.</param>
    /// <param name="text">Text entries by keyword.</param>
    public static byte[] Encode(int width, int height, int bitDepth, PngColorType type, ReadOnlySpan<byte> pixels, int compression,
        bool filtered, Palette? palette = null, IReadOnlyDictionary<string, string>? text = null)
    {
        if (compression is < 0 or > 9)
            throw new ArgumentOutOfRangeException(nameof(compression), $"PNG compression {compression}: 0 to 9 was wanted");
        var encoder = new PngEncoder(width, bitDepth, type, filtered);
        encoder.file.Write(PngChunks.Signature);
        Span<byte> header = stackalloc byte[13];
        header.Clear();
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        (header[8], header[9]) = ((byte)bitDepth, (byte)type);
        encoder.Chunk("IHDR"u8, header);
        if (palette is not null)
            encoder.Chunk("PLTE"u8, [.. Enumerable.Range(0, 256).SelectMany(k => new[] { palette[k].R, palette[k].G, palette[k].B })]);
        foreach (var (keyword, value) in text ?? new Dictionary<string, string>())
        {
            var (kind, content) = PngText.Chunk(keyword, value);
            encoder.Chunk(kind, content);
        }
        encoder.Pixels(pixels, height, compression);
        encoder.Chunk("IEND"u8, []);
        return encoder.file.ToArray();
    }

    void Pixels(ReadOnlySpan<byte> pixels, int height, int compression)
    {
        var begin = Begin("IDAT"u8);
        var options = new ZLibCompressionOptions
        {
            CompressionLevel = compression,
            CompressionStrategy = filters is null ? ZLibCompressionStrategy.Default : ZLibCompressionStrategy.Filtered,
        };
        using (var packer = new ZLibStream(file, options, leaveOpen: true))
        {
            var swapped = new byte[depth == 16 ? rowBytes : 0];
            var plain = new byte[filters is null ? 1 + rowBytes : 0];
            for (var y = 0; y < height; y++)
            {
                var row = pixels.Slice(y * rowBytes, rowBytes);
                if (depth == 16 && BitConverter.IsLittleEndian)
                {
                    BinaryPrimitives.ReverseEndianness(
                        MemoryMarshal.Cast<byte, ushort>(row), MemoryMarshal.Cast<byte, ushort>(swapped.AsSpan()));
                    row = swapped;
                }
                if (filters is not null)
                    packer.Write(filters.Best(row));
                else
                {
                    row.CopyTo(plain.AsSpan(1));
                    packer.Write(plain);
                }
            }
        }
        End(begin);
    }

    void Chunk(ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        var begin = Begin(type);
        file.Write(content);
        End(begin);
    }

    long Begin(ReadOnlySpan<byte> type)
    {
        file.Write([0, 0, 0, 0]);
        var begin = file.Position;
        file.Write(type);
        return begin;
    }

    void End(long begin)
    {
        var typed = file.GetBuffer().AsSpan((int)begin, (int)(file.Position - begin));
        BinaryPrimitives.WriteInt32BigEndian(file.GetBuffer().AsSpan((int)begin - 4), typed.Length - 4);
        Span<byte> crc = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(crc, PngCrc.Of(typed));
        file.Write(crc);
    }

    /// <summary>
    /// Filters each line by the one of the five filters whose differences have the least sum of absolute values (section 12.7).
    /// </summary>
    sealed class FilterChoice(int rowBytes, int step)
    {
        const int Filters = 5;

        // Room behind a line: vectors are stored whole.
        readonly byte[][] lines = [.. Enumerable.Range(0, Filters).Select(f => Line((byte)f, rowBytes))];
        // The pixels before the first one are zeros, as section 9.2 has them.
        byte[] row = new byte[step + rowBytes + Vector<byte>.Count], above = new byte[step + rowBytes + Vector<byte>.Count];

        /// <summary>The number of the filter and the filtered line, valid until the next call.</summary>
        public ReadOnlySpan<byte> Best(ReadOnlySpan<byte> line)
        {
            (row, above) = (above, row);
            line.CopyTo(row.AsSpan(step));
            Span<long> sums = stackalloc long[Filters];
            sums.Clear();
            for (var at = 0; at < rowBytes; at += Vector<byte>.Count)
            {
                var x = new Vector<byte>(row, step + at);
                var (a, b, c) = (new Vector<byte>(row, at), new Vector<byte>(above, step + at), new Vector<byte>(above, at));
                // Behind the line, nothing counts.
                var counted = at + Vector<byte>.Count <= rowBytes ? Vector<byte>.AllBitsSet : First(rowBytes - at);
                sums[0] += Store(0, at, x, counted);
                sums[1] += Store(1, at, x - a, counted);
                sums[2] += Store(2, at, x - b, counted);
                // ⌊(a + b) / 2⌋ without a ninth bit.
                sums[3] += Store(3, at, x - ((a & b) + Vector.ShiftRightLogical(a ^ b, 1)), counted);
                sums[4] += Store(4, at, x - Paeth(a, b, c), counted);
            }
            var best = 0;
            for (var f = 1; f < Filters; f++)
                if (sums[f] < sums[best])
                    best = f;
            return lines[best].AsSpan(0, 1 + rowBytes);
        }

        /// <summary>Keeps filtered bytes; gives the sum of their absolute values as signed numbers.</summary>
        long Store(int filter, int at, Vector<byte> bytes, Vector<byte> counted)
        {
            bytes.CopyTo(lines[filter], 1 + at);
            Vector.Widen(Vector.Min(bytes, Vector<byte>.Zero - bytes) & counted, out var low, out var high);
            return Vector.Sum(low + high);
        }

        static Vector<byte> Paeth(Vector<byte> a, Vector<byte> b, Vector<byte> c)
        {
            Vector.Widen(a, out var lowA, out var highA);
            Vector.Widen(b, out var lowB, out var highB);
            Vector.Widen(c, out var lowC, out var highC);
            return Vector.Narrow(Paeth(lowA, lowB, lowC), Paeth(highA, highB, highC));
        }

        static Vector<ushort> Paeth(Vector<ushort> left, Vector<ushort> up, Vector<ushort> corner)
        {
            var (a, b, c) = (Vector.AsVectorInt16(left), Vector.AsVectorInt16(up), Vector.AsVectorInt16(corner));
            var (toA, toB) = (b - c, a - c);
            var (pa, pb, pc) = (Vector.Abs(toA), Vector.Abs(toB), Vector.Abs(toA + toB));
            var nearest = Vector.Min(pa, Vector.Min(pb, pc));
            // Ties go to the left, then to above.
            return Vector.AsVectorUInt16(Vector.ConditionalSelect(Vector.Equals(pa, nearest), a,
                Vector.ConditionalSelect(Vector.Equals(pb, nearest), b, c)));
        }

        static Vector<byte> First(int count)
        {
            Span<byte> mask = stackalloc byte[Vector<byte>.Count];
            mask.Clear();
            mask[..count].Fill(255);
            return new Vector<byte>(mask);
        }

        static byte[] Line(byte filter, int rowBytes)
        {
            var line = new byte[1 + rowBytes + Vector<byte>.Count];
            line[0] = filter;
            return line;
        }
    }
}
