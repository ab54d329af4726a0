using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>The kernels for one width of vectors.</summary>
abstract unsafe class KernelSet
{
    /// <summary>Numbers per vector.</summary>
    public abstract int Lanes { get; }

    /// <summary>A convolution by direct summation.</summary>
    /// <param name="shape">The sizes.</param>
    /// <param name="weights">The weights as <see cref="ConvWeights"/> packs them.</param>
    /// <param name="byTaps">Whether they are packed by taps.</param>
    /// <param name="input">The images.</param>
    /// <param name="bias">A number for each output channel, or null.</param>
    /// <param name="addend">A tensor of the output's shape to add, or null.</param>
    /// <param name="function">The function applied last.</param>
    /// <param name="output">The result.</param>
    /// <param name="threads">The number of threads that share the work.</param>
    public abstract Kernel Convolution(in ConvShape shape, Constant weights, bool byTaps, float* input, float* bias, float* addend,
        Unary function, float* output, int threads);

    /// <summary>A deformable convolution.</summary>
    public abstract Kernel Convolution(in ConvShape shape, Constant weights, float* input, float* bias, ConvSampling sampling,
        float* output, int threads);

    /// <summary>Like the first overload of Convolution, with weights packed by channels, for shapes that
    /// <see cref="WinogradPlan.Fits"/> accepts.</summary>
    public abstract Kernel Winograd(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function,
        float* output, int threads);

    public abstract Kernel Depthwise(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function,
        float* output);

    public abstract Kernel TransposedConvolution(in ConvShape shape, float* input, float* weights, float* bias, Unary function,
        float* output);

    /// <summary>Like TransposedConvolution, for shapes that <see cref="ConvSpread.Fits"/> accepts.</summary>
    public abstract Kernel Spread(in ConvShape shape, Constant weights, float* input, float* bias, Unary function, float* output,
        int threads);

    public abstract Kernel MaxPool(in ConvShape shape, float* input, float* output);

    /// <summary>Products of matrices.</summary>
    /// <param name="shape">The sizes and the layout.</param>
    /// <param name="left">The left matrices.</param>
    /// <param name="right">The right matrices; not read if they are packed.</param>
    /// <param name="packed">The one right matrix as <see cref="MatMulWeights"/> packs it, or null.</param>
    /// <param name="end">What is added and applied at the end.</param>
    /// <param name="output">The result, [batch, M, N].</param>
    /// <param name="threads">The number of threads that share the work.</param>
    public abstract Kernel MatMul(in MatMulShape shape, float* left, float* right, Constant? packed, MatMulEnd end, float* output,
        int threads);

    public abstract Kernel Attention(in AttentionShape shape, float* queries, float* keys, float* values, float* output, int threads);

    public abstract Kernel Binary(BinaryKind kind, Strides strides, float* a, float* b, float* addend, Unary function, float* output);

    public abstract Kernel Unary(Unary function, float* input, float* output, int count);

    public abstract Kernel Resize(
        int planes, ResizeSource[] sources, float* addend, Unary function, ResizeCodes codes, float* output, int threads);

    public abstract Kernel Softmax(int outer, int length, int inner, bool logarithm, float* input, float* output);

    public abstract Kernel LayerNorm(int rows, int length, float epsilon, float* input, float* scale, float* shift, float* output);

    public abstract Kernel GridSample(GridSampling how, in GridShape shape, float* input, float* grid, float* output, int threads);

    public abstract Kernel Reduce(ReduceKind kind, Strides kept, Strides gone, float* input, float* output);

    /// <summary>The best class of each pixel, from scores [classes, height, width] that are followed by 7 more numbers.</summary>
    public abstract LabelKernel Labels(int classes, int height, int width, ResizeTable rows, ResizeTable columns, float* scores,
        byte* labels, int threads);
}

