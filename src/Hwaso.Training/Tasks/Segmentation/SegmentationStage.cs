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
sealed class SegmentationStage(
    SegmentationNet net, ISegmentationObjective objective, TrainStageRecipe? stage, Loader loader, SegmentationDataset data) : ILearnerStage
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
        loader.Epoch(epoch, firstBatch).Select(batch => new SegmentationBatch(batch, objective, data));

    /// <summary>Frees the losses.</summary>
    public void Dispose() => objective.Dispose();
}

/// <summary>Images with labels, and with depth where it is learned.</summary>
/// <param name="batch">The loader's batch; disposed with this.</param>
/// <param name="objective">The losses.</param>
/// <param name="data">The training split.</param>
sealed class SegmentationBatch(Batch batch, ISegmentationObjective objective, SegmentationDataset data) : ITrainingBatch
{
    /// <inheritdoc/>
    public string Text => $"{batch.Count} images of {batch.Height}x{batch.Width}";

    /// <inheritdoc/>
    public IEnumerable<string> Files => batch.Ids.Select(id => data.Samples.First(s => s.Id == id).ImagePath);

    /// <inheritdoc/>
    public Tensor Loss(ForwardPass pass)
    {
        var (images, labels) = batch.ToTensors(pass.Device);
        var outputs = pass.Run(images, objective.Forward);
        return objective.Loss(outputs, new Targets(labels, batch.ToDepth(pass.Device)));
    }

    /// <summary>Gives the buffers back.</summary>
    public void Dispose() => batch.Dispose();
}
