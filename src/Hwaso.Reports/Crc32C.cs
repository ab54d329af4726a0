using System.Numerics;

namespace Hwaso.Reports;

/// <summary>The cyclic redundancy check of Castagnoli's polynomial, as RFC 3720 (iSCSI) has it, and as TensorFlow's records mask it.</summary>
public static class Crc32C
{
    /// <summary>The check of bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }

    /// <summary>The check turned by 15 bits, and a constant added, so that a check of data that holds checks is none of its own.</summary>
    public static uint Masked(ReadOnlySpan<byte> bytes) => BitOperations.RotateRight(Of(bytes), 15) + 0xA282EAD8;
}
