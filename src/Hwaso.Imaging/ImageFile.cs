namespace Hwaso.Imaging;

/// <summary>Reads JPEG and PNG files; the first bytes decide which one a file is, never its name.</summary>
public static class ImageFile
{
    /// <summary>Reads a JPEG or PNG as 8-bit colour.</summary>
    /// <exception cref="ImageFormatException">The file is of another kind, cut short or corrupt, or does not fit into memory.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RgbImage ReadRgb(string path)
    {
        try
        {
            return DecodeRgb(File.ReadAllBytes(path), path);
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

    /// <summary>Reads a JPEG or PNG that is in memory as 8-bit colour.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="name">The file's name in error messages.</param>
    /// <exception cref="ImageFormatException">The file is of another kind, cut short or corrupt.</exception>
    public static RgbImage DecodeRgb(ReadOnlySpan<byte> bytes, string name) =>
        IsPng(bytes, name) ? Png.DecodeRgb(bytes, name) : Jpeg.Decode(bytes, name);

    /// <summary>Width and height, from the header.</summary>
    /// <exception cref="ImageFormatException">The file is of another kind or its header is corrupt.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static (int Width, int Height) Size(string path)
    {
        var head = new byte[16];
        using (var stream = File.OpenRead(path))
            head = head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        if (!IsPng(head, path))
            return Jpeg.Size(path);
        var info = Png.Info(path);
        return (info.Width, info.Height);
    }

    static bool IsPng(ReadOnlySpan<byte> bytes, string path)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']))
            return true;
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xff, 0xd8]))
            return false;
        throw new ImageFormatException(path,
            bytes.IsEmpty ? "the file is empty" : "neither a JPEG nor a PNG by its first bytes; convert it to one of them");
    }
}

/// <summary>Thrown for an image file that cannot be used; names the file, the problem and what to do.</summary>
/// <param name="path">The file.</param>
/// <param name="problem">The finding and the expectation.</param>
/// <param name="cause">The underlying exception; null where there is none.</param>
public sealed class ImageFormatException(string path, string problem, Exception? cause = null) : Exception($"{path}: {problem}", cause)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;
}
