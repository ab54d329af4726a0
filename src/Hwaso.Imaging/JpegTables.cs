namespace Hwaso.Imaging;

/// <summary>The order of a JPEG's coefficients, and the tables of factors and codes that ITU-T T.81 gives in annex K.</summary>
static class JpegTables
{
    /// <summary>Figure A.6: the place of each coefficient of the file's order.</summary>
    public static ReadOnlySpan<byte> ZigZag =>
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42, 49,
        56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    /// <summary>Table K.1: factors of luma at quality 50, row by row.</summary>
    public static ReadOnlySpan<byte> Luma =>
    [
        16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
        18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100,
        103, 99,
    ];

    /// <summary>Table K.2: factors of chroma at quality 50, row by row.</summary>
    public static ReadOnlySpan<byte> Chroma =>
    [
        17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    ];

    /// <summary>Table K.3: luma's first coefficients. Of each table: the codes of each length from 1 to 16, then their symbols.</summary>
    public static byte[] LumaFirst { get; } = Convert.FromHexString("00010501010101010100000000000000000102030405060708090a0b");

    /// <summary>Table K.4: chroma's first coefficients.</summary>
    public static byte[] ChromaFirst { get; } = Convert.FromHexString("00030101010101010101010000000000000102030405060708090a0b");

    /// <summary>Table K.5: luma's other coefficients.</summary>
    public static byte[] LumaOther { get; } = Convert.FromHexString("0002010303020403050504040000017d"
        + "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a43444546474849"
        + "4a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5"
        + "c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa");

    /// <summary>Table K.6: chroma's other coefficients.</summary>
    public static byte[] ChromaOther { get; } = Convert.FromHexString("00020102040403040705040400010277"
        + "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a434445464748"
        + "494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3"
        + "c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa");

    /// <summary>A table of factors at another quality, as libjpeg scales it: 1 to 255, row by row.</summary>
    /// <param name="factors">The factors at quality 50.</param>
    /// <param name="quality">1 to 100.</param>
    public static byte[] Scaled(ReadOnlySpan<byte> factors, int quality)
    {
        var percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
        var scaled = new byte[factors.Length];
        for (var k = 0; k < scaled.Length; k++)
            scaled[k] = (byte)Math.Clamp((factors[k] * percent + 50) / 100, 1, 255);
        return scaled;
    }
}
