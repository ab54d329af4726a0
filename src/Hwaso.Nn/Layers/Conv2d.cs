using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>2-D convolution, [N, Cin, H, W] to [N, Cout, H', W'], with PyTorch's names and initial values.</summary>
public sealed class Conv2d : Net
{
    readonly Tensor weight;
    readonly Tensor? bias;
    readonly ConvSteps steps;

    /// <summary>A convolution with a square kernel.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="cin">Input channels.</param>
    /// <param name="cout">Output channels.</param>
    /// <param name="kernel">Side of the kernel.</param>
    /// <param name="stride">Step.</param>
    /// <param name="padding">Zeros around; the default, dilation·(kernel − 1)/2, keeps the size at stride 1 (PyTorch's own default is
    /// 0).</param>
    /// <param name="dilation">Distance of the kernel's points.</param>
    /// <param name="groups">Channel groups; both channel counts are multiples of it.</param>
    /// <param name="bias">Whether a number is added per output channel; off by default, since batch norm follows in these networks.</param>
    /// <exception cref="ArgumentException">Counts that do not fit.</exception>
    public Conv2d(Weights w, int cin, int cout, int kernel, int stride = 1, int? padding = null, int dilation = 1, int groups = 1,
        bool bias = false) : base(w)
    {
        if (cin < 1 || cout < 1 || kernel < 1 || stride < 1 || dilation < 1 || groups < 1)
            throw new ArgumentException(
                $"{w.Path}: a convolution {cin}→{cout}, kernel {kernel}, stride {stride}, dilation {dilation}, groups {groups}: "
                + "each must be at least 1");
        if (cin % groups != 0 || cout % groups != 0)
            throw new ArgumentException($"{w.Path}: {cin}→{cout} channels are not multiples of {groups} groups");
        weight = w.Parameter("weight", [cout, cin / groups, kernel, kernel], t => Init.KaimingUniform(t, Math.Sqrt(5)));
        if (bias)
        {
            var bound = 1 / Math.Sqrt((double)cin / groups * kernel * kernel);
            this.bias = w.Parameter("bias", [cout], t => Init.Uniform(t, -bound, bound));
        }
        var pad = padding ?? dilation * (kernel - 1) / 2;
        steps = new ConvSteps([stride, stride], [pad, pad], [dilation, dilation], groups);
    }

    /// <summary>[Cout, Cin/groups, K, K].</summary>
    public Tensor Weight => weight;

    /// <summary>[Cout], or null.</summary>
    public Tensor? Bias => bias;

    /// <summary>
    /// Whether libtorch 1.13 writes beyond its memory in the gradient of this layer's weight when images lie with channels last.
    /// </summary>
    internal bool IsNarrowStride => steps.Stride[0] > 1 && weight.Shape is [_, < 8, 1, 1];

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) =>
        (UsesOwnKernels && IsTraining ? OwnConvolution.Apply(x, weight, bias, steps) : null)
        ?? Aten.Conv2d(x, weight, bias, steps.Stride, steps.Padding, steps.Dilation, steps.Groups);
}

/// <summary>Whether networks can be trained with channels last, N, H, W, C in memory.</summary>
public static class ChannelsLast
{
    extension(Weights weights)
    {
        /// <summary>
        /// Whether the network can be trained with channels last. On a processor, libtorch 1.13 writes beyond its memory in the weight's
        /// gradient of a strided 1×1 convolution of fewer than 8 channels with such images; networks of usual widths have none.
        /// </summary>
        public bool TrainsInChannelsLast =>
            weights.Device.Type != DeviceType.Cpu || !weights.Modules.OfType<Conv2d>().Any(c => c.IsNarrowStride);
    }
}