/// <summary>The kernels for one vector type.</summary>
sealed unsafe class KernelSet<TLanes, TVector> : KernelSet
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    public override int Lanes => TLanes.Count;

    public override Kernel Convolution(in ConvShape shape, Constant weights, bool byTaps, float* input, float* bias, float* addend,
        Unary function, float* output, int threads) =>
        byTaps && ConvWideKernel<TLanes, TVector>.Fits(shape)
            ? new ConvWideKernel<TLanes, TVector>(shape, weights, input, bias, addend, function, output, threads)
            : !byTaps && ConvFewKernel<TLanes, TVector>.Fits(shape)
            ? new ConvFewKernel<TLanes, TVector>(shape, weights, input, bias, addend, function, output)
            : new ConvKernel<TLanes, TVector>(shape, weights, byTaps, input, bias, addend, function, output, threads, null);

    public override Kernel Convolution(in ConvShape shape, Constant weights, float* input, float* bias, ConvSampling sampling,
        float* output, int threads) =>
        new ConvKernel<TLanes, TVector>(shape, weights, false, input, bias, null, default, output, threads, sampling);

    public override Kernel Winograd(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function,
        float* output, int threads) =>
        WinogradPlan.HasFewTiles(shape, TLanes.Count)
            ? new WinogradChannelKernel<TLanes, TVector>(shape, weights, input, bias, addend, function, output, threads)
            : new WinogradKernel<TLanes, TVector>(shape, weights, input, bias, addend, function, output, threads);

    public override Kernel Depthwise(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function,
        float* output) =>
        new DepthwiseKernel<TLanes, TVector>(shape, weights, input, bias, addend, function, output);

    public override Kernel TransposedConvolution(in ConvShape shape, float* input, float* weights, float* bias, Unary function,
        float* output) =>
        new ConvTransposeKernel<TLanes, TVector>(shape, input, weights, bias, function, output);

    public override Kernel Spread(in ConvShape shape, Constant weights, float* input, float* bias, Unary function, float* output,
        int threads) =>
        new ConvSpreadKernel<TLanes, TVector>(shape, weights, input, bias, function, output, threads);

    public override Kernel MaxPool(in ConvShape shape, float* input, float* output) =>
        new MaxPoolKernel<TLanes, TVector>(shape, input, output);

    public override Kernel MatMul(in MatMulShape shape, float* left, float* right, Constant? packed, MatMulEnd end, float* output,
        int threads) =>
        new MatMulKernel<TLanes, TVector>(shape, left, right, packed, end, output, threads);

    public override Kernel Attention(
        in AttentionShape shape, float* queries, float* keys, float* values, float* output, int threads) =>
        new AttentionKernel<TLanes, TVector>(shape, queries, keys, values, output, threads);

    public override Kernel Binary(BinaryKind kind, Strides strides, float* a, float* b, float* addend, Unary function, float* output) =>
        new BinaryKernel<TLanes, TVector>(kind, strides, a, b, addend, function, output);

    public override Kernel Unary(Unary function, float* input, float* output, int count) =>
        new UnaryKernel<TLanes, TVector>(function, input, output, count);

    public override Kernel Resize(
        int planes, ResizeSource[] sources, float* addend, Unary function, ResizeCodes codes, float* output, int threads) =>
        new ResizeKernel<TLanes, TVector>(planes, sources, addend, function, codes, output, threads);

    public override Kernel Softmax(int outer, int length, int inner, bool logarithm, float* input, float* output) =>
        new SoftmaxKernel<TLanes, TVector>(outer, length, inner, logarithm, input, output);

    public override Kernel LayerNorm(int rows, int length, float epsilon, float* input, float* scale, float* shift, float* output) =>
        new LayerNormKernel<TLanes, TVector>(rows, length, epsilon, input, scale, shift, output);

    public override Kernel GridSample(GridSampling how, in GridShape shape, float* input, float* grid, float* output, int threads) =>
        new GridSampleKernel<TLanes, TVector>(how, shape, input, grid, output, threads);

    public override Kernel Reduce(ReduceKind kind, Strides kept, Strides gone, float* input, float* output) =>
        new ReduceKernel<TLanes, TVector>(kind, kept, gone, input, output);

    public override LabelKernel Labels(int classes, int height, int width, ResizeTable rows, ResizeTable columns, float* scores,
        byte* labels, int threads) =>
        new LabelKernel<TLanes, TVector>(classes, height, width, rows, columns, scores, labels, threads);
}
