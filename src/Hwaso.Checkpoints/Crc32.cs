using System.Buffers.Binary;

namespace Hwaso.Checkpoints;

/// <summary>CRC-32 as zip uses it (ISO 3309, reflected polynomial 0xEDB88320), eight bytes per step.</summary>
static class Crc32
{
    static readonly uint[] Table = BuildTable();

    public static uint Of(ReadOnlySpan<byte> data)
    {
        var table = Table;
        var crc = ~0u;
        for (; data.Length >= 8; data = data[8..])
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(data) ^ crc;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            crc = table[(7 * 256) + (low & 255)] ^ table[(6 * 256) + ((low >> 8) & 255)]
                ^ table[(5 * 256) + ((low >> 16) & 255)] ^ table[(4 * 256) + (low >> 24)]
                ^ table[(3 * 256) + (high & 255)] ^ table[(2 * 256) + ((high >> 8) & 255)]
                ^ table[256 + ((high >> 16) & 255)] ^ table[high >> 24];
        }

        foreach (var b in data)
            crc = table[(crc ^ b) & 255] ^ (crc >> 8);
        return ~crc;
    }

    // Row k holds what a byte followed by k zero bytes contributes.
    static uint[] BuildTable()
    {
        var table = new uint[8 * 256];
        for (var i = 0u; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            table[i] = crc;
        }

        for (var i = 256; i < table.Length; i++)
            table[i] = (table[i - 256] >> 8) ^ table[table[i - 256] & 255];
        return table;
    }
}
