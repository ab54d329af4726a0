using System.Runtime.InteropServices;
using Hwaso.Common;

namespace Hwaso.Imaging;

/// <summary>PNG files of every kind, in managed code: colour images, class indices and 16-bit values.</summary>
public static class Png
{
    /// <summary>Reads any PNG as 8-bit colour; palettes are looked up, gray is expanded, opacity is dropped.</summary>
    /// <exception cref="ImageFormatException">The file is cut short or corrupt.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RgbImage ReadRgb(string path) => DecodeRgb(File.ReadAllBytes(path), path);

    /// <summary>Decodes any PNG as 8-bit colour.</summary>
    /// <inheritdoc cref="ReadRgb"/>
    public static RgbImage DecodeRgb(ReadOnlySpan<byte> bytes, string name) => PngSamples.Rgb(new PngDecoder(bytes, name));

    /// <summary>
    /// Reads class indices: the indices of an indexed PNG (its colours do not matter), or gray values from 0 to 255, whatever the number
    /// of bits, in one channel or three equal ones.
    /// </summary>
    /// <exception cref="ImageFormatException">The file is cut short or corrupt, or holds colours, values above 255 or transparent
    /// pixels.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static LabelMap ReadLabels(string path) => DecodeLabels(File.ReadAllBytes(path), path);

    /// <summary>Decodes class indices.</summary>
    /// <inheritdoc cref="ReadLabels"/>
    public static LabelMap DecodeLabels(ReadOnlySpan<byte> bytes, string name) => PngSamples.Labels(new PngDecoder(bytes, name), name);

    /// <summary>Reads 16-bit values (instance ids, disparity, depth); an 8-bit gray PNG is taken as it is.</summary>
    /// <exception cref="ImageFormatException">The file is cut short, corrupt, or not gray.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Gray16Image ReadGray16(string path) => DecodeGray16(File.ReadAllBytes(path), path);

    /// <summary>Decodes 16-bit values.</summary>
    /// <inheritdoc cref="ReadGray16"/>
    public static Gray16Image DecodeGray16(ReadOnlySpan<byte> bytes, string name) => PngSamples.Gray16(new PngDecoder(bytes, name), name);

    /// <summary>The file's header, palette and text entries.</summary>
    /// <exception cref="ImageFormatException">The file is no PNG, or its header is corrupt.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static PngInfo Info(string path) => new PngDecoder(File.ReadAllBytes(path), path).Info();

    /// <summary>
    /// The type of the first chunk whose CRC is wrong, such as IDAT; null where all are right. Pixels are read all the same where they fit
    /// their own check sum (as Pillow does; libpng refuses them).
    /// </summary>
    /// <param name="bytes">The whole file.</param>
    public static string? DamagedChunk(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith(PngChunks.Signature) ? PngChunks.FirstDamaged(bytes) : null;

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
        PngEncoder.Encode(image.Width, image.Height, 8, PngColorType.Rgb, image.Pixels, compression, filtered: true);

    /// <summary>The bytes of an indexed PNG.</summary>
    public static byte[] EncodeIndexed(LabelMap labels, Palette palette) =>
        PngEncoder.Encode(labels.Width, labels.Height, 8, PngColorType.Indexed, labels.Labels, 6, filtered: false, palette);

    /// <summary>The bytes of an 8-bit gray PNG.</summary>
    public static byte[] EncodeGray(LabelMap labels) =>
        PngEncoder.Encode(labels.Width, labels.Height, 8, PngColorType.Gray, labels.Labels, 6, filtered: true);

    /// <summary>The bytes of a 16-bit gray PNG.</summary>
    public static byte[] EncodeGray16(Gray16Image image, IReadOnlyDictionary<string, string>? text = null) =>
        PngEncoder.Encode(image.Width, image.Height, 16, PngColorType.Gray, MemoryMarshal.AsBytes(image.Values.AsSpan()), 3,
            filtered: true, text: text);
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
