using Hwaso.Imaging;

namespace Hwaso.Data.Reading;

/// <summary>Files of a data set: the usual PNGs by the fast way, all others as <see cref="ImageFile"/> and <see cref="Png"/> read them.</summary>
static class SampleFile
{
    /// <summary>Reads a JPEG or PNG as 8-bit colour.</summary>
    /// <exception cref="ImageFormatException">It is of another kind, cut short or corrupt.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static RgbImage Image(string path)
    {
        var bytes = File.ReadAllBytes(path);
        if (FastPng.Header(bytes) is (var width, var height, 3))
        {
            var pixels = GC.AllocateUninitializedArray<byte>(width * height * 3);
            if (FastPng.TryDecode(bytes, width, height, 3, pixels))
                return new RgbImage(width, height, pixels);
            _ = Png.DecodeRgb(bytes, path);
            throw Altered(path);
        }
        return bytes is [0xff, 0xd8, ..] ? Jpeg.Decode(bytes, path) : ImageFile.ReadRgb(path);
    }

    /// <summary>Reads class indices.</summary>
    /// <exception cref="ImageFormatException">It is cut short, corrupt, of colours or of 16 bits.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static LabelMap Labels(string path)
    {
        var bytes = File.ReadAllBytes(path);
        if (FastPng.Header(bytes) is not (var width, var height, 1))
            return Png.DecodeLabels(bytes, path);
        var labels = GC.AllocateUninitializedArray<byte>(width * height);
        if (FastPng.TryDecode(bytes, width, height, 1, labels))
            return new LabelMap(width, height, labels);
        _ = Png.DecodeLabels(bytes, path);
        throw Altered(path);
    }

    // libspng stops with the last pixel and says what is wrong before it; what it does not look at is the check sum behind.
    static ImageFormatException Altered(string path) => new(path, "a PNG whose pixels do not fit its check sum; it has been altered: fetch or export it again");
}
