namespace Hwaso.Imaging;

/// <summary>
/// Reads PNG, JPEG, WebP, BMP, GIF and TIFF files (of a GIF or TIFF, the first image); the first bytes decide which one a file is, never
/// its name.
/// </summary>
public static class ImageFile
{
    /// <summary>The extensions of the files that are read, in lower case with their dot, the usual ones first.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff"];

    /// <summary>The extensions of files that hold class indices, in lower case with their dot, the usual one first.</summary>
    public static IReadOnlyList<string> LabelExtensions { get; } = [".png", ".tif", ".tiff"];

    /// <summary>Whether a file's name ends in the extension of an image that is read, in lower or upper case.</summary>
    public static bool IsImage(string path) => Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads an image as 8-bit colour.</summary>
    /// <exception cref="ImageFormatException">The file is of another kind, cut short or corrupt, or does not fit into memory.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RgbImage ReadRgb(string path) => Read(path, DecodeRgb);

    /// <summary>
    /// Reads an image with a wanted number of channels: 3 as 8-bit colour, as <see cref="ReadRgb"/> does; 1 as gray (from colours, by
    /// ITU-R BT.601); any other number as the file stores them, of 8 or 16 bits.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <exception cref="ImageFormatException">
    /// The file has another number of channels, is of another kind, cut short or corrupt, or does not fit into memory.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ChannelImage ReadChannels(string path, int channels) =>
        channels == Colours ? new ChannelImage(ReadRgb(path))
        : Read(path, DecodeStored) is var image && image.As(channels) is { } wanted ? wanted
        : throw OtherChannels(path, image.Channels, channels);

    /// <summary>
    /// Reads an image with all channels that the file stores, of 8 or 16 bits; JPEG, WebP, BMP, GIF and palettes give 8-bit colour.
    /// </summary>
    /// <inheritdoc cref="ReadRgb"/>
    public static ChannelImage ReadStored(string path) => Read(path, DecodeStored);

    /// <summary>Checks from the header that a file can be read with a number of channels.</summary>
    /// <param name="path">The file.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <exception cref="ImageFormatException">It has another number, is of another kind, or its header is corrupt.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static void CheckChannels(string path, int channels)
    {
        if (channels == Colours)
            return;
        var bytes = File.ReadAllBytes(path);
        var stored = Kind(bytes, path) switch
        {
            ImageKind.Png when new PngDecoder(bytes, path) is { ColorType: not PngColorType.Indexed } png => png.Channels,
            ImageKind.Tiff => new TiffDecoder(bytes, path).Channels,
            _ => Colours,
        };
        if (!ChannelImage.Fits(stored, channels))
            throw OtherChannels(path, stored, channels);
    }

    static ImageFormatException OtherChannels(string path, int stored, int wanted) => new(path,
        $"has {stored} channel{(stored == 1 ? "" : "s")} a pixel, {wanted} were wanted; give images of {wanted} channels (PNG or TIFF), "
            + "or a network made for these");

    static T Read<T>(string path, Decoder<T> decode)
    {
        try
        {
            return decode(File.ReadAllBytes(path), path);
        }
        catch (OutOfMemoryException error)
        {
            throw new ImageFormatException(path, $"too little memory for its {Extent(path)}; make it smaller, or split it into tiles",
                error);
        }
    }

    // Even the file may be too much.
    static string Extent(string path)
    {
        try
        {
            var (width, height) = Size(path);
            return $"{width}×{height} pixels";
        }
        catch (OutOfMemoryException)
        {
            return $"{new FileInfo(path).Length >> 20} MiB";
        }
    }

    /// <summary>Decodes an image that is in memory as 8-bit colour.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="name">The file's name in error messages.</param>
    /// <exception cref="ImageFormatException">The file is of another kind, cut short or corrupt.</exception>
    public static RgbImage DecodeRgb(ReadOnlySpan<byte> bytes, string name) => Kind(bytes, name) switch
    {
        ImageKind.Png => Png.DecodeRgb(bytes, name),
        ImageKind.Jpeg => Jpeg.Decode(bytes, name),
        ImageKind.Tiff => TiffSamples.Rgb(new TiffDecoder(bytes, name), name),
        var kind => SkiaCodec.Decode(bytes, kind, name),
    };

