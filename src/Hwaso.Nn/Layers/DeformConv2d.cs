// Dai et al., "Deformable convolutional networks", ICCV 2017; the modulation: Zhu et al., "Deformable ConvNets v2", CVPR 2019.
// As there, offsets begin at 0 and modulation at one half. Unlike there, the convolution of the offsets learns at the rate of all others.
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// A deformable convolution that predicts its offsets, and if asked its modulation, from its input by a convolution of the same kernel: [N,
/// Cin, H, W] to [N, Cout, H', W'].
/// </summary>
public sealed class DeformConv2d : Net
{
    readonly Conv2d conv_offset;
    readonly Tensor weight;
    readonly Tensor? bias;
    readonly long[] strides, paddings, dilations;
    readonly int offsets;
    readonly bool modulated;

    /// <summary>A deformable convolution with a square kernel. It begins as an ordinary one (halved, where modulated).</summary>
    /// <param name="w">Its place.</param>
    /// <param name="cin">Input channels.</param>
    /// <param name="cout">Output channels.</param>
    /// <param name="kernel">Side of the kernel.</param>
    /// <param name="stride">Step.</param>
    /// <param name="padding">Zeros around; the default, dilation·(kernel − 1)/2, keeps the size at stride 1.</param>
    /// <param name="dilation">Distance of the kernel's points.</param>
    /// <param name="groups">Channel groups; both channel counts are multiples of it.</param>
    /// <param name="offsetGroups">Groups of input channels that have their own offsets; divides <paramref name="cin"/>.</param>
    /// <param name="modulated">Whether each sample is weighed by a number between 0 and 1, predicted too (the second version).</param>
    /// <param name="bias">Whether a number is added per output channel.</param>
    /// <exception cref="ArgumentException">Counts that do not fit.</exception>
    public DeformConv2d(
        Weights w, int cin, int cout, int kernel, int stride = 1, int? padding = null, int dilation = 1, int groups = 1,
        int offsetGroups = 1,
        bool modulated = false, bool bias = false) : base(w)
    {
        if (cin < 1 || cout < 1 || kernel < 1 || stride < 1 || dilation < 1 || groups < 1 || offsetGroups < 1)
            throw new ArgumentException(
                $"{w.Path}: a deformable convolution {cin}→{cout}, kernel {kernel}, stride {stride}, dilation {dilation}, "
                + $"groups {groups}, offset groups {offsetGroups}: each must be at least 1");
        if (cin % groups != 0 || cout % groups != 0)
            throw new ArgumentException($"{w.Path}: {cin}→{cout} channels are not multiples of {groups} groups");
        if (cin % offsetGroups != 0)
            throw new ArgumentException($"{w.Path}: {cin} channels are not a multiple of {offsetGroups} offset groups");
        weight = w.Parameter("weight", [cout, cin / groups, kernel, kernel], t => Init.KaimingUniform(t, Math.Sqrt(5)));
        if (bias)
        {
            var bound = 1 / Math.Sqrt((double)cin / groups * kernel * kernel);
            this.bias = w.Parameter("bias", [cout], t => Init.Uniform(t, -bound, bound));
        }
        var pad = padding ?? dilation * (kernel - 1) / 2;
        var points = offsetGroups * kernel * kernel;
        conv_offset = new(w / "conv_offset", cin, (modulated ? 3 : 2) * points, kernel, stride, pad, dilation, bias: true);
        Init.Constant(conv_offset.Weight, 0);
        Init.Constant(conv_offset.Bias!, 0);
        (strides, paddings, dilations, offsets, this.modulated) =
            ([stride, stride], [pad, pad], [dilation, dilation], 2 * points, modulated);
    }

    /// <summary>[Cout, Cin/groups, K, K].</summary>
    public Tensor Weight => weight;

    /// <summary>[Cout], or null.</summary>
    public Tensor? Bias => bias;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        var predicted = x.Apply(conv_offset);                                           // [N, 2·G·K², H', W'], or 3·G·K²
        var shift = modulated ? predicted.Narrow(1, 0, offsets) : predicted;
        var mask = modulated ? predicted.Narrow(1, offsets, offsets / 2).Sigmoid() : null;
        return DeformConvolution.Apply(x, shift, weight, bias, strides, paddings, dilations, mask);
    }
}
