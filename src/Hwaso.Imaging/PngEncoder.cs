using System.Runtime.InteropServices;
using System.Text;
using Hwaso.Imaging.Native;

namespace Hwaso.Imaging;

/// <summary>Makes PNG files.</summary>
static unsafe class PngEncoder
{
    public static byte[] Encode(
        int width, int height, int bitDepth, PngColorType type,
        ReadOnlySpan<byte> pixels, int compression, Palette? palette, IReadOnlyDictionary<string, string>? text)
    {
        if (compression is < 0 or > 9)
            throw new ArgumentOutOfRangeException(nameof(compression), $"PNG compression {compression}: 0 to 9 was wanted");
        var context = Spng.spng_ctx_new(Spng.Encoder);
        var texts = new List<nint>();
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
                    (table.Entries[4 * k], table.Entries[4 * k + 1], table.Entries[4 * k + 2], table.Entries[4 * k + 3]) =
                        (palette[k].R, palette[k].G, palette[k].B, 255);
                Require(Spng.spng_set_plte(context, &table));
            }
            if (text is { Count: > 0 })
                SetText(context, text, texts);
            fixed (byte* source = pixels)
                Require(Spng.spng_encode_image(context, source, (nuint)pixels.Length, Spng.FormatPng, Spng.FinishEncoding));
            nuint length;
            int error;
            var bytes = Spng.spng_get_png_buffer(context, &length, &error);
            Require(error);
            var copy = new ReadOnlySpan<byte>(bytes, checked((int)length)).ToArray();
            NativeMemory.Free(bytes);
            return copy;
        }
        finally
        {
            Spng.spng_ctx_free(context);
            foreach (var buffer in texts)
                NativeMemory.Free((void*)buffer);
        }
    }

    static void SetText(nint context, IReadOnlyDictionary<string, string> text, List<nint> buffers)
    {
        // libspng copies the list but not its texts, and each call replaces the list of the one before: all entries go in one call,
        // and their letters stay until the image is encoded.
        var entries = new Spng.Text[text.Count];
        foreach (var (k, (keyword, value)) in text.Index())
        {
            if (Latin1(keyword) is not { Length: >= 1 and <= 79 } key || keyword.Contains('\n') || keyword.Trim() != keyword
                || keyword.Contains("  ", StringComparison.Ordinal))
                throw new ArgumentException($"'{keyword}': a PNG keyword has 1 to 79 printable letters of Latin-1 and single "
                    + "spaces between them");
            if (value.Length == 0 || value.Contains('\0'))
                throw new ArgumentException($"{keyword}: the text is empty or has a zero character in it; leave the entry out or "
                    + "write something else");
            var plain = Latin1(value);
            var letters = plain ?? Encoding.UTF8.GetBytes(value);
            ref var entry = ref entries[k];
            entry.Type = plain is null ? Spng.InternationalText : Spng.PlainText;
            fixed (byte* target = entry.Keyword)
                key.CopyTo(new Span<byte>(target, 80));
            entry.Characters = Terminated(letters, buffers);
            entry.Length = (nuint)letters.Length;
            // Language and translated keyword of international text: none.
            entry.LanguageTag = entry.TranslatedKeyword = Terminated([], buffers);
        }
        fixed (Spng.Text* first = entries)
            Require(Spng.spng_set_text(context, first, (uint)entries.Length));
    }

    /// <summary>The bytes of printable Latin-1 and line ends, all that plain text may have; null if there is anything else.</summary>
    static byte[]? Latin1(string text) =>
        text.All(c => c is '\n' or (>= ' ' and <= '~') or (>= '¡' and <= 'ÿ')) ? Encoding.Latin1.GetBytes(text) : null;

    static byte* Terminated(byte[] letters, List<nint> buffers)
    {
        var buffer = (byte*)NativeMemory.AllocZeroed((nuint)letters.Length + 1);
        buffers.Add((nint)buffer);
        letters.CopyTo(new Span<byte>(buffer, letters.Length));
        return buffer;
    }

    static void Require(int error)
    {
        if (error != 0)
            throw new InvalidOperationException($"a PNG could not be made: {Spng.Error(error)}");
    }
}
