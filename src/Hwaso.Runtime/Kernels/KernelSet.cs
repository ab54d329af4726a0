using System.Runtime.Intrinsics;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Kernels;

/// <summary>Kernels of one width of vectors.</summary>
abstract unsafe class KernelSet
{
    public abstract Kernel Convolution(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function, float* output, int threads);

    /// <summary>A convolution that reads its input where it is told to.</summary>
    public abstract Kernel Convolution(in ConvShape shape, Constant weights, float* input, float* bias, ConvSampling sampling, float* output, int threads);

    /// <summary>As the plain convolution, for what <see cref="WinogradPlan.Fits"/>.</summary>
    public abstract Kernel Winograd(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function, float* output, int threads);

    public abstract Kernel Depthwise(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function, float* output);

    public abstract Kernel TransposedConvolution(in ConvShape shape, float* input, float* weights, float* bias, Unary function, float* output);

    public abstract Kernel MaxPool(in ConvShape shape, float* input, float* output);

    public abstract Kernel MatMul(in MatMulShape shape, float* left, float* right, Unary function, float* output, int threads);

    public abstract Kernel Binary(BinaryKind kind, Strides strides, float* a, float* b, float* addend, Unary function, float* output);

    public abstract Kernel Unary(Unary function, float* input, float* output, int count);

    public abstract Kernel Resize(int planes, ResizeSource[] sources, float* addend, Unary function, float* output, int threads);

    public abstract Kernel Softmax(int outer, int length, int inner, bool logarithm, float* input, float* output);

    public abstract Kernel Reduce(ReduceKind kind, Strides kept, Strides gone, float* input, float* output);

    /// <summary>The kernels of a path.</summary>
    /// <exception cref="PlatformNotSupportedException">The processor does not have these vectors.</exception>
    public static KernelSet Of(SimdPath path) => path switch
    {
        SimdPath.Scalar => new KernelSet<Lanes1, float>(),
        SimdPath.Vector128 when Vector128.IsHardwareAccelerated => new KernelSet<Lanes128, Vector128<float>>(),
        SimdPath.Vector256 when Vector256.IsHardwareAccelerated => new KernelSet<Lanes256, Vector256<float>>(),
        // Where a processor has half of it, two halves do the same.
        SimdPath.Vector512 when Vector256.IsHardwareAccelerated => new KernelSet<Lanes512, Vector512<float>>(),
        SimdPath.Best => Of(Vector512.IsHardwareAccelerated ? SimdPath.Vector512
            : Vector256.IsHardwareAccelerated ? SimdPath.Vector256
            : Vector128.IsHardwareAccelerated ? SimdPath.Vector128
            : SimdPath.Scalar),
        _ => throw new PlatformNotSupportedException($"this processor has no {path}; use {nameof(SimdPath)}.{nameof(SimdPath.Best)}"),
    };
}
