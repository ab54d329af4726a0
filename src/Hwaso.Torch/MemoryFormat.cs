namespace Hwaso.Torch;

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
