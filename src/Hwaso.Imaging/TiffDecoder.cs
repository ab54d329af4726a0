using System.Buffers.Binary;

namespace Hwaso.Imaging;

/// <summary>
/// Decodes the first image of a TIFF: gray, colour, palette or any number of channels, of 8 or 16 bits, in strips or tiles, pixel by pixel
/// or plane by plane, uncompressed or packed without loss. Other kinds are refused by name. Section numbers are those of TIFF, revision
/// 6.0.
/// </summary>
readonly ref struct TiffDecoder
{
    // Hyperspectral cameras have some hundred channels; more are a damaged header.
    const int EntryBytes = 12, MostChannels = 512;

    readonly ReadOnlySpan<byte> file;
    readonly string name;
    readonly ReadOnlySpan<byte> entries;
    readonly int predictor, compression;

    /// <summary>Width in pixels.</summary>
    public readonly int Width;

    /// <summary>Height in pixels.</summary>
    public readonly int Height;

    /// <summary>Whether the lower byte of a value comes first.</summary>
    public readonly bool IsLittleEndian;

    /// <summary>Bits of a sample, 8 or 16.</summary>
    public readonly int Bits;

    /// <summary>Samples of a pixel: one, or three of a colour, and any number of others behind them.</summary>
    public readonly int Samples;

    /// <summary>Whether a part of a line holds one sample of each pixel, of the plane of one channel, and not all of them.</summary>
    public readonly bool IsPlanar;

    /// <summary>What the samples are.</summary>
    public readonly TiffColours Colours;

    /// <summary>Channels of a pixel as the file stores them; 3 for a palette.</summary>
    public int Channels => Colours == TiffColours.Palette ? 3 : Samples;

    /// <summary>Reads the header and refuses what is not decoded.</summary>
    /// <exception cref="ImageFormatException">The header is damaged, or the image is of a kind that is not read.</exception>
    public TiffDecoder(ReadOnlySpan<byte> file, string name)
    {
        this.file = file;
        this.name = name;
        IsLittleEndian = file[0] == (byte)'I';
        if (Short(2) == 43)
            throw Refused("a BigTIFF");
        // Section 2: the place of the directory, the number of its entries, entries of 12 bytes.
        var at = file.Length >= 8 ? Long(file[4..]) : file.Length;
        if (at > file.Length - 2 || Short((int)at) * EntryBytes > file.Length - at - 2)
            throw Broken("its directory lies behind its end");
        entries = file.Slice((int)at + 2, Short((int)at) * EntryBytes);
        var (width, height) = (One(Tag.Width, 0), One(Tag.Height, 0));
        (Bits, Samples) = ((int)One(Tag.Bits, 1), (int)One(Tag.Samples, 1));
        Colours = (TiffColours)One(Tag.Photometric, 1);
        (predictor, compression) = ((int)One(Tag.Predictor, 1), (int)One(Tag.Compression, 1));
        var kind = compression switch
        {
            1 or 5 or 8 or 32773 or 32946 => null,
            2 or 3 or 4 => "a TIFF with fax compression",
            6 or 7 => "a TIFF with JPEG compression",
            34712 => "a TIFF with JPEG 2000 compression",
            50000 => "a TIFF with Zstandard compression",
            50001 => "a TIFF with WebP compression",
            _ => $"a TIFF with compression {compression}",
        };
        kind ??= (int)Colours switch
        {
            0 or 1 or 2 => null,
            3 when Bits == 8 => null,
            5 => "a TIFF in print colours (CMYK)",
            6 => "a TIFF in Y'CbCr",
            8 or 9 => "a TIFF in CIE L*a*b*",
            _ => $"a TIFF whose colours are of kind {(int)Colours} in {Bits} bits",
        };
        if (kind is null && One(Tag.Format, 1) != 1)
            kind = "a TIFF whose values are not whole numbers from 0";
        if (kind is null && (Bits is not (8 or 16) || !Alike(Tag.Bits)))
            kind = $"a TIFF of {Bits} bits a channel";
        IsPlanar = Samples > 1 && One(Tag.Planar, 1) == 2;
        if (kind is null && predictor is not (1 or 2))
            kind = $"a TIFF with predictor {predictor}";
        if (kind is null && (Samples < (Colours == TiffColours.Rgb ? 3 : 1) || Samples > MostChannels))
            kind = $"a TIFF of {Samples} channels";
        if (kind is not null)
            throw Refused(kind);
        // LZW's longest code of 12 bits stands for less than 4096 bytes, a byte of Deflate for at most 1032.
        ImageLimits.Check(name, width, height, Math.Max(24, Bits * Samples), file.Length, densest: 1 << 12);
        (Width, Height) = ((int)width, (int)height);
    }

    /// <summary>Unpacks the samples, a part of a line at a time.</summary>
    /// <param name="receive">Receives each part.</param>
    /// <exception cref="ImageFormatException">The file is cut short or corrupt.</exception>
    public void Decode(TiffLine receive)
    {
        var tiled = Count(Tag.TileOffsets) > 0;
        // Section 15: tiles cover the image row by row; strips are tiles of its width.
        long wide = tiled ? One(Tag.TileWidth, 0) : Width;
        var high = tiled ? One(Tag.TileHeight, 0) : Math.Min(One(Tag.Rows, uint.MaxValue), Height);
        if (wide < 1 || high < 1 || wide > ImageLimits.Side || high > ImageLimits.Side)
            throw Broken($"its pieces have {wide}×{high} pixels");
        var each = IsPlanar ? 1 : Samples;
        ImageLimits.Check(name, wide, high, Bits * each, file.Length, densest: 1 << 12);
        if (wide * high * each * Bits / 8 > Array.MaxLength)
            throw Broken($"its pieces have {wide}×{high} pixels");
        var (offsets, lengths) = tiled ? (Tag.TileOffsets, Tag.TileLengths) : (Tag.StripOffsets, Tag.StripLengths);
        var (across, down) = ((Width + wide - 1) / wide, (Height + high - 1) / high);
        // Section 8, PlanarConfiguration: all pieces of the first plane, then all of the second.
        var (plane, pieces) = (across * down, across * down * (IsPlanar ? Samples : 1));
        if (Count(offsets) < pieces || Count(lengths) < pieces)
            throw Broken($"{Count(offsets)} pieces of {pieces}");
        var rowBytes = (int)(wide * each * Bits / 8);
        var piece = GC.AllocateUninitializedArray<byte>((int)(rowBytes * high));
        for (var k = 0L; k < pieces; k++)
        {
            var (x, y, channel) = ((int)(k % plane % across * wide), (int)(k % plane / across * high), (int)(k / plane));
            // The last strip ends with the image, the last tile does not.
            var rows = tiled ? (int)high : (int)Math.Min(high, Height - y);
            var (at, length) = (Value(offsets, k), Value(lengths, k));
            if (at > file.Length || length > file.Length - at
                || !TiffCompression.Unpack(file.Slice((int)at, (int)length), piece.AsSpan(0, rows * rowBytes), compression))
                throw Broken($"its pixels from line {y}, column {x} of {Width}×{Height} on cannot be unpacked");
            for (var row = 0; row < Math.Min(rows, Height - y); row++)
            {
                var line = piece.AsSpan(row * rowBytes, rowBytes);
                if (predictor == 2)
                    AddLeft(line, each);
                receive(line[..(int)(Math.Min(wide, Width - x) * each * Bits / 8)], x, y + row, channel);
            }
        }
    }

    // Section 14: each value less the one to its left.
    void AddLeft(Span<byte> line, int each)
    {
        if (Bits == 8)
            for (var k = each; k < line.Length; k++)
                line[k] += line[k - each];
        else
            for (var k = 2 * each; k < line.Length; k += 2)
            {
                var sum = (ushort)(Short(line[k..]) + Short(line[(k - 2 * each)..]));
                if (IsLittleEndian)
                    BinaryPrimitives.WriteUInt16LittleEndian(line[k..], sum);
                else
                    BinaryPrimitives.WriteUInt16BigEndian(line[k..], sum);
            }
    }

    /// <summary>The red, green and blue of each of 256 palette colours; nothing where the samples are no indices.</summary>
    public byte[] Palette()
    {
        if (Colours != TiffColours.Palette)
            return [];
        // Section 5: all reds, then all greens, then all blues, of 16 bits.
        if (Count(Tag.Colours) < 3 << 8)
            throw Broken("its palette is too short");
        var palette = new byte[3 << 8];
        for (var k = 0; k < palette.Length; k++)
            palette[k] = (byte)(Value(Tag.Colours, k % 3 * 256 + k / 3) >> 8);
        return palette;
    }

    int Entry(Tag tag)
    {
        for (var at = 0; at < entries.Length; at += EntryBytes)
            if (Short(entries[at..]) == (int)tag)
                return at;
        return -1;
    }

    long Count(Tag tag) => Entry(tag) is >= 0 and var at ? Long(entries[(at + 4)..]) : 0;

    uint One(Tag tag, uint otherwise) => Entry(tag) < 0 ? otherwise : Value(tag, 0);

    bool Alike(Tag tag)
    {
        for (var k = 1; k < Math.Min(Count(tag), 64); k++)
            if (Value(tag, k) != Value(tag, 0))
                return false;
        return true;
    }

    // Section 2: the kind of values, their number, and the values themselves where four bytes hold them, otherwise their place.
    uint Value(Tag tag, long index)
    {
        var entry = entries[Entry(tag)..];
        var (size, count) = (Short(entry[2..]) switch { 1 => 1, 3 => 2, 4 => 4, _ => 0 }, Long(entry[4..]));
        if (size == 0 || index >= count)
            throw Broken($"its value of {tag} is missing");
        var values = entry[8..EntryBytes];
        if (count * size > 4)
        {
            var at = Long(values);
            if (at > file.Length || count * size > file.Length - at)
                throw Broken($"its values of {tag} lie behind its end");
            values = file.Slice((int)at, (int)(count * size));
        }
        values = values[(int)(index * size)..];
        return size switch { 1 => values[0], 2 => Short(values), _ => (uint)Long(values) };
    }

    ushort Short(int at) => Short(file[at..]);

    ushort Short(ReadOnlySpan<byte> bytes) =>
        IsLittleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    long Long(ReadOnlySpan<byte> bytes) =>
        IsLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);

    ImageFormatException Refused(string kind) => new(name, $"{kind}, which is not read; convert it to PNG");

    ImageFormatException Broken(string what) => new(name, $"a TIFF that is cut short or corrupt ({what}); fetch or export it again");

    enum Tag
    {
        Width = 256,
        Height = 257,
        Bits = 258,
        Compression = 259,
        Photometric = 262,
        StripOffsets = 273,
        Samples = 277,
        Rows = 278,
        StripLengths = 279,
        Planar = 284,
        Predictor = 317,
        Colours = 320,
        TileWidth = 322,
        TileHeight = 323,
        TileOffsets = 324,
        TileLengths = 325,
        Format = 339,
    }
}

/// <summary>What the samples of a TIFF are, with the format's own numbers.</summary>
enum TiffColours
{
    /// <summary>Gray; 0 is white.</summary>
    WhiteIsZero = 0,

    /// <summary>Gray; 0 is black.</summary>
    BlackIsZero = 1,

    /// <summary>Red, green, blue.</summary>
    Rgb = 2,

    /// <summary>An index into a palette.</summary>
    Palette = 3,
}

/// <summary>Receives a part of a line of a TIFF's samples.</summary>
/// <param name="line">The samples of some pixels.</param>
/// <param name="x">The place of the first pixel.</param>
/// <param name="y">The row.</param>
/// <param name="channel">The channel that all samples are of, where the file has a plane for each; else 0.</param>
delegate void TiffLine(ReadOnlySpan<byte> line, int x, int y, int channel);
