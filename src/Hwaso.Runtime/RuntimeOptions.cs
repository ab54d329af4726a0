using System.Runtime.Intrinsics;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime;

/// <summary>How a model computes.</summary>
public sealed record RuntimeOptions
{
    /// <summary>Threads, including the caller's; 0 for one per processor. Ignored if <see cref="Pool"/> is set.</summary>
    public int Threads { get; init; }

    /// <summary>Threads shared with other models; null gives the model its own. The creator of the pool disposes it.</summary>
    public WorkerPool? Pool { get; init; }

    /// <summary>Which vectors to compute with.</summary>
    public SimdPath Path { get; init; }

    /// <summary>
    /// The most bytes for the values of one run, up to 2 GiB. <see cref="OnnxModel.Open"/> refuses a size that needs more; <see
    /// cref="SegmentationModel"/> then segments the image in tiles.
    /// </summary>
    public long MostBytes { get; init; } = 2L << 30;
}

/// <summary>The vectors that kernels compute with. Results differ between them by rounding only.</summary>
public enum SimdPath
{
    /// <summary>The widest vectors that the processor has.</summary>
    Best,

    /// <summary>One number at a time.</summary>
    Scalar,

    /// <summary>128 bits: SSE and Arm's NEON.</summary>
    Vector128,

    /// <summary>256 bits: AVX2.</summary>
    Vector256,

    /// <summary>
    /// 512 bits: AVX-512. A processor with AVX2 alone computes each vector in two halves, slower than with <see cref="Vector256"/>; meant
    /// for tests.
    /// </summary>
    Vector512,
}

/// <summary>Selects the kernels for a path.</summary>
static class SimdKernels
{
    /// <exception cref="PlatformNotSupportedException">The processor does not have these vectors.</exception>
    public static KernelSet Of(SimdPath path) => path switch
    {
        SimdPath.Scalar => new KernelSet<Lanes1, float>(),
        SimdPath.Vector128 when Vector128.IsHardwareAccelerated => new KernelSet<Lanes128, Vector128<float>>(),
        SimdPath.Vector256 when Vector256.IsHardwareAccelerated => new KernelSet<Lanes256, Vector256<float>>(),
        // A processor with 256 bits computes each vector in two halves.
        SimdPath.Vector512 when Vector256.IsHardwareAccelerated => new KernelSet<Lanes512, Vector512<float>>(),
        SimdPath.Best => Of(Vector512.IsHardwareAccelerated ? SimdPath.Vector512
            : Vector256.IsHardwareAccelerated ? SimdPath.Vector256
            : Vector128.IsHardwareAccelerated ? SimdPath.Vector128
            : SimdPath.Scalar),
        _ => throw new PlatformNotSupportedException($"this processor has no {path}; use {nameof(SimdPath)}.{nameof(SimdPath.Best)}"),
    };
}
