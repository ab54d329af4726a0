namespace Hwaso.Imaging;

/// <summary>The formats that are read.</summary>
enum ImageKind
{
    Png,
    Jpeg,
    Bmp,
    Gif,
    WebP,
    Tiff,
}

/// <summary>Tells formats by a file's first bytes, never by its name.</summary>
static class ImageKinds
{
    // Formats that people take for images that are read, and files that stand in their place.
    static readonly (byte[] Begin, int At, string Name)[] others =
    [
        .. new[] { "heic", "heix", "hevc", "mif1", "msf1" }.Select(brand => ("ftyp" + brand, 4, "a HEIC image")).Select(Bytes),
        .. new[] { "avif", "avis" }.Select(brand => ("ftyp" + brand, 4, "an AVIF image")).Select(Bytes),
        Bytes(("\0\0\0\fjP  ", 0, "a JPEG 2000 image")),
        Bytes(("\u00ffO\u00ffQ", 0, "a JPEG 2000 image")),
        Bytes(("\0\0\0\fJXL ", 0, "a JPEG XL image")),
        Bytes(("\u00ff\n", 0, "a JPEG XL image")),
        Bytes(("8BPS", 0, "a Photoshop file")),
        Bytes(("\0\0\u0001\0", 0, "an icon")),
        Bytes(("v/1\u0001", 0, "an OpenEXR image")),
        Bytes(("#?", 0, "a Radiance image")),
        Bytes(("DICM", 128, "a DICOM file")),
        .. "1234567".Select(digit => Bytes(($"P{digit}", 0, "a PPM, PGM, PBM or PAM image"))),
        Bytes(("qoif", 0, "a QOI image")),
        Bytes(("\u0093NUMPY", 0, "a NumPy array")),
        Bytes(("\u0089HDF", 0, "an HDF5 file")),
        Bytes(("%PDF", 0, "a PDF document")),
        Bytes(("PK\u0003\u0004", 0, "a ZIP archive")),
        Bytes(("\u001f\u008b", 0, "a gzip archive")),
        Bytes(("MATLAB", 0, "a MATLAB file")),
        Bytes(("version https://git-lfs", 0, "a Git LFS pointer, whose image was not fetched: run git lfs pull")),
    ];

    /// <summary>The format that a file has; null if it is none that is read.</summary>
    public static ImageKind? Of(ReadOnlySpan<byte> file) => file switch
    {
        [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => ImageKind.Png,
        [0xff, 0xd8, ..] => ImageKind.Jpeg,
        [(byte)'B', (byte)'M', ..] => ImageKind.Bmp,
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', ..] => ImageKind.Gif,
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => ImageKind.WebP,
        [(byte)'I', (byte)'I', 42 or 43, 0, ..] or [(byte)'M', (byte)'M', 0, 42 or 43, ..] => ImageKind.Tiff,
        _ => null,
    };

    /// <summary>The format's name with its article.</summary>
    public static string Name(ImageKind kind) => kind switch
    {
        ImageKind.Bmp => "a BMP",
        ImageKind.Gif => "a GIF",
        ImageKind.Jpeg => "a JPEG",
        ImageKind.Png => "a PNG",
        ImageKind.Tiff => "a TIFF",
        _ => "a WebP",
    };

    /// <summary>What a file is that is none of the formats, in words: "an HTML page …".</summary>
    public static string Describe(ReadOnlySpan<byte> file)
    {
        if (file.IsEmpty)
            return "the file is empty";
        foreach (var (begin, at, name) in others)
            if (file.Length >= at && file[at..].StartsWith(begin))
                return name;
        if (file.IndexOfAnyExcept((byte)0) < 0)
            return "a file of zeros alone, as an interrupted copy leaves it";
        var text = file[..Math.Min(file.Length, 256)].TrimStart(" \t\r\n\ufeff"u8);
        if (StartsWith(text, "<svg") || StartsWith(text, "<?xml"))
            return "an SVG or XML text";
        if (StartsWith(text, "<!doctype html") || StartsWith(text, "<html"))
            return "an HTML page, probably the error page of a download";
        return "no image of a kind that is known here";
    }

    static bool StartsWith(ReadOnlySpan<byte> text, string begin) =>
        System.Text.Ascii.EqualsIgnoreCase(text[..Math.Min(text.Length, begin.Length)], begin);

    static (byte[] Begin, int At, string Name) Bytes((string Begin, int At, string Name) format) =>
        (System.Text.Encoding.Latin1.GetBytes(format.Begin), format.At, format.Name);
}
