using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Transposed convolution, [N, Cin, H, W] to [N, Cout, (H − 1)·S + K, …], with PyTorch's names and initial values.</summary>
public sealed class ConvTranspose2d : Net
{
    readonly Tensor weight;
    readonly Tensor? bias;
    readonly long[] strides, paddings;

    /// <summary>A transposed convolution with a square kernel.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="cin">Input channels.</param>
    /// <param name="cout">Output channels.</param>
    /// <param name="kernel">Side of the kernel.</param>
    /// <param name="stride">How far apart the inputs are set in the output.</param>
    /// <param name="padding">Rows and columns cut off around the output.</param>
    /// <param name="bias">Whether a number is added per output channel; PyTorch's default.</param>
    /// <exception cref="ArgumentException">A count below 1.</exception>
    public ConvTranspose2d(Weights w, int cin, int cout, int kernel, int stride = 1, int padding = 0, bool bias = true) : base(w)
    {
        if (cin < 1 || cout < 1 || kernel < 1 || stride < 1 || padding < 0)
            throw new ArgumentException(
                $"{w.Path}: a transposed convolution {cin}→{cout}, kernel {kernel}, stride {stride}, padding {padding}: "
                + "each must be at least 1, padding 0");
        weight = w.Parameter("weight", [cin, cout, kernel, kernel], t => Init.KaimingUniform(t, Math.Sqrt(5)));
        if (bias)
        {
            // PyTorch computes the fan from the weight's second dimension here too, which for a transposed convolution is Cout.
            var bound = 1 / Math.Sqrt((double)cout * kernel * kernel);
            this.bias = w.Parameter("bias", [cout], t => Init.Uniform(t, -bound, bound));
        }
        (strides, paddings) = ([stride, stride], [padding, padding]);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Aten.ConvTranspose2d(x, weight, bias, strides, paddings);
}
