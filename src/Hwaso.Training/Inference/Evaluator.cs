using Hwaso.Data;
using Hwaso.Training.Metrics;

namespace Hwaso.Training.Inference;

/// <summary>Scores a network on a data set; the next image is read while the network works on one.</summary>
public static class Evaluator
{
    /// <summary>Counts every labelled pixel of a split.</summary>
    /// <param name="segmenter">The network and how it is asked.</param>
    /// <param name="data">The split.</param>
    /// <param name="progress">Told the images done.</param>
    /// <param name="each">Given each image with its prediction, in order.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    /// <exception cref="DatasetException">An image or label cannot be used.</exception>
    public static ConfusionMatrix Count(
        Segmenter segmenter, SegmentationDataset data, Action<int>? progress = null, Action<LabelledImage, Hwaso.Imaging.LabelMap>? each = null, CancellationToken stop = default)
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
}
