using System.Text;
using Hwaso.Imaging.Native;

namespace Hwaso.Imaging;

/// <summary>Makes PNG files.</summary>
static unsafe class PngEncoder
{
    public static byte[] Encode(
        int width, int height, int bitDepth, PngColorType type, ReadOnlySpan<byte> pixels, int compression, Palette? palette, IReadOnlyDictionary<string, string>? text)
    {
        if (compression is < 0 or > 9)
            throw new ArgumentOutOfRangeException(nameof(compression), $"PNG compression {compression}: 0 to 9 was wanted");
        var context = Spng.spng_ctx_new(Spng.Encoder);
        try
        {
            Require(Spng.spng_set_option(context, Spng.OptionEncodeToBuffer, 1));
            Require(Spng.spng_set_option(context, Spng.OptionCompressionLevel, compression));
            // Indices are not magnitudes: filters make them larger.
            if (type == PngColorType.Indexed)
                Require(Spng.spng_set_option(context, Spng.OptionFilterChoice, Spng.NoFilter));
            var header = new Spng.Header { Width = (uint)width, Height = (uint)height, BitDepth = (byte)bitDepth, ColorType = (byte)type };
            Require(Spng.spng_set_ihdr(context, &header));
            if (palette is not null)
            {
                Spng.PaletteTable table;
                table.Count = 256;
                for (var k = 0; k < 256; k++)
                    (table.Entries[4 * k], table.Entries[4 * k + 1], table.Entries[4 * k + 2], table.Entries[4 * k + 3]) = (palette[k].R, palette[k].G, palette[k].B, 255);
                Require(Spng.spng_set_plte(context, &table));
            }
            if (text is { Count: > 0 })
                SetText(context, text);
            fixed (byte* source = pixels)
                Require(Spng.spng_encode_image(context, source, (nuint)pixels.Length, Spng.FormatPng, Spng.FinishEncoding));
            nuint length;
            int error;
            var bytes = Spng.spng_get_png_buffer(context, &length, &error);
            Require(error);
            var copy = new ReadOnlySpan<byte>(bytes, checked((int)length)).ToArray();
            System.Runtime.InteropServices.NativeMemory.Free(bytes);
            return copy;
        }
        finally
        {
            Spng.spng_ctx_free(context);
        }
    }

    static void SetText(nint context, IReadOnlyDictionary<string, string> text)
    {
        foreach (var (keyword, value) in text)
        {
            var entry = new Spng.Text { Type = 1 };
            var key = Encoding.Latin1.GetBytes(keyword);
            if (key.Length is 0 or > 79)
                throw new ArgumentException($"'{keyword}': a PNG keyword has 1 to 79 letters");
            key.CopyTo(new Span<byte>(entry.Keyword, 80));
            var letters = Encoding.Latin1.GetBytes(value);
            fixed (byte* characters = letters)
            {
                entry.Characters = characters;
                entry.Length = (nuint)letters.Length;
                // libspng copies the list at each call and writes the last: one entry is what we ever need.
                Require(Spng.spng_set_text(context, &entry, 1));
            }
        }
    }

    static void Require(int error)
    {
        if (error != 0)
            throw new InvalidOperationException($"a PNG could not be made: {Spng.Error(error)}");
    }
}
