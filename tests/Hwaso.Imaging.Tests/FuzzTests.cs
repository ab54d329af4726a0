using System.Buffers.Binary;
using Hwaso.Tests;

namespace Hwaso.Imaging.Tests;

/// <summary>Damaged images: each is read or refused by an ImageFormatException.</summary>
public sealed class FuzzTests
{
    [Fact]
    public void A_damaged_image_is_read_or_refused_and_takes_no_more_memory_than_its_size_explains() =>
        // Deflated, at most 1032 bytes to one, and as many again in 8-bit colour.
        Damage(Files(".png", ".jpg", ".tif"), 4096, 32 << 20, 1500);

    [Theory]
    [InlineData(".bmp")]
    [InlineData(".gif")]
    [InlineData(".webp")]
    public void A_damaged_image_of_another_format_is_read_or_refused(string extension) =>
        // 64 MiB of pixels are believed of any file, and the decoder takes 4 bytes beside each 3. More must fit the file's length.
        Damage(Files(extension), extension == ".webp" ? 7 * (1 << 18) / 3 : 7 * (1 << 13) / 3, 160 << 20, 300);

    static string[] Files(params string[] extensions) =>
    [
        .. Directory.GetFiles(Recorded.Path("")).Concat(Directory.GetFiles(Recorded.Path("exotic"), "*.tif"))
            .Append(Recorded.Path("exotic/jpg_restart.jpg")).Where(f => extensions.Contains(Path.GetExtension(f)))
            .Where(f => Path.GetFileName(f) != "cmyk.jpg").Order(StringComparer.Ordinal),
    ];

    static void Damage(string[] files, long bytesOfByte, long anyFile, int usual) =>
        new Fuzz([.. files.Select(File.ReadAllBytes)], "IHDR", "IDAT", "PLTE", "tRNS", "IEND")
        {
            BytesOfByte = bytesOfByte,
            AnyFile = anyFile,
            Mend = Checksums,
        }.Run(usual, file =>
        {
            ImageFile.DecodeRgb(file, "damaged");
            if (file.Length > 0 && file[0] == 0x89 && IsIndex(file))
                Png.DecodeLabels(file, "damaged");
        }, e => e is ImageFormatException);

    static bool IsIndex(byte[] file) => file.Length > 25 && file[24] <= 8 && file[25] is (0 or 3);

    /// <summary>Gives every chunk of a PNG that is whole its right check sum.</summary>
    static void Checksums(byte[] file)
    {
        for (var at = 8; at <= file.Length - 12 && BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at)) is >= 0 and var length
            && length <= file.Length - 12 - at; at += 12 + length)
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(at + 8 + length), Crc(file.AsSpan(at + 4, 4 + length)));
    }

    static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xedb88320u);
        }
        return ~crc;
    }
}
