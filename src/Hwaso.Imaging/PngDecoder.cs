using System.Runtime.InteropServices;
using System.Text;
using Hwaso.Imaging.Native;

namespace Hwaso.Imaging;

/// <summary>One PNG being read.</summary>
unsafe ref struct PngDecoder
{
    // Palettes, texts and profiles; pixels do not count towards it.
    const int LargestChunk = 64 << 20;

    readonly string name;
    readonly Spng.Header header;
    nint context;
    GCHandle pinned;

    public PngDecoder(ReadOnlySpan<byte> bytes, string name)
    {
        this.name = name;
        var copy = bytes.ToArray();
        pinned = GCHandle.Alloc(copy, GCHandleType.Pinned);
        context = Spng.spng_ctx_new(0);
        try
        {
            Require(Spng.spng_set_image_limits(context, ImageLimits.Side, ImageLimits.Side));
            Require(Spng.spng_set_chunk_limits(context, LargestChunk, LargestChunk));
            Require(Spng.spng_set_png_buffer(context, (byte*)pinned.AddrOfPinnedObject(), (nuint)copy.Length));
            Spng.Header read;
            Require(Spng.spng_get_ihdr(context, &read));
            header = read;
            // Deflate packs at most 1032 bytes into one.
            ImageLimits.Check(name, header.Width, header.Height, PixelBits, bytes.Length, densest: 1032);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public readonly int Width => (int)header.Width;

    public readonly int Height => (int)header.Height;

    public readonly int BitDepth => header.BitDepth;

    public readonly PngColorType ColorType => (PngColorType)header.ColorType;

    readonly int PixelBits => BitDepth * ColorType switch
    {
        PngColorType.Rgb => 3,
        PngColorType.Rgba => 4,
        PngColorType.GrayAlpha => 2,
        _ => 1,
    };

    public readonly void Decode(Span<byte> target, int format)
    {
        nuint wanted;
        Require(Spng.spng_decoded_image_size(context, format, &wanted));
        if (wanted != (nuint)target.Length)
            throw new ImageFormatException(name, $"{wanted} bytes of pixels where {target.Length} were expected");
        fixed (byte* pixels = target)
            Require(Spng.spng_decode_image(context, pixels, wanted, format, 0));
        // Reads the chunks behind the pixels too, so that a file cut short behind them is noticed.
        Require(Spng.spng_decode_chunks(context));
    }

    public readonly PngInfo Info()
    {
        Palette? palette = null;
        if (ColorType == PngColorType.Indexed)
        {
            Spng.PaletteTable table;
            Require(Spng.spng_get_plte(context, &table));
            var colors = new (byte, byte, byte)[Math.Min(table.Count, 256)];
            for (var k = 0; k < colors.Length; k++)
                colors[k] = (table.Entries[4 * k], table.Entries[4 * k + 1], table.Entries[4 * k + 2]);
            palette = Palette.FromColors(colors);
        }
        return new PngInfo(Width, Height, BitDepth, ColorType, palette, Texts());
    }

    public void Dispose()
    {
        if (context != 0)
            Spng.spng_ctx_free(context);
        context = 0;
        if (pinned.IsAllocated)
            pinned.Free();
    }

    readonly Dictionary<string, string> Texts()
    {
        var texts = new Dictionary<string, string>();
        uint count = 0;
        var found = Spng.spng_get_text(context, null, &count);
        if (found == Spng.ChunkNotAvailable)
            return texts;
        Require(found);
        var entries = new Spng.Text[count];
        fixed (Spng.Text* first = entries)
            Require(Spng.spng_get_text(context, first, &count));
        foreach (ref var entry in entries.AsSpan(0, (int)count))
            fixed (byte* keyword = entry.Keyword)
            {
                var key = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(keyword);
                var letters = entry.Type == Spng.InternationalText ? Encoding.UTF8 : Encoding.Latin1;
                texts[Encoding.Latin1.GetString(key)] = letters.GetString(entry.Characters, (int)entry.Length);
            }
        return texts;
    }

    readonly void Require(int error)
    {
        if (error != 0)
            throw new ImageFormatException(name,
                $"a PNG that is cut short, corrupt or none at all ({Spng.Error(error)}); fetch or export it again");
    }
}
