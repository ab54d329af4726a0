namespace Hwaso.Runtime.Format;

/// <summary>The element types of ONNX: their widths, and numbers rounded or wrapped to them.</summary>
static class Numbers
{
    public static bool IsReal(OnnxType type) => type is OnnxType.Float32 or OnnxType.Float64 or OnnxType.Float16 or OnnxType.BFloat16
        || IsTiny(type);

    /// <summary>Whether the type is a floating-point one of at most 8 bits.</summary>
    public static bool IsTiny(OnnxType type) => type is >= OnnxType.Float8E4M3FN and <= OnnxType.Float8E5M2FNUZ
        or OnnxType.Float4E2M1 or OnnxType.Float8E8M0;

    public static bool IsUnsigned(OnnxType type) =>
        type is OnnxType.UInt8 or OnnxType.UInt16 or OnnxType.UInt32 or OnnxType.UInt64 or OnnxType.UInt4;

    /// <summary>Bits of an integer.</summary>
    public static int Bits(OnnxType type) => type switch
    {
        OnnxType.UInt4 or OnnxType.Int4 or OnnxType.Float4E2M1 => 4,
        OnnxType.Int64 or OnnxType.UInt64 or OnnxType.Float64 => 64,
        OnnxType.Int32 or OnnxType.UInt32 or OnnxType.Float32 => 32,
        OnnxType.Int16 or OnnxType.UInt16 or OnnxType.Float16 or OnnxType.BFloat16 => 16,
        _ => 8,
    };

    /// <summary>The least and largest integer of a type; for 64 unsigned bits, as a signed one would hold them.</summary>
    public static (long Least, long Most) Range(OnnxType type) => IsUnsigned(type)
        ? (0, Bits(type) == 64 ? long.MaxValue : (1L << Bits(type)) - 1)
        : Bits(type) == 64 ? (long.MinValue, long.MaxValue) : (-1L << (Bits(type) - 1), (1L << (Bits(type) - 1)) - 1);

    /// <summary>The lowest bits of an integer, read as the type reads them; a truth becomes 0 or 1.</summary>
    public static long Wrap(long value, OnnxType type) => type switch
    {
        OnnxType.Int32 => (int)value,
        OnnxType.UInt8 => (byte)value,
        OnnxType.Int8 => (sbyte)value,
        OnnxType.UInt16 => (ushort)value,
        OnnxType.Int16 => (short)value,
        OnnxType.UInt32 => (uint)value,
        OnnxType.UInt4 => value & 15,
        OnnxType.Int4 => (long)((ulong)value << 60) >> 60,
        OnnxType.Bool => value != 0 ? 1 : 0,
        _ => value,
    };

    /// <summary>A number rounded to a floating-point type, to even; numbers beyond the largest saturate in types of 8 bits.</summary>
    public static float Round(float value, OnnxType type, bool saturate = true) => type switch
    {
        OnnxType.Float16 => (float)(Half)value,
        OnnxType.BFloat16 => RoundBFloat(value),
        _ when IsTiny(type) => TinyFloat.Of(type).Round(value, saturate),
        _ => value,
    };

    static float RoundBFloat(float value)
    {
        if (float.IsNaN(value))
            return value;
        var bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000);
    }
}

/// <summary>A floating-point type of at most 8 bits.</summary>
/// <param name="Exponent">Bits of the exponent.</param>
/// <param name="Fraction">Bits of the fraction.</param>
/// <param name="Bias">The exponent's bias.</param>
/// <param name="HasInfinity">Whether it has infinities.</param>
/// <param name="IsUnsignedZero">Whether its only NaN is the pattern of negative zero.</param>
/// <param name="Most">Its largest number.</param>
readonly record struct TinyFloat(int Exponent, int Fraction, int Bias, bool HasInfinity, bool IsUnsignedZero, float Most)
{
    public static TinyFloat Of(OnnxType type) => type switch
    {
        OnnxType.Float8E4M3FN => new(4, 3, 7, false, false, 448),
        OnnxType.Float8E4M3FNUZ => new(4, 3, 8, false, true, 240),
        OnnxType.Float8E5M2 => new(5, 2, 15, true, false, 57344),
        OnnxType.Float8E5M2FNUZ => new(5, 2, 16, false, true, 57344),
        OnnxType.Float4E2M1 => new(2, 1, 1, false, false, 6),
        _ => new(8, 0, 127, false, false, float.ScaleB(1, 127)),
    };

    bool IsScale => Exponent == 8;

    bool HasNaN => Exponent != 2;

    public float Round(float value, bool saturate)
    {
        if (IsScale)
            return Power(value, saturate);
        if (float.IsNaN(value))
            return HasNaN ? float.NaN : -0f;
        if (float.IsInfinity(value))
            return saturate || !HasNaN ? MathF.CopySign(Most, value) : HasInfinity ? value : float.NaN;
        var magnitude = Math.Abs((double)value);
        var exponent = magnitude == 0 ? 1 - Bias : Math.Max((int)Math.Floor(Math.Log2(magnitude)), 1 - Bias);
        // Log2 may be off by one next to a power of two.
        if (magnitude >= Math.ScaleB(1, exponent + 1))
            exponent++;
        var step = Math.ScaleB(1, exponent - Fraction);
        var rounded = Math.Round(magnitude / step, MidpointRounding.ToEven) * step;
        if (rounded > Most)
            return saturate || !HasNaN ? MathF.CopySign(Most, value) : HasInfinity ? MathF.CopySign(float.PositiveInfinity, value)
                : float.NaN;
        return IsUnsignedZero && rounded == 0 ? 0 : MathF.CopySign((float)rounded, value);
    }

    /// <summary>The number of a bit pattern.</summary>
    public float Decode(int bits)
    {
        if (IsScale)
            return bits == 255 ? float.NaN : (float)Math.ScaleB(1, bits - Bias);
        var sign = (bits >> (Exponent + Fraction)) & 1;
        var (exponent, fraction) = ((bits >> Fraction) & ((1 << Exponent) - 1), bits & ((1 << Fraction) - 1));
        var top = exponent == (1 << Exponent) - 1;
        if (IsUnsignedZero && sign == 1 && exponent == 0 && fraction == 0)
            return float.NaN;
        if (HasInfinity && top)
            return fraction != 0 ? float.NaN : sign == 1 ? float.NegativeInfinity : float.PositiveInfinity;
        if (!HasInfinity && !IsUnsignedZero && HasNaN && top && fraction == (1 << Fraction) - 1)
            return float.NaN;
        var value = exponent == 0
            ? Math.ScaleB(fraction, 1 - Bias - Fraction)
            : Math.ScaleB((1 << Fraction) + fraction, exponent - Bias - Fraction);
        return (float)(sign == 1 ? -value : value);
    }

    // A power of two: the next one above, as ONNX's default rounding says.
    float Power(float value, bool saturate)
    {
        if (float.IsNaN(value) || value < 0)
            return float.NaN;
        if (value == 0)
            return (float)Math.ScaleB(1, -Bias);
        if (float.IsInfinity(value))
            return saturate ? Most : float.NaN;
        var exponent = (int)Math.Ceiling(Math.Log2(value));
        return exponent > Bias ? (saturate ? Most : float.NaN) : (float)Math.ScaleB(1, Math.Max(exponent, -Bias));
    }
}
