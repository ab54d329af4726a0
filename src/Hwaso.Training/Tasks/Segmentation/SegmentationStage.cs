using Hwaso.Data;
using Hwaso.Data.Loading;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>What a segmentation network learns in one stage of its training.</summary>
/// <param name="net">The network.</param>
/// <param name="objective">Its losses; disposed with this.</param>
/// <param name="stage">The stage; null where training has none, and everything learns.</param>
/// <param name="loader">Reads the batches.</param>
/// <param name="data">The training split.</param>
/// <param name="batches">Forward passes of the whole run.</param>
sealed class SegmentationStage(
    SegmentationNet net, ISegmentationObjective objective, TrainStageRecipe? stage, Loader loader, SegmentationDataset data, long batches)
    : ILearnerStage
{
    /// <inheritdoc/>
    public void Begin()
    {
        net.Train();
        if (net is UNetMultiDecoder decoders && stage is not null)
            decoders.Learn([.. stage.Learn]);
    }

    /// <inheritdoc/>
    public IEnumerable<ITrainingBatch> Batches(int epoch, int firstBatch) =>
        loader.Epoch(epoch, firstBatch).Select((batch, k) => BatchOf(batch, (long)epoch * loader.BatchesPerEpoch + firstBatch + k));

    ITrainingBatch BatchOf(Batch batch, long done)
    {
        var recordable = new SegmentationBatch(batch, objective, data);
        // Pairing reads the costs, and what follows training is set anew for each batch.
        return objective is MaskSetObjective || net is IFollowsTraining
            ? new FollowingBatch(recordable, net as IFollowsTraining, Math.Min((double)done / batches, 1)) : recordable;
    }

    /// <summary>Frees the losses.</summary>
    public void Dispose() => objective.Dispose();
}

/// <summary>A batch before which the network is set to the moment of training.</summary>
/// <param name="batch">The batch; disposed with this.</param>
/// <param name="net">The network; null where it does not follow.</param>
/// <param name="progress">The share of training that is done.</param>
sealed class FollowingBatch(SegmentationBatch batch, IFollowsTraining? net, double progress) : ITrainingBatch
{
    /// <inheritdoc/>
    public string Text => batch.Text;

    /// <inheritdoc/>
    public IEnumerable<string> Files => batch.Files;

    /// <inheritdoc/>
    public Tensor Loss(ForwardPass pass)
    {
        net?.FollowTraining(progress);
        return batch.Loss(pass);
    }

    /// <summary>Gives the buffers back.</summary>
    public void Dispose() => batch.Dispose();
}

/// <summary>Images with labels, and with depth where it is learned.</summary>
/// <param name="batch">The loader's batch; disposed with this.</param>
/// <param name="objective">The losses.</param>
/// <param name="data">The training split.</param>
sealed class SegmentationBatch(Batch batch, ISegmentationObjective objective, SegmentationDataset data) : IRecordableBatch
{
    /// <inheritdoc/>
    public string Text => $"{batch.Count} images of {batch.Height}x{batch.Width}";

    /// <inheritdoc/>
    public IEnumerable<string> Files => batch.Ids.Select(id => data.Samples.First(s => s.Id == id).ImagePath);

    /// <inheritdoc/>
    public Tensor Loss(ForwardPass pass) => Loss(pass, Inputs(pass.Device));

    /// <summary>Images, labels and, where it is learned, depth.</summary>
    public Tensor[] Inputs(Device device)
    {
        var (images, labels) = batch.ToTensors(device);
        return batch.ToDepth(device) is { } depth ? [images, labels, depth] : [images, labels];
    }

    /// <inheritdoc/>
    public Tensor Loss(ForwardPass pass, Tensor[] inputs) =>
        objective.Loss(pass.Run(inputs[0], objective.Forward), new Targets(inputs[1], inputs.ElementAtOrDefault(2)));

    /// <summary>Gives the buffers back.</summary>
    public void Dispose() => batch.Dispose();
}
