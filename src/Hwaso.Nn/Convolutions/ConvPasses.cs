using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>How a convolution's kernel steps over its images.</summary>
/// <param name="Stride">Down and across.</param>
/// <param name="Padding">Zeros above and below, left and right.</param>
/// <param name="Dilation">Distance of the kernel's points.</param>
/// <param name="Groups">Groups of channels.</param>
readonly record struct ConvSteps(long[] Stride, long[] Padding, long[] Dilation, long Groups)
{
    /// <summary>Whether rows and columns are alike.</summary>
    public bool IsSquare => Stride[0] == Stride[1] && Padding[0] == Padding[1] && Dilation[0] == Dilation[1];
}

/// <summary>Our kernels for a convolution of one size: contiguous tensors in float32 on the processor.</summary>
abstract unsafe class ConvPasses
{
    /// <summary>[N, Cout, H', W'] of input, weight and bias.</summary>
    public abstract Tensor Output(Tensor input, Tensor weight, Tensor? bias);

    /// <summary>The output's gradient as both gradients below read it.</summary>
    public abstract Tensor Prepared(Tensor gradient);

    /// <summary>[N, Cin, H, W] of the weight and the prepared gradient.</summary>
    public abstract Tensor InputGradient(Tensor weight, Tensor prepared);

    /// <summary>Writes the gradient of the weight, of the input and the prepared gradient.</summary>
    public abstract void WeightGradient(Tensor input, Tensor prepared, Tensor output);

    /// <summary>Which passes ours are faster in.</summary>
    public abstract ConvChoice Choice { get; }

    /// <summary>Those for a convolution of these tensors, if there are any.</summary>
    public static ConvPasses? Of(Tensor x, Tensor weight, in ConvSteps steps)
    {
        if (!steps.IsSquare)
            return null;
        int images = (int)x.Size(0), cin = (int)x.Size(1), cout = (int)weight.Size(0), height = (int)x.Size(2), width = (int)x.Size(3);
        int stride = (int)steps.Stride[0], padding = (int)steps.Padding[0], dilation = (int)steps.Dilation[0];
        if (steps.Groups > 1)
        {
            var each = new DepthwiseShape(images, cin, height, width, (int)weight.Size(2), stride, padding, dilation);
            if (steps.Groups == cin && cin == cout && weight.Size(3) == weight.Size(2) && each.IsReachable)
                return new DepthwisePasses(each, DepthwiseKernels.Widest);
        }
        var other = new UnfoldedShape(
            images, cin, cout, height, width, (int)weight.Size(2), stride, padding, dilation, (int)steps.Groups);
        return (weight.Size(2), weight.Size(3), stride) switch
        {
            (3, 3, 1 or 2) when steps.Groups == 1 && padding == dilation && (stride == 1 || dilation == 1) =>
                TilePasses.Of(images, cin, cout, height, width, stride, dilation, TileKernels.Widest),
            (1, 1, 1 or 2) when steps.Groups == 1 && padding == 0 =>
                new PointPasses(images, cin, cout, new ConvPhases(stride, height, width), PointKernels.Widest),
            var (rows, columns, _) when rows == columns && other.IsReachable => new UnfoldedPasses(other, UnfoldedKernels.Widest),
            _ => null,
        };
    }

    private protected static Tensor Empty(in Planes planes) =>
        Tensor.Empty([planes.Images, planes.Channels, planes.Height, planes.Width], ScalarType.Float32);

    private protected static float* Numbers(Tensor? tensor) => tensor is null ? null : (float*)tensor.Data();
}
