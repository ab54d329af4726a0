using System.Runtime.InteropServices;
using Hwaso.Common;

namespace Hwaso.Imaging;

/// <summary>
/// PNG files: colour images, class indices and 16-bit values. libspng reads them; the usual 8-bit ones <see cref="FastPng"/>.
/// </summary>
public static class Png
{
    /// <summary>Reads any PNG as 8-bit colour; palettes are looked up, gray is expanded, opacity is dropped.</summary>
    /// <exception cref="ImageFormatException">The file is cut short or corrupt.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RgbImage ReadRgb(string path) => DecodeRgb(File.ReadAllBytes(path), path);

    /// <summary>Decodes any PNG as 8-bit colour.</summary>
    /// <inheritdoc cref="ReadRgb"/>
    public static RgbImage DecodeRgb(ReadOnlySpan<byte> bytes, string name)
    {
        var usual = FastPng.Header(bytes);
        if (usual is (var width, var height, 3))
        {
            var pixels = GC.AllocateUninitializedArray<byte>(width * height * 3);
            if (FastPng.TryDecode(bytes, width, height, 3, pixels))
                return new RgbImage(width, height, pixels);
        }
        using var decoder = new PngDecoder(bytes, name);
        var image = new RgbImage(decoder.Width, decoder.Height);
        decoder.Decode(image.Pixels, Native.Spng.FormatRgb8);
        return usual is (_, _, 3) ? throw Altered(name) : image;
    }

    /// <summary>
    /// Reads class indices: the indices of an indexed PNG (its colours do not matter), or the values of an 8-bit gray one.
    /// </summary>
    /// <exception cref="ImageFormatException">The file is cut short, corrupt, of colours or of 16 bits.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static LabelMap ReadLabels(string path) => DecodeLabels(File.ReadAllBytes(path), path);

    /// <summary>Decodes class indices.</summary>
    /// <inheritdoc cref="ReadLabels"/>
    public static LabelMap DecodeLabels(ReadOnlySpan<byte> bytes, string name)
    {
        var usual = FastPng.Header(bytes);
        if (usual is (var width, var height, 1))
        {
            var values = GC.AllocateUninitializedArray<byte>(width * height);
            if (FastPng.TryDecode(bytes, width, height, 1, values))
                return new LabelMap(width, height, values);
        }
        using var decoder = new PngDecoder(bytes, name);
        var (type, depth) = (decoder.ColorType, decoder.BitDepth);
        if (type is not (PngColorType.Indexed or PngColorType.Gray))
            throw new ImageFormatException(name,
                $"a colour PNG ({depth}-bit {type}) where class indices were expected; convert it with its palette to an indexed PNG");
        if (depth == 16)
            throw new ImageFormatException(name,
                "a 16-bit gray PNG where 8-bit class indices were expected; is it an instance or depth map?");
        var labels = new LabelMap(decoder.Width, decoder.Height);
        if (depth == 8)
        {
            decoder.Decode(labels.Labels, Native.Spng.FormatPng);
            return usual is (_, _, 1) ? throw Altered(name) : labels;
        }
        var stride = (decoder.Width * depth + 7) / 8;
        var packed = new byte[stride * decoder.Height];
        decoder.Decode(packed, Native.Spng.FormatPng);
        var mask = (1 << depth) - 1;
        for (var y = 0; y < labels.Height; y++)
            for (var x = 0; x < labels.Width; x++)
            {
                var bit = x * depth;
                labels.Labels[y * labels.Width + x] = (byte)(packed[y * stride + bit / 8] >> (8 - depth - bit % 8) & mask);
            }
        return labels;
    }

    /// <summary>Reads 16-bit values (instance ids, disparity, depth); an 8-bit gray PNG is taken as it is.</summary>
    /// <exception cref="ImageFormatException">The file is cut short, corrupt, or not gray.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Gray16Image ReadGray16(string path) => DecodeGray16(File.ReadAllBytes(path), path);

