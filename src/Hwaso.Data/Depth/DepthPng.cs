using System.Globalization;
using Hwaso.Imaging;

namespace Hwaso.Data.Depth;

/// <summary>
/// Depth in metres as a 16-bit PNG: a pixel's value times the scale in the file's text is its depth; 0 stands where there is none.
/// </summary>
public static class DepthPng
{
    /// <summary>The keyword of the scale: metres of one step.</summary>
    public const string ScaleKey = "hwaso.depth_scale";

    /// <summary>Writes a map, whole or not at all, with steps of its largest depth ÷ 65,535: at 80 m, 1.2 mm.</summary>
    /// <param name="path">The file.</param>
    /// <param name="depth">Depth in metres; values not above 0 and infinite ones count as missing.</param>
    /// <param name="text">Further text entries by keyword, such as the teacher's name.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, DepthMap depth, IReadOnlyDictionary<string, string>? text = null)
    {
        var (image, entries) = Steps(depth, text);
        Png.WriteGray16(path, image, entries);
    }

    /// <summary>The same file in memory.</summary>
    /// <param name="depth">Depth in metres; values not above 0 and infinite ones count as missing.</param>
    /// <param name="text">Further text entries by keyword.</param>
    public static byte[] Encode(DepthMap depth, IReadOnlyDictionary<string, string>? text = null)
    {
        var (image, entries) = Steps(depth, text);
        return Png.EncodeGray16(image, entries);
    }

    static (Gray16Image Image, Dictionary<string, string> Text) Steps(DepthMap depth, IReadOnlyDictionary<string, string>? text)
    {
        var largest = depth.Values.Where(IsThere).DefaultIfEmpty(0).Max();
        var scale = largest > 0 ? (double)largest / ushort.MaxValue : 1;
        var image = new Gray16Image(depth.Width, depth.Height);
        for (var k = 0; k < image.Values.Length; k++)
            if (IsThere(depth.Values[k]))
                // A depth below half a step must not become 0, which stands for none.
                image.Values[k] = (ushort)Math.Clamp(Math.Round(depth.Values[k] / scale), 1, ushort.MaxValue);
        var entries = new Dictionary<string, string>(text ?? new Dictionary<string, string>())
        {
            [ScaleKey] = scale.ToString("R", CultureInfo.InvariantCulture),
        };
        return (image, entries);
    }

    /// <summary>Reads a map in metres.</summary>
    /// <exception cref="DatasetException">The file does not say its scale.</exception>
    /// <exception cref="ImageFormatException">The file is damaged, or no 16-bit gray PNG.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static DepthMap Read(string path)
    {
        var info = Png.Info(path);
        if (info.BitDepth != 16 || info.ColorType != PngColorType.Gray)
            throw new ImageFormatException(path, $"a {info.BitDepth}-bit {info.ColorType} PNG where 16-bit gray depth was expected");
        if (!info.Text.TryGetValue(ScaleKey, out var given)
            || !double.TryParse(given, NumberStyles.Float, CultureInfo.InvariantCulture, out var scale) || !(scale > 0))
            throw new DatasetException(path, $"does not say how deep its values are: a text entry {ScaleKey} with the metres of one step "
                + "was wanted, as hwaso depth writes it");
        var image = Png.ReadGray16(path);
        return new DepthMap(image.Width, image.Height, Array.ConvertAll(image.Values, v => v == 0 ? float.NaN : (float)(v * scale)));
    }

    static bool IsThere(float depth) => depth > 0 && float.IsFinite(depth);
}
