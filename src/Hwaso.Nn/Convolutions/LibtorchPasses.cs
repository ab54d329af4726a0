using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// libtorch's kernels, in pieces of images or of output channels that follow from the sizes alone, each on one thread: libtorch's own
/// division among threads would change the order of sums with their number.
/// </summary>
/// <param name="x">The shape of the input.</param>
/// <param name="weight">That of the weight.</param>
/// <param name="steps">The convolution.</param>
sealed class LibtorchPasses(long[] x, long[] weight, ConvSteps steps)
{
    // Smaller convolutions take less time than it takes to divide them. Pieces; output channels of one, a multiple of oneDNN's blocks.
    const long FewestMultiplyAdds = 1 << 20;
    const int MostPieces = 4, FewestChannels = 32, ChannelBlock = 16;

    static readonly Operator backward = new("aten::convolution_backward");
    static readonly long[] none = [0, 0];

    long[] Outputs => [x[0], weight[0], Across(0), Across(1)];

    bool IsSmall => Outputs is var o && o[0] * o[1] * o[2] * o[3] * weight[1] * weight[2] * weight[3] < FewestMultiplyAdds;

    /// <summary>[N, Cout, H', W'].</summary>
    public Tensor Output(Tensor input, Tensor weights, Tensor? bias)
    {
        if (IsSmall || !DividesImages && !DividesChannels)
            return Convolution(input, weights, bias);
        var output = Tensor.Empty(Outputs, ScalarType.Float32);
        Divide(DividesImages ? x[0] : weight[0], DividesImages ? 1 : ChannelBlock, (_, from, count) =>
        {
            if (DividesImages)
                Aten.Copy_(output.Narrow(0, from, count), Convolution(input.Narrow(0, from, count), weights, bias));
            else
                Aten.Copy_(output.Narrow(1, from, count),
                    Convolution(input, weights.Narrow(0, from, count), bias?.Narrow(0, from, count)));
        });
        return output;
    }

    /// <summary>[N, Cin, H, W]; the input's numbers are not read.</summary>
    public Tensor InputGradient(Tensor input, Tensor weights, Tensor gradient)
    {
        var dividesInputs = steps.Groups == 1 && x[1] >= 2 * FewestChannels;
        if (IsSmall || !DividesImages && !dividesInputs)
            return Gradient(gradient, input, weights, 0);
        var output = Tensor.Empty(x, ScalarType.Float32);
        Divide(DividesImages ? x[0] : x[1], DividesImages ? 1 : ChannelBlock, (_, from, count) =>
        {
            if (DividesImages)
                Aten.Copy_(output.Narrow(0, from, count),
                    Gradient(gradient.Narrow(0, from, count), input.Narrow(0, from, count), weights, 0));
            else
                Aten.Copy_(output.Narrow(1, from, count),
                    Gradient(gradient, input.Narrow(1, from, count), weights.Narrow(1, from, count).Contiguous(), 0));
        });
        return output;
    }

    /// <summary>[Cout, Cin / groups, K, K].</summary>
    public Tensor WeightGradient(Tensor input, Tensor weights, Tensor gradient)
    {
        // Sums of images cost as much as the weights are many, channels as often as the input is read.
        if (!IsSmall && DividesChannels && weights.Elements * x[0] > input.Elements)
        {
            var output = Tensor.Empty(weight, ScalarType.Float32);
            Divide(weight[0], ChannelBlock, (_, from, count) => Aten.Copy_(output.Narrow(0, from, count),
                Gradient(gradient.Narrow(1, from, count).Contiguous(), input, weights.Narrow(0, from, count), 1)));
            return output;
        }
        if (IsSmall || !DividesImages)
            return Gradient(gradient, input, weights, 1);
        var parts = new Tensor[Pieces(x[0], 1)];
        Divide(x[0], 1, (piece, from, count) =>
            parts[piece] = Gradient(gradient.Narrow(0, from, count), input.Narrow(0, from, count), weights, 1).Own());
        var sum = parts[0];
        foreach (var part in parts[1..])
        {
            Aten.Add_(sum, part);
            part.Dispose();
        }
        return sum.Release();
    }

    long Across(int axis) =>
        (x[axis + 2] + 2 * steps.Padding[axis] - steps.Dilation[axis] * (weight[axis + 2] - 1) - 1) / steps.Stride[axis] + 1;

    bool DividesImages => x[0] > 1;

    bool DividesChannels => steps.Groups == 1 && weight[0] >= 2 * FewestChannels;

    static int Pieces(long count, int block) => (int)Math.Min(MostPieces, count / (block == 1 ? 1 : FewestChannels));

    // Calls with each piece's number, first and count.
    static void Divide(long count, int block, Action<int, long, long> piece)
    {
        var (pieces, blocks) = (Pieces(count, block), (count + block - 1) / block);
        LibtorchPieces.Run(pieces, k =>
        {
            long from = blocks * k / pieces * block, end = Math.Min(count, blocks * (k + 1) / pieces * block);
            piece(k, from, end - from);
        });
    }

    Tensor Convolution(Tensor input, Tensor weights, Tensor? bias) =>
        Aten.Conv2d(input, weights, bias, steps.Stride, steps.Padding, steps.Dilation, steps.Groups);

    // Of the input (0) or of the weight (1).
    Tensor Gradient(Tensor gradient, Tensor input, Tensor weights, int which) =>
        Aten.CallAll(backward, gradient, input, weights, Value.None, steps.Stride, steps.Padding, steps.Dilation, false, none,
            steps.Groups, new[] { which == 0, which == 1, false })[which].AsTensor();
}