    /// <summary>Decodes 16-bit values.</summary>
    /// <inheritdoc cref="ReadGray16"/>
    public static Gray16Image DecodeGray16(ReadOnlySpan<byte> bytes, string name)
    {
        using var decoder = new PngDecoder(bytes, name);
        if (decoder.ColorType != PngColorType.Gray || decoder.BitDepth < 8)
            throw new ImageFormatException(name,
                $"a {decoder.BitDepth}-bit {decoder.ColorType} PNG where 16-bit gray values were expected");
        var image = new Gray16Image(decoder.Width, decoder.Height);
        if (decoder.BitDepth == 16)
        {
            decoder.Decode(MemoryMarshal.AsBytes(image.Values.AsSpan()), Native.Spng.FormatPng);
            return image;
        }
        var narrow = new byte[image.Values.Length];
        decoder.Decode(narrow, Native.Spng.FormatPng);
        for (var k = 0; k < narrow.Length; k++)
            image.Values[k] = narrow[k];
        return image;
    }

    /// <summary>The file's header, palette and text entries.</summary>
    /// <exception cref="ImageFormatException">The file is no PNG, or its header is corrupt.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static PngInfo Info(string path)
    {
        using var decoder = new PngDecoder(File.ReadAllBytes(path), path);
        return decoder.Info();
    }

    /// <summary>Writes a colour image, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="image">The image.</param>
    /// <param name="compression">0 (none) to 9 (smallest).</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, RgbImage image, int compression = 3) => AtomicFile.Write(path, Encode(image, compression));

    /// <summary>Writes class indices with a palette, whole or not at all.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void WriteIndexed(string path, LabelMap labels, Palette palette) =>
        AtomicFile.Write(path, EncodeIndexed(labels, palette));

    /// <summary>Writes 8-bit values, whole or not at all.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void WriteGray(string path, LabelMap labels) => AtomicFile.Write(path, EncodeGray(labels));

    /// <summary>Writes 16-bit values, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="image">The values.</param>
    /// <param name="text">Text entries by keyword, such as a scale.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void WriteGray16(string path, Gray16Image image, IReadOnlyDictionary<string, string>? text = null) =>
        AtomicFile.Write(path, EncodeGray16(image, text));

    /// <summary>The bytes of a colour PNG.</summary>
    public static byte[] Encode(RgbImage image, int compression = 3) =>
        PngEncoder.Encode(image.Width, image.Height, 8, PngColorType.Rgb, image.Pixels, compression, null, null);

    /// <summary>The bytes of an indexed PNG.</summary>
    public static byte[] EncodeIndexed(LabelMap labels, Palette palette) =>
        PngEncoder.Encode(labels.Width, labels.Height, 8, PngColorType.Indexed, labels.Labels, 6, palette, null);

    /// <summary>The bytes of an 8-bit gray PNG.</summary>
    public static byte[] EncodeGray(LabelMap labels) =>
        PngEncoder.Encode(labels.Width, labels.Height, 8, PngColorType.Gray, labels.Labels, 6, null, null);

    /// <summary>The bytes of a 16-bit gray PNG.</summary>
    public static byte[] EncodeGray16(Gray16Image image, IReadOnlyDictionary<string, string>? text = null) =>
        PngEncoder.Encode(image.Width, image.Height, 16, PngColorType.Gray, MemoryMarshal.AsBytes(image.Values.AsSpan()), 3, null, text);

    // libspng reports errors up to the last pixel; it does not compare the checksum behind the pixels.
    static ImageFormatException Altered(string name) =>
        new(name, "a PNG whose pixels do not fit its check sum; it has been altered: fetch or export it again");
}

/// <summary>A PNG's header, palette and text entries.</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="BitDepth">Bits of one sample: 1, 2, 4, 8 or 16.</param>
/// <param name="ColorType">How pixels are held.</param>
/// <param name="Palette">The palette of an indexed one; null otherwise.</param>
/// <param name="Text">Its text entries by keyword.</param>
public sealed record PngInfo(int Width, int Height, int BitDepth, PngColorType ColorType, Palette? Palette,
    IReadOnlyDictionary<string, string> Text);

/// <summary>How a PNG holds its pixels, with the format's own numbers.</summary>
public enum PngColorType
{
    /// <summary>One gray value.</summary>
    Gray = 0,

    /// <summary>Red, green, blue.</summary>
    Rgb = 2,

    /// <summary>An index into a palette.</summary>
    Indexed = 3,

    /// <summary>Gray and opacity.</summary>
    GrayAlpha = 4,

    /// <summary>Red, green, blue and opacity.</summary>
    Rgba = 6,
}
