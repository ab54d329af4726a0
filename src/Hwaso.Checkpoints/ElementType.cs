using System.Runtime.InteropServices;

namespace Hwaso.Checkpoints;

/// <summary>
/// The element type of a stored tensor, with libtorch's numbers (<c>c10/core/ScalarType.h</c>), so that the two convert by a cast.
/// </summary>
public enum ElementType
{
    /// <summary>8-bit unsigned integer.</summary>
    UInt8 = 0,

    /// <summary>8-bit signed integer.</summary>
    Int8 = 1,

    /// <summary>16-bit signed integer.</summary>
    Int16 = 2,

    /// <summary>32-bit signed integer.</summary>
    Int32 = 3,

    /// <summary>64-bit signed integer.</summary>
    Int64 = 4,

    /// <summary>IEEE half precision.</summary>
    Float16 = 5,

    /// <summary>IEEE single precision.</summary>
    Float32 = 6,

    /// <summary>IEEE double precision.</summary>
    Float64 = 7,

    /// <summary>Truth value, one byte.</summary>
    Bool = 11,

    /// <summary>Brain floating point: single precision's exponent, 8 bits of fraction.</summary>
    BFloat16 = 15,
}

static class ElementSize
{
    /// <summary>Bytes per element.</summary>
    public static int Of(ElementType type) => type switch
    {
        ElementType.UInt8 or ElementType.Int8 or ElementType.Bool => 1,
        ElementType.Int16 or ElementType.Float16 or ElementType.BFloat16 => 2,
        ElementType.Int32 or ElementType.Float32 => 4,
        ElementType.Int64 or ElementType.Float64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not an element type that weight files hold"),
    };
}

/// <summary>Raw little-endian elements as .NET numbers.</summary>
static class Elements
{
    public static float[] ToFloats(ElementType type, ReadOnlySpan<byte> data) => type switch
    {
        ElementType.Float32 => MemoryMarshal.Cast<byte, float>(data).ToArray(),
        ElementType.Float64 => Map<double, float>(data, static x => (float)x),
        ElementType.Float16 => Map<Half, float>(data, static x => (float)x),
        ElementType.BFloat16 => Map<ushort, float>(data, FromBFloat16),
        ElementType.Bool => Map<byte, float>(data, static x => x == 0 ? 0 : 1),
        ElementType.UInt8 => Map<byte, float>(data, static x => x),
        ElementType.Int8 => Map<sbyte, float>(data, static x => x),
        ElementType.Int16 => Map<short, float>(data, static x => x),
        ElementType.Int32 => Map<int, float>(data, static x => x),
        _ => Map<long, float>(data, static x => x),
    };

    public static double[] ToDoubles(ElementType type, ReadOnlySpan<byte> data) => type switch
    {
        ElementType.Float64 => MemoryMarshal.Cast<byte, double>(data).ToArray(),
        ElementType.Int32 => Map<int, double>(data, static x => x),
        ElementType.Int64 => Map<long, double>(data, static x => x),
        _ => Array.ConvertAll(ToFloats(type, data), static x => (double)x),
    };

    public static long[] ToInt64s(ElementType type, ReadOnlySpan<byte> data) => type switch
    {
        ElementType.Int64 => MemoryMarshal.Cast<byte, long>(data).ToArray(),
        ElementType.Int32 => Map<int, long>(data, static x => x),
        ElementType.Int16 => Map<short, long>(data, static x => x),
        ElementType.Int8 => Map<sbyte, long>(data, static x => x),
        ElementType.UInt8 => Map<byte, long>(data, static x => x),
        ElementType.Bool => Map<byte, long>(data, static x => x == 0 ? 0 : 1),
        _ => throw new InvalidOperationException($"a {type} tensor does not hold integers; use ToFloats or ToDoubles"),
    };

    // bfloat16 is the upper half of a float32.
    static float FromBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    static TTo[] Map<TFrom, TTo>(ReadOnlySpan<byte> data, Func<TFrom, TTo> convert)
        where TFrom : unmanaged
    {
        var from = MemoryMarshal.Cast<byte, TFrom>(data);
        var to = new TTo[from.Length];
        for (var i = 0; i < to.Length; i++)
            to[i] = convert(from[i]);
        return to;
    }
}
