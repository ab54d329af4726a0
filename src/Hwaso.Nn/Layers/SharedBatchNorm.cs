using Hwaso.Torch;
using Hwaso.Torch.Autograd;
using Hwaso.Torch.Processes;

namespace Hwaso.Nn;

/// <summary>
/// Batch normalisation whose mean and variance are those of all processes' batches together, which may be of different sizes: as of one
/// process with all of them. Its backward pass adds two numbers per channel over the processes.
/// </summary>
/// <param name="place">The module, for errors.</param>
/// <param name="group">The processes.</param>
/// <param name="epsilon">Added to the variance.</param>
sealed class SharedBatchNorm(string place, ProcessGroup group, double epsilon) : Function
{
    static readonly long[] perChannel = [0, 2, 3];
    static readonly Operator varMean = new("aten::var_mean.dim");

    Tensor? input, weight, mean, inverse, count;

    /// <inheritdoc/>
    public override string Name => "shared_batch_norm";

    /// <summary>How many values each channel has over all processes, the mean [C] and the variance [C] of the last forward pass.</summary>
    public (double Count, Tensor Mean, Tensor Variance) Statistics { get; private set; }

    /// <summary>Normalises x [N, C, H, W] with weight [C] and bias [C].</summary>
    protected override Tensor[] Forward(Tensor[] inputs)
    {
        var (x, channels) = (inputs[0], inputs[0].Size(1));
        var values = x.Elements / channels;
        // Each process's mean and squared distances from it, joined as Chan, Golub and LeVeque do (1983): sums of squares would cancel.
        var own = Aten.CallAll(varMean, Exact(x), perChannel, false, false);
        var rows = group.Gather(Tensor.Concat(
        [
            own[1].AsTensor().To(ScalarType.Float64), own[0].AsTensor().To(ScalarType.Float64),
            Tensor.From([(double)values], 1).To(x.Device),
        ], 0));
        var (total, joined, distances) = (0.0, Tensor.Zeros([channels], ScalarType.Float64, x.Device),
            Tensor.Zeros([channels], ScalarType.Float64, x.Device));
        foreach (var row in rows)
        {
            var (rowMean, rowVariance) = (row.Narrow(0, 0, channels), row.Narrow(0, channels, channels));
            var there = row.Narrow(0, 2 * channels, 1).Item();
            var apart = rowMean - joined;
            distances = distances + rowVariance * there + apart * apart * (total * there / (total + there));
            joined += apart * (there / (total + there));
            total += there;
        }
        if (total <= 1)
            throw new OneValuePerChannelException(place, x);
        var variance = distances / total;
        (input, weight) = (Save(x), Save(inputs[1]));
        mean = Save(joined.To(inputs[1].Type));
        inverse = Save(Aten.Rsqrt(variance + epsilon).To(inputs[1].Type));
        count = Save(Tensor.From([total], 1));
        Statistics = (total, mean, Save(variance.To(inputs[1].Type)));
        return [Aten.BatchNorm(x, inputs[1], inputs[2], mean, Statistics.Variance, training: false, 0, epsilon, cudnnEnabled: true)];
    }

    /// <inheritdoc/>
    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        if (gradients[0] is not { } dy)
            return [null, null, null];
        dy = Exact(dy);
        var x = Exact(input!);
        var bias = dy.Sum(perChannel);                                                         // Σ dy
        var scaled = (dy * (x - Row(mean!))).Sum(perChannel);                                  // Σ dy (x − µ)
        var sums = Tensor.Concat([bias, scaled], 0);
        group.Sum(sums);
        var (channels, total) = (bias.Elements, count!.Item());
        var (allBias, allScaled) = (sums.Narrow(0, 0, channels), sums.Narrow(0, channels, channels));
        var factor = weight! * inverse!;
        var slope = factor * inverse! * inverse! * allScaled / -total;
        var dx = dy * Row(factor) + (x - Row(mean!)) * Row(slope) - Row(factor * allBias / total);
        return [dx.To(input!.Type), scaled * inverse!, bias];
    }

    // Narrow types have too few digits for sums over a batch.
    static Tensor Exact(Tensor tensor) => tensor.Type == ScalarType.Float64 ? tensor : tensor.To(ScalarType.Float32);

    static Tensor Row(Tensor channels) => channels.Reshape(1, -1, 1, 1);
}
