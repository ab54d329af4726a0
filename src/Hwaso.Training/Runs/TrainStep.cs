using Hwaso.Data.Loading;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;
using Hwaso.Training.Objectives;

namespace Hwaso.Training.Runs;

/// <summary>One optimiser step: as many batches as are accumulated, forward and backward, then the update.</summary>
/// <param name="objective">What is learned.</param>
/// <param name="optimiser">What updates.</param>
/// <param name="average">The moving average that takes each step in; null where there is none.</param>
/// <param name="train">Batches a step, and how tensors lie in memory.</param>
/// <param name="device">Where it happens.</param>
/// <param name="compute">The narrower type that products and convolutions compute in; null for float32.</param>
sealed class TrainStep(ITrainingObjective objective, Optimiser optimiser, WeightAverage? average, TrainRecipe train, Device device, ScalarType? compute)
{
    /// <summary>What keeps float16's gradients in range; null where none is needed.</summary>
    public LossScaler? Scaler { get; } = compute == ScalarType.Float16 ? new LossScaler() : null;

    /// <summary>Whether the last step was left out because the scale was too large for it.</summary>
    public bool WasLeftOut { get; private set; }

    /// <summary>The images of the last batch, by name.</summary>
    public IReadOnlyList<string> Ids { get; private set; } = [];

    /// <summary>Does a step and returns its loss, the mean of its batches; one that is not finite leaves the weights as they are.</summary>
    /// <param name="batches">Where the batches come from; each is disposed.</param>
    /// <param name="rate">The learning rate.</param>
    /// <exception cref="TrainingException">Memory is short.</exception>
    public double Run(IEnumerator<Batch> batches, double rate)
    {
        using var scope = new Scope();
        var sum = 0.0;
        optimiser.LearningRate = rate;
        WasLeftOut = false;
        for (var k = 0; k < train.Accumulate; k++)
        {
            batches.MoveNext();
            using var batch = batches.Current;
            sum += Backward(batch);
            if (!double.IsFinite(sum))
            {
                Scaler?.Adapt(finite: false);
                return LeaveOut(sum);
            }
        }
        if (Scaler?.Unscale(optimiser.Groups) == false)
            return LeaveOut(sum / train.Accumulate);
        if (train.ClipNorm is { } limit)
            GradientClipping.Clip(optimiser.Groups, limit);
        optimiser.Step();
        average?.Update();
        optimiser.ZeroGrad();
        return sum / train.Accumulate;
    }

    double LeaveOut(double loss)
    {
        WasLeftOut = Scaler is { IsExhausted: false };
        optimiser.ZeroGrad();
        // Where no scale helps, the network itself overflows.
        return Scaler is { IsExhausted: true } ? double.NaN : loss;
    }

    Tensor[] Forward(Tensor images)
    {
        images = train.ChannelsLast ? images.Contiguous(MemoryFormat.ChannelsLast) : images;
        if (compute is not { } type)
            return objective.Forward(images);
        Tensor[] outputs;
        using (new Autocast(device, type))
            outputs = objective.Forward(images);
        // Losses are sums over a million pixels: narrow types have too few digits for them.
        return [.. outputs.Select(output => output.To(ScalarType.Float32))];
    }

    double Backward(Batch batch)
    {
        using var scope = new Scope();
        try
        {
            var (images, labels) = batch.ToTensors(device);
            var outputs = Forward(images);
            var value = objective.Loss(outputs, new Targets(labels, batch.ToDepth(device)));
            var number = value.Item();
            Ids = batch.Ids;
            if (double.IsFinite(number))
            {
                var share = train.Accumulate == 1 ? value : value / train.Accumulate;
                (Scaler?.Scaled(share) ?? share).Backward();
            }
            return number;
        }
        catch (TorchException error) when (error.IsOutOfMemory)
        {
            throw new TrainingException($"too little memory for {batch.Count} images of {batch.Height}x{batch.Width}: use a smaller train.batch (and train.accumulate to keep the step's size) or augment.crop; {error.Message}", error);
        }
    }
}
