using System.Buffers.Binary;

namespace Hwaso.Imaging;

/// <summary>Walks over the segments of a JPEG in memory, entropy-coded data included. ITU-T T.81, annex B.</summary>
ref struct JpegSegments(ReadOnlySpan<byte> file)
{
    /// <summary>Application data of Exif.</summary>
    public const byte App1 = 0xe1;

    /// <summary>Application data of Adobe, which names the colour transform.</summary>
    public const byte App14 = 0xee;

    /// <summary>Start of a scan.</summary>
    public const byte StartOfScan = 0xda;

    /// <summary>End of the image.</summary>
    public const byte EndOfImage = 0xd9;

    const byte Mark = 0xff, Temporary = 0x01, FirstRestart = 0xd0, StartOfImage = 0xd8;

    readonly ReadOnlySpan<byte> file = file;
    int next = file.StartsWith((ReadOnlySpan<byte>)[Mark, StartOfImage]) ? 2 : file.Length;

    /// <summary>The byte that names the current segment.</summary>
    public byte Marker { get; private set; }

    /// <summary>The current segment without its marker and length.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }

    /// <summary>The entropy-coded data that follow the start of a scan, with restart markers and stuffed zeros.</summary>
    public ReadOnlySpan<byte> Scan { get; private set; }

    /// <summary>Whether the current segment describes a frame: one of SOF0 to SOF15.</summary>
    public readonly bool IsFrame => Marker is >= 0xc0 and <= 0xcf and not (0xc4 or 0xc8 or 0xcc);

    /// <summary>Goes to the next segment; false where none follows, or something else than a segment.</summary>
    public bool MoveNext()
    {
        if (Marker == EndOfImage || next >= file.Length || file[next] != Mark)
            return false;
        // B.1.1.2: any number of fill bytes may stand before a marker.
        var at = next + file[next..].IndexOfAnyExcept(Mark);
        if (at < next)
            return false;
        Marker = file[at];
        Content = [];
        next = at + 1;
        if (Marker is Temporary or >= FirstRestart and <= EndOfImage)
            return true;
        if (next > file.Length - 2)
            return false;
        var length = BinaryPrimitives.ReadUInt16BigEndian(file[next..]);
        if (length < 2 || length > file.Length - next)
            return false;
        Content = file.Slice(next + 2, length - 2);
        next += length;
        if (Marker == StartOfScan)
        {
            var begin = next;
            SkipScan();
            Scan = file[begin..next];
        }
        return true;
    }

    /// <summary>Goes behind entropy-coded data, in which a zero follows each byte that looks like a marker, or a restart does.</summary>
    void SkipScan()
    {
        while (file[next..].IndexOf(Mark) is >= 0 and var found)
        {
            next += found;
            if (next == file.Length - 1)
                break;
            // B.1.1.2: any number of fill bytes may stand before a marker.
            var code = file[(next + 1)..].IndexOfAnyExcept(Mark);
            if (code < 0)
                break;
            if (file[next + 1 + code] is not (0 or >= FirstRestart and < StartOfImage))
                return;
            next += 2 + code;
        }
        next = file.Length;
    }
}

/// <summary>What the header of a JPEG says.</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Precision">Bits of a sample.</param>
/// <param name="Components">Gray 1, colours 3, CMYK 4.</param>
readonly record struct JpegHeader(int Width, int Height, int Precision, int Components)
{
    /// <summary>Reads the header and refuses what no decoder here reads.</summary>
    /// <exception cref="ImageFormatException">No frame, an impossible size, or a kind that is not read.</exception>
    public static JpegHeader Read(ReadOnlySpan<byte> file, string name)
    {
        for (var segments = new JpegSegments(file); segments.MoveNext();)
            if (segments.IsFrame && segments.Content is [var precision, _, _, _, _, var components, ..])
            {
                var (height, width) = (BinaryPrimitives.ReadUInt16BigEndian(segments.Content[1..]),
                    BinaryPrimitives.ReadUInt16BigEndian(segments.Content[3..]));
                var kind = segments.Marker switch
                {
                    0xc3 or 0xc7 or 0xcb or 0xcf => "a lossless JPEG",
                    0xc5 or 0xc6 or 0xcd or 0xce => "a hierarchical JPEG",
                    0xc9 or 0xca => "a JPEG with arithmetic coding",
                    _ when precision != 8 => $"a JPEG of {precision} bits a colour",
                    _ when components is not (1 or 3 or 4) => $"a JPEG of {components} channels",
                    _ => null,
                };
                if (kind is not null)
                    throw new ImageFormatException(name, $"{kind}, which is not read; convert it to a usual JPEG of 8 bits, or to PNG");
                // One bit a block is the least: with sampling factors of 4 to 1 and 1 to 4, 9 blocks hold 32×32 pixels.
                ImageLimits.Check(name, width, height, pixelBits: 24, file.Length, densest: 1 << 12);
                return new JpegHeader(width, height, precision, components);
            }
        throw new ImageFormatException(name, "no JPEG header; the file is empty, cut short or of another kind");
    }

    /// <summary>Whether the file has scans and the mark that ends them.</summary>
    public static bool HasEnd(ReadOnlySpan<byte> file)
    {
        var scans = 0;
        for (var segments = new JpegSegments(file); segments.MoveNext();)
            if (segments.Marker == JpegSegments.StartOfScan)
                scans++;
            else if (segments.Marker == JpegSegments.EndOfImage)
                return scans > 0;
        return false;
    }
}
