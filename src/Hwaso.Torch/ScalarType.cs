namespace Hwaso.Torch;

/// <summary>The element type of a tensor, with libtorch's own numbers (<c>c10/core/ScalarType.h</c>).</summary>
public enum ScalarType
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

/// <summary>How a 4-D tensor's numbers lie in memory, with libtorch's own numbers (<c>c10/core/MemoryFormat.h</c>).</summary>
public enum MemoryFormat
{
    /// <summary>N, C, H, W, the last dimension fastest.</summary>
    Contiguous = 0,

    /// <summary>As the operand lies.</summary>
    Preserve = 1,

    /// <summary>N, H, W, C in memory under an N, C, H, W shape.</summary>
    ChannelsLast = 2,
}
