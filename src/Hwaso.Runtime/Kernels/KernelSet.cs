using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>The kernels for one width of vectors.</summary>
abstract unsafe class KernelSet
{
    /// <summary>Numbers per vector.</summary>
    public abstract int Lanes { get; }

    public abstract Kernel Convolution(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function,
        float* output, int threads);

    /// <summary>A deformable convolution.</summary>
    public abstract Kernel Convolution(in ConvShape shape, Constant weights, float* input, float* bias, ConvSampling sampling,
        float* output, int threads);

    /// <summary>Like the first overload of Convolution, for shapes that <see cref="WinogradPlan.Fits"/> accepts.</summary>
    public abstract Kernel Winograd(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function,
        float* output, int threads);

    public abstract Kernel Depthwise(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function,
        float* output);

    public abstract Kernel TransposedConvolution(in ConvShape shape, float* input, float* weights, float* bias, Unary function,
        float* output);

    public abstract Kernel MaxPool(in ConvShape shape, float* input, float* output);

    public abstract Kernel MatMul(in MatMulShape shape, float* left, float* right, Unary function, float* output, int threads);

    public abstract Kernel Binary(BinaryKind kind, Strides strides, float* a, float* b, float* addend, Unary function, float* output);

    public abstract Kernel Unary(Unary function, float* input, float* output, int count);

    public abstract Kernel Resize(int planes, ResizeSource[] sources, float* addend, Unary function, float* output, int threads);

    public abstract Kernel Softmax(int outer, int length, int inner, bool logarithm, float* input, float* output);

    public abstract Kernel LayerNorm(int rows, int length, float epsilon, float* input, float* scale, float* shift, float* output);

    public abstract Kernel Reduce(ReduceKind kind, Strides kept, Strides gone, float* input, float* output);
}

/// <summary>The kernels for one vector type.</summary>
sealed unsafe class KernelSet<TLanes, TVector> : KernelSet
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    public override int Lanes => TLanes.Count;

    public override Kernel Convolution(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function,
        float* output, int threads) =>
        new ConvKernel<TLanes, TVector>(shape, weights, input, bias, addend, function, output, threads, null);

    public override Kernel Convolution(in ConvShape shape, Constant weights, float* input, float* bias, ConvSampling sampling,
        float* output, int threads) =>
        new ConvKernel<TLanes, TVector>(shape, weights, input, bias, null, default, output, threads, sampling);

    public override Kernel Winograd(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function,
        float* output, int threads) =>
        new WinogradKernel<TLanes, TVector>(shape, weights, input, bias, addend, function, output, threads);

    public override Kernel Depthwise(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function,
        float* output) =>
        new DepthwiseKernel<TLanes, TVector>(shape, weights, input, bias, addend, function, output);

    public override Kernel TransposedConvolution(in ConvShape shape, float* input, float* weights, float* bias, Unary function,
        float* output) =>
        new ConvTransposeKernel<TLanes, TVector>(shape, input, weights, bias, function, output);

    public override Kernel MaxPool(in ConvShape shape, float* input, float* output) =>
        new MaxPoolKernel<TLanes, TVector>(shape, input, output);

    public override Kernel MatMul(in MatMulShape shape, float* left, float* right, Unary function, float* output, int threads) =>
        new MatMulKernel<TLanes, TVector>(shape, left, right, function, output, threads);

    public override Kernel Binary(BinaryKind kind, Strides strides, float* a, float* b, float* addend, Unary function, float* output) =>
        new BinaryKernel<TLanes, TVector>(kind, strides, a, b, addend, function, output);

    public override Kernel Unary(Unary function, float* input, float* output, int count) =>
        new UnaryKernel<TLanes, TVector>(function, input, output, count);

    public override Kernel Resize(int planes, ResizeSource[] sources, float* addend, Unary function, float* output, int threads) =>
        new ResizeKernel<TLanes, TVector>(planes, sources, addend, function, output, threads);

    public override Kernel Softmax(int outer, int length, int inner, bool logarithm, float* input, float* output) =>
        new SoftmaxKernel<TLanes, TVector>(outer, length, inner, logarithm, input, output);

    public override Kernel LayerNorm(int rows, int length, float epsilon, float* input, float* scale, float* shift, float* output) =>
        new LayerNormKernel<TLanes, TVector>(rows, length, epsilon, input, scale, shift, output);

    public override Kernel Reduce(ReduceKind kind, Strides kept, Strides gone, float* input, float* output) =>
        new ReduceKernel<TLanes, TVector>(kind, kept, gone, input, output);
}
