namespace Hwaso.Runtime;

/// <summary>The vectors that kernels compute with; all give the same results within rounding.</summary>
public enum SimdPath
{
    /// <summary>The widest that the processor has.</summary>
    Best,

    /// <summary>One number at a time.</summary>
    Scalar,

    /// <summary>128 bits: SSE and Arm's NEON.</summary>
    Vector128,

    /// <summary>256 bits: AVX2.</summary>
    Vector256,

    /// <summary>512 bits: AVX-512. With AVX2 alone it runs in halves, slower than <see cref="Vector256"/>: for tests.</summary>
    Vector512,
}
