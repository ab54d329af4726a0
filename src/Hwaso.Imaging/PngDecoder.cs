using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace Hwaso.Imaging;

/// <summary>
/// One PNG in memory, of any kind. .NET's own zlib-ng unpacks it, which takes a third of the time that the system's zlib does; pixels are
/// checked by their Adler-32, the header by its CRC. Section numbers are those of the PNG specification, third edition.
/// </summary>
readonly ref struct PngDecoder
{
    // Deflate packs at most 1032 bytes into one.
    const int DensestPacking = 1032;

    // Section 8.1: where each of Adam7's passes begins, and its steps.
    static readonly (int X, int Y, int StepX, int StepY)[] adam7 =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    readonly ReadOnlySpan<byte> file;
    readonly string name;
    readonly bool interlaced;

    /// <summary>Reads the header.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="name">The file's name in error messages.</param>
    /// <exception cref="ImageFormatException">The header is damaged, or claims an impossible size.</exception>
    public PngDecoder(ReadOnlySpan<byte> file, string name)
    {
        this.file = file;
        this.name = name;
        if (ImageKinds.Of(file) != ImageKind.Png)
            throw new ImageFormatException(name, OfAnotherKind(file));
        // Section 11.2.1: IHDR is the first chunk; width, height, bit depth, colour type, compression, filter, interlace.
        var chunks = new PngChunks(file);
        if (!file.StartsWith(PngChunks.Signature) || !chunks.MoveNext() || !chunks.Type.SequenceEqual("IHDR"u8)
            || chunks.Content.Length != 13)
            throw Damaged("it has no header");
        if (!chunks.IsIntact)
            throw Damaged("its header does not fit the header's check sum");
        var header = chunks.Content;
        var (width, height) = (BinaryPrimitives.ReadUInt32BigEndian(header), BinaryPrimitives.ReadUInt32BigEndian(header[4..]));
        (BitDepth, ColorType) = (header[8], (PngColorType)header[9]);
        var possible = ColorType switch
        {
            PngColorType.Gray => BitDepth is 1 or 2 or 4 or 8 or 16,
            PngColorType.Indexed => BitDepth is 1 or 2 or 4 or 8,
            PngColorType.Rgb or PngColorType.Rgba or PngColorType.GrayAlpha => BitDepth is 8 or 16,
            _ => false,
        };
        if (!possible || header[10] != 0 || header[11] != 0 || header[12] > 1)
            throw Damaged($"its header names no kind of PNG: {BitDepth} bits, colour type {header[9]}, compression {header[10]}, "
                + $"filter {header[11]}, interlace {header[12]}");
        ImageLimits.Check(name, width, height, BitDepth * Channels, file.Length, DensestPacking);
        (Width, Height, interlaced) = ((int)width, (int)height, header[12] == 1);
    }

    public int Width { get; }

    public int Height { get; }

    public int BitDepth { get; }

    public PngColorType ColorType { get; }

    /// <summary>Samples of a pixel, 1 to 4.</summary>
    public int Channels => ColorType switch
    {
        PngColorType.Rgb => 3,
        PngColorType.Rgba => 4,
        PngColorType.GrayAlpha => 2,
        _ => 1,
    };

    /// <summary>Whether the file holds its pixels as <see cref="DecodeWhole"/> gives them: samples of 8 bits, line after line.</summary>
    public bool IsPlain => BitDepth == 8 && !interlaced;

    /// <summary>Unpacks a plain file's samples.</summary>
    /// <param name="samples">height × width × channels bytes to fill.</param>
    /// <exception cref="ImageFormatException">The file is cut short or corrupt.</exception>
    public void DecodeWhole(Span<byte> samples)
    {
        var length = Width * Channels;
        using var lines = Lines();
        for (var y = 0; y < Height; y++)
            Undo(lines.Next(1 + length), y == 0 ? [] : samples.Slice((y - 1) * length, length), samples.Slice(y * length, length));
        lines.End();
    }

    /// <summary>Unpacks the samples of any file, line by line; an interlaced one comes in seven passes.</summary>
    /// <param name="receive">Receives each line.</param>
    /// <exception cref="ImageFormatException">The file is cut short or corrupt.</exception>
    public void Decode(PngLine receive)
    {
        using var lines = Lines();
        var (above, row) = (new byte[LineBytes(Width)], new byte[LineBytes(Width)]);
        foreach (var (x, top, stepX, stepY) in interlaced ? adam7 : [(0, 0, 1, 1)])
        {
            var count = (Width - x + stepX - 1) / stepX;
            if (count < 1)
                continue;
            var length = LineBytes(count);
            for (var y = top; y < Height; y += stepY)
            {
                Undo(lines.Next(1 + length), y == top ? [] : above.AsSpan(0, length), row.AsSpan(0, length));
                receive(row.AsSpan(0, length), count, x, stepX, y);
                (above, row) = (row, above);
            }
        }
        lines.End();
    }

    /// <summary>The palette of an indexed file; null for other kinds.</summary>
    /// <exception cref="ImageFormatException">The palette is missing or damaged.</exception>
    public Palette? Palette()
    {
        if (ColorType != PngColorType.Indexed)
            return null;
        for (var chunks = new PngChunks(file); chunks.MoveNext() && !chunks.Type.SequenceEqual("IDAT"u8);)
            if (chunks.Type.SequenceEqual("PLTE"u8))
            {
                var bytes = chunks.Content;
                if (!chunks.IsIntact || bytes.Length is 0 or > 768 || bytes.Length % 3 != 0)
                    throw Damaged("its palette is broken");
                var colors = new (byte, byte, byte)[bytes.Length / 3];
                for (var k = 0; k < colors.Length; k++)
                    colors[k] = (bytes[3 * k], bytes[3 * k + 1], bytes[3 * k + 2]);
                return Imaging.Palette.FromColors(colors);
            }
        throw Damaged("it has no palette");
    }

    /// <summary>Header, palette and texts.</summary>
    public PngInfo Info() => new(Width, Height, BitDepth, ColorType, Palette(), PngText.Read(file));

    // PNG is asked for where every value counts.
    static string OfAnotherKind(ReadOnlySpan<byte> file) => ImageKinds.Of(file) switch
    {
        null when file.IsEmpty => "the file is empty",
        null => $"{ImageKinds.Describe(file)}, where a PNG was expected",
        ImageKind.Jpeg => "a JPEG where a PNG was expected: JPEG blurs labels; export the masks as PNG",
        { } kind => $"{ImageKinds.Name(kind)} where a PNG was expected; convert it to PNG",
    };

    int LineBytes(int pixels) => (int)(((long)pixels * BitDepth * Channels + 7) / 8);

    void Undo(ReadOnlySpan<byte> line, ReadOnlySpan<byte> above, Span<byte> row)
    {
        if (!PngFilter.Undo(line[0], line[1..], above, row, Math.Max(1, BitDepth * Channels / 8)))
            throw Damaged($"a line has filter {line[0]}, which does not exist");
    }

    /// <summary>Starts to unpack the data of all IDAT chunks.</summary>
    PngLines Lines()
    {
        var packed = ArrayPool<byte>.Shared.Rent(file.Length);
        var length = 0;
        var whole = false;
        for (var chunks = new PngChunks(file); !whole && chunks.MoveNext(); whole = chunks.Type.SequenceEqual("IEND"u8))
            if (chunks.Type.SequenceEqual("IDAT"u8))
            {
                chunks.Content.CopyTo(packed.AsSpan(length));
                length += chunks.Content.Length;
            }
        if (whole)
            return new PngLines(packed, length, 1 + LineBytes(Width), name);
        ArrayPool<byte>.Shared.Return(packed);
        throw Damaged("its end is missing");
    }

    ImageFormatException Damaged(string what) => PngLines.Damaged(name, what);
}

