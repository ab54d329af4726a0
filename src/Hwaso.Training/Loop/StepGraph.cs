using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Training.Loop;

/// <summary>
/// Forward and backward of a batch as a CUDA graph: the first steps run as usual, the next one is recorded, and every later one copies its
/// batch into the recorded one's tensors and replays. The optimiser's update, which reads the learning rate, is not a part of it.
/// </summary>
/// <param name="pass">How forward passes compute.</param>
/// <param name="optimiser">The optimiser. Its parameters' gradients lie in the graph's memory, where each step writes them anew.</param>
/// <param name="scaler">Keeps float16's gradients in range; null where none is needed.</param>
sealed class StepGraph(ForwardPass pass, Optimiser optimiser, LossScaler? scaler) : IDisposable
{
    // Libraries choose their kernels and take their memory in the first steps.
    const int StepsBefore = 3;

    readonly CudaGraph graph = new(pass.Device);
    Tensor[] inputs = [];
    Tensor? loss, scale;
    int steps;

    /// <summary>Runs forward and backward and returns the loss; a loss that is not finite leaves gradients that mean nothing.</summary>
    /// <exception cref="TrainingException">The batch's task, its shapes or its loss cannot be recorded.</exception>
    public double Run(ITrainingBatch batch)
    {
        using var scope = new Scope();
        if (batch is not IRecordableBatch recordable)
            throw new TrainingException("train.cuda_graph is not possible for this network's task; remove it");
        Place(recordable);
        if (steps < StepsBefore)
            graph.Warm(() => Work(recordable));
        else if (steps == StepsBefore)
            Record(recordable);
        if (steps >= StepsBefore)
            graph.Replay();
        steps++;
        return loss!.Item();
    }

    /// <summary>Frees the graph, its tensors and the gradients.</summary>
    public void Dispose()
    {
        optimiser.ZeroGrad();
        foreach (var tensor in inputs)
            tensor.Dispose();
        loss?.Dispose();
        scale?.Dispose();
        graph.Dispose();
    }

    void Place(IRecordableBatch batch)
    {
        using var scope = new Scope();
        var given = batch.Inputs(pass.Device);
        if (inputs.Length == 0)
        {
            inputs = [.. given.Select(tensor => tensor.Own())];
            scale = scaler is null ? null : Aten.Full([], scaler.Scale, ScalarType.Float32, pass.Device).Own();
        }
        else
        {
            foreach (var (to, from) in inputs.Zip(given, (to, from) => (to, from)))
            {
                if (!to.Shape.SequenceEqual(from.Shape))
                    throw new TrainingException($"train.cuda_graph: {batch.Text}: {from} follows {to}; batches of one shape were wanted");
                Aten.Copy_(to, from);
            }
            if (scaler is not null)
                Aten.Fill_(scale!, scaler.Scale);
        }
    }

    void Record(IRecordableBatch batch)
    {
        try
        {
            graph.Record(() => Work(batch));
        }
        catch (TorchException error) when (!error.IsOutOfMemory)
        {
            throw new TrainingException("train.cuda_graph: the step cannot be recorded, probably because its loss waits for the device "
                + $"(ohem, dice, lovasz, label_smoothing and the categorical head do); remove train.cuda_graph; {error.Message}", error);
        }
    }

    void Work(IRecordableBatch batch)
    {
        using var scope = new Scope();
        // Made by the recorded backward, they lie where each replay writes them.
        optimiser.ZeroGrad();
        var value = batch.Loss(pass, inputs);
        (scale is null ? value : value * scale).Backward();
        loss?.Dispose();
        loss = value.Detach().Own();
    }
}