    static ChannelImage DecodeStored(ReadOnlySpan<byte> bytes, string name) => Kind(bytes, name) switch
    {
        ImageKind.Png => PngSamples.Stored(new PngDecoder(bytes, name), name),
        ImageKind.Tiff => TiffSamples.Stored(new TiffDecoder(bytes, name), name),
        _ => new ChannelImage(DecodeRgb(bytes, name)),
    };

    /// <summary>
    /// Reads class indices from a PNG or a TIFF: palette indices (their colours do not matter), or gray values from 0 to 255, whatever the
    /// number of bits, in one channel or three equal ones.
    /// </summary>
    /// <exception cref="ImageFormatException">The file is of another kind, cut short or corrupt, or holds colours, values above 255 or
    /// transparent pixels.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static LabelMap ReadLabels(string path)
    {
        var bytes = File.ReadAllBytes(path);
        return ImageKinds.Of(bytes) == ImageKind.Tiff
            ? TiffSamples.Labels(new TiffDecoder(bytes, path), path)
            : Png.DecodeLabels(bytes, path);
    }

    /// <summary>Reads a mask's colours from a PNG, TIFF or BMP, which keep every one of them.</summary>
    /// <exception cref="ImageFormatException">The file is of another kind, such as JPEG, which blurs masks; or cut short or
    /// corrupt.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RgbImage ReadMaskColours(string path)
    {
        var bytes = File.ReadAllBytes(path);
        return ImageKinds.Of(bytes) is ImageKind.Tiff or ImageKind.Bmp
            ? DecodeRgb(bytes, path)
            : Png.DecodeRgb(bytes, path);
    }

    /// <summary>Width and height, from the header.</summary>
    /// <exception cref="ImageFormatException">The file is of another kind or its header is corrupt.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static (int Width, int Height) Size(string path) => Size(File.ReadAllBytes(path), path);

    /// <summary>Width and height of an image that is in memory, from its header; no pixel is decoded.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="name">The file's name in error messages.</param>
    /// <exception cref="ImageFormatException">The file is of another kind or its header is corrupt.</exception>
    public static (int Width, int Height) Size(ReadOnlySpan<byte> bytes, string name)
    {
        switch (Kind(bytes, name))
        {
            case ImageKind.Png:
                var png = new PngDecoder(bytes, name);
                return (png.Width, png.Height);
            case ImageKind.Jpeg:
                var jpeg = JpegHeader.Read(bytes, name);
                return (jpeg.Width, jpeg.Height);
            case ImageKind.Tiff:
                var tiff = new TiffDecoder(bytes, name);
                return (tiff.Width, tiff.Height);
            case var kind:
                return SkiaCodec.Size(bytes, kind, name);
        }
    }

    /// <summary>Whether the first bytes of a file are those of a kind that is read.</summary>
    /// <param name="bytes">The file, or its beginning.</param>
    public static bool HasKnownStart(ReadOnlySpan<byte> bytes) => ImageKinds.Of(bytes) is not null;

    static ImageKind Kind(ReadOnlySpan<byte> bytes, string name) => ImageKinds.Of(bytes) switch
    {
        null => throw new ImageFormatException(name, bytes.IsEmpty ? "the file is empty"
            : $"{ImageKinds.Describe(bytes)}, where a {Readable} was expected; convert it to one of them"),
        { } kind => kind,
    };

    const int Colours = 3;

    const string Readable = "PNG, JPEG, WebP, BMP, GIF or TIFF";

    delegate T Decoder<T>(ReadOnlySpan<byte> bytes, string name);
}

/// <summary>Thrown for an image file that cannot be used; names the file, the problem and what to do.</summary>
/// <param name="path">The file.</param>
/// <param name="problem">The finding and the expectation.</param>
/// <param name="cause">The underlying exception; null where there is none.</param>
public sealed class ImageFormatException(string path, string problem, Exception? cause = null) : Exception($"{path}: {problem}", cause)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>The size in pixels that the file claims, where that is the problem; null elsewhere.</summary>
    public (long Width, long Height)? Claimed { get; init; }
}