/// <summary>Receives a line of a PNG.</summary>
/// <param name="line">Its samples as the file packs them.</param>
/// <param name="count">Its pixels.</param>
/// <param name="x">The place of the first pixel.</param>
/// <param name="step">The distance from one pixel to the next.</param>
/// <param name="y">The row.</param>
delegate void PngLine(ReadOnlySpan<byte> line, int count, int x, int step, int y);

/// <summary>The filtered lines of a PNG, unpacked as they are asked for.</summary>
sealed class PngLines : IDisposable
{
    // Lines are unpacked by the block: fewer calls.
    const int BlockBytes = 1 << 16;

    // Some writers leave bytes behind the last line; more than this is none of their business.
    const int MostBehind = 1 << 20;

    readonly string name;
    readonly byte[] packed, block;
    readonly ZLibStream stream;
    int at, filled;

    /// <summary>Takes over a rented array of packed data.</summary>
    public PngLines(byte[] packed, int length, int longestLine, string name)
    {
        (this.packed, this.name) = (packed, name);
        block = ArrayPool<byte>.Shared.Rent(Math.Max(longestLine, BlockBytes));
        stream = new ZLibStream(new MemoryStream(packed, 0, length), CompressionMode.Decompress);
    }

    public static ImageFormatException Damaged(string name, string what, Exception? cause = null) =>
        new(name, $"a PNG that is cut short or corrupt ({what}); fetch or export it again", cause);

    /// <summary>The filter's number and the line, valid until the next call.</summary>
    public ReadOnlySpan<byte> Next(int length)
    {
        if (filled - at < length)
        {
            block.AsSpan(at, filled - at).CopyTo(block);
            (filled, at) = (filled - at, 0);
            filled += Guarded(() => stream.ReadAtLeast(block.AsSpan(filled), length - filled));
        }
        at += length;
        return block.AsSpan(at - length, length);
    }

    /// <summary>Reads to the end of the data, where their check sum is compared.</summary>
    public void End()
    {
        for (var behind = 0; behind < MostBehind;)
            if (Guarded(() => stream.Read(block)) is > 0 and var more)
                behind += more;
            else
                return;
    }

    public void Dispose()
    {
        stream.Dispose();
        ArrayPool<byte>.Shared.Return(packed);
        ArrayPool<byte>.Shared.Return(block);
    }

    int Guarded(Func<int> read)
    {
        try
        {
            return read();
        }
        catch (EndOfStreamException error)
        {
            throw Damaged(name, "its pixels end early", error);
        }
        // An IOException where zlib itself gives up; an EndOfStreamException is one, too, and was caught above.
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            throw Damaged(name, "its pixels cannot be unpacked, or do not fit their check sum", error);
        }
    }
}
