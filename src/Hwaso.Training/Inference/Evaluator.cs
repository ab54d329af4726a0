using Hwaso.Data;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;
using Hwaso.Training.Metrics;

namespace Hwaso.Training.Inference;

/// <summary>Scores a network on a data set; the next image is read while the network works on one.</summary>
public static class Evaluator
{
    const string TrainIdsEnd = "_labelTrainIds.png";

    /// <summary>Scores a split; of Cityscapes also by category and weighted by instance, where label ids and instance ids lie beside the labels.</summary>
    /// <exception cref="DatasetException">An image or label cannot be used.</exception>
    public static Evaluation Score(Segmenter segmenter, SegmentationDataset data, Action<int>? progress = null, CancellationToken stop = default)
    {
        var scorer = data is CityscapesDataset && data.Samples.All(s => s.InstancePath is not null && File.Exists(IdsOf(s))) ? new CityscapesScorer() : null;
        var confusion = Count(segmenter, data, progress, (item, prediction) => scorer?.Add(AsIds(prediction), Png.ReadLabels(IdsOf(item.Sample)), Png.ReadGray16(item.Sample.InstancePath!)), stop);
        return new Evaluation(Scores.Of(confusion, data.Classes.HasBackground), confusion, scorer?.Score(), data.Samples.Count);
    }

    /// <summary>Counts every labelled pixel of a split.</summary>
    /// <param name="segmenter">The network and how it is asked.</param>
    /// <param name="data">The split.</param>
    /// <param name="progress">Told the images done.</param>
    /// <param name="each">Given each image with its prediction, in order.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    /// <exception cref="DatasetException">An image or label cannot be used.</exception>
    public static ConfusionMatrix Count(
        Segmenter segmenter, SegmentationDataset data, Action<int>? progress = null, Action<LabelledImage, LabelMap>? each = null, CancellationToken stop = default)
    {
        var confusion = new ConfusionMatrix(data.Classes.Count);
        var next = data.Samples.Count > 0 ? Task.Run(() => data.Read(0), stop) : null;
        for (var k = 0; k < data.Samples.Count; k++)
        {
            stop.ThrowIfCancellationRequested();
            var item = next!.GetAwaiter().GetResult();
            var following = k + 1;
            next = following < data.Samples.Count ? Task.Run(() => data.Read(following), stop) : null;
            var prediction = segmenter.Label(item.Image, item.Labels.Height, item.Labels.Width);
            confusion.Add(item.Labels.Labels, prediction.Labels, ClassList.Ignore);
            each?.Invoke(item, prediction);
            progress?.Invoke(following);
        }
        return confusion;
    }

    static string IdsOf(Sample sample) => sample.LabelPath!.Replace(TrainIdsEnd, "_labelIds.png", StringComparison.Ordinal);

    /// <summary>Training indices as Cityscapes' label ids, which its own scores are defined on.</summary>
    static LabelMap AsIds(LabelMap prediction)
    {
        var ids = LabelTable.CityscapesClassIds;
        return new LabelMap(prediction.Width, prediction.Height, Array.ConvertAll(prediction.Labels, k => (byte)ids[k]));
    }
}
