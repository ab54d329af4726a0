using System.Runtime.InteropServices;

namespace Hwaso.Imaging.Native;

/// <summary>libspng 0.7.</summary>
static unsafe partial class Spng
{
    const string Library = "libspng.so.0";

    public const int Encoder = 2;
    public const int FormatRgb8 = 4;
    public const int FormatPng = 256;
    public const int OptionCompressionLevel = 2;
    public const int OptionFilterChoice = 10;
    public const int OptionEncodeToBuffer = 12;
    public const int FinishEncoding = 2;
    public const int NoFilter = 8;
    public const int ChunkNotAvailable = 73;
    public const int PlainText = 1;
    public const int InternationalText = 3;

    static Spng() => NativeCodecs.Register();

    [StructLayout(LayoutKind.Sequential)]
    public struct Header
    {
        public uint Width;
        public uint Height;
        public byte BitDepth;
        public byte ColorType;
        public byte CompressionMethod;
        public byte FilterMethod;
        public byte InterlaceMethod;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct PaletteTable
    {
        public uint Count;
        public fixed byte Entries[256 * 4];
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Text
    {
        public fixed byte Keyword[80];
        public int Type;
        public nuint Length;
        public byte* Characters;
        public byte CompressionFlag;
        public byte CompressionMethod;
        public byte* LanguageTag;
        public byte* TranslatedKeyword;
    }

    [LibraryImport(Library)]
    internal static partial nint spng_ctx_new(int flags);

    [LibraryImport(Library)]
    internal static partial void spng_ctx_free(nint context);

    [LibraryImport(Library)]
    internal static partial int spng_set_png_buffer(nint context, byte* bytes, nuint length);

    [LibraryImport(Library)]
    internal static partial byte* spng_get_png_buffer(nint context, nuint* length, int* error);

    [LibraryImport(Library)]
    internal static partial int spng_set_image_limits(nint context, uint width, uint height);

    [LibraryImport(Library)]
    internal static partial int spng_set_chunk_limits(nint context, nuint chunk, nuint cache);

    [LibraryImport(Library)]
    internal static partial int spng_set_option(nint context, int option, int value);

    [LibraryImport(Library)]
    internal static partial int spng_decode_image(nint context, byte* target, nuint length, int format, int flags);

    [LibraryImport(Library)]
    internal static partial int spng_decode_chunks(nint context);

    [LibraryImport(Library)]
    internal static partial int spng_decoded_image_size(nint context, int format, nuint* length);

    [LibraryImport(Library)]
    internal static partial int spng_encode_image(nint context, byte* source, nuint length, int format, int flags);

    [LibraryImport(Library)]
    internal static partial int spng_get_ihdr(nint context, Header* header);

    [LibraryImport(Library)]
    internal static partial int spng_set_ihdr(nint context, Header* header);

    [LibraryImport(Library)]
    internal static partial int spng_get_plte(nint context, PaletteTable* palette);

    [LibraryImport(Library)]
    internal static partial int spng_set_plte(nint context, PaletteTable* palette);

    [LibraryImport(Library)]
    internal static partial int spng_get_text(nint context, Text* text, uint* count);

    [LibraryImport(Library)]
    internal static partial int spng_set_text(nint context, Text* text, uint count);

    [LibraryImport(Library)]
    internal static partial byte* spng_strerror(int error);

    internal static string Error(int error) => Marshal.PtrToStringUTF8((nint)spng_strerror(error)) ?? $"error {error}";
}
