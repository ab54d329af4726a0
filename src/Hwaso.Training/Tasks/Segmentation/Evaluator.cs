using Hwaso.Data;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Metrics;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>Scores a network on a data set; while it works on an image the next is read and the last is counted.</summary>
public static class Evaluator
{
    const string TrainIdsEnd = "_labelTrainIds.png";

    /// <summary>
    /// Scores a split; of Cityscapes also by category and weighted by instance, where label ids and instance ids lie beside the labels.
    /// </summary>
    /// <param name="segmenter">The network.</param>
    /// <param name="data">The split.</param>
    /// <param name="options">What is counted; null for the usual.</param>
    /// <param name="progress">Receives the number of images done.</param>
    /// <param name="failed">Receives each image that cannot be used, and the others are scored; null to end at the first.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    /// <exception cref="DatasetException">An image or label cannot be used.</exception>
    public static ScoreReport Score(
        Segmenter segmenter, SegmentationDataset data, ScoreOptions? options = null, Action<int>? progress = null,
        Action<ImageFailure>? failed = null, CancellationToken stop = default)
    {
        var cityscapes = data is CityscapesDataset && data.Samples.All(s => s.InstancePath is not null && File.Exists(IdsOf(s)));
        var tally = new ScoreTally(data.Classes, options ?? new ScoreOptions(), cityscapes);
        Segment(segmenter, data, (item, labels) =>
            tally.Add(item.Sample.Id, labels, item.Labels, cityscapes ? Ids(item.Sample, labels) : null),
            progress, failed, stop);
        return tally.Report();
    }

    /// <summary>Counts every labelled pixel of a split, or of the part of its images that this process has.</summary>
    /// <param name="segmenter">The network.</param>
    /// <param name="data">The split.</param>
    /// <param name="progress">Receives the number of images done.</param>
    /// <param name="failed">Receives each image that cannot be used, and the others are counted; null to end at the first.</param>
    /// <param name="first">The first image, from 0.</param>
    /// <param name="step">From one image to the next.</param>
    /// <param name="looked">Receives each image with its labels and the network's, one after the other; null for nothing.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    /// <exception cref="DatasetException">An image or label cannot be used.</exception>
    public static ConfusionMatrix Count(Segmenter segmenter, SegmentationDataset data, Action<int>? progress = null,
        Action<ImageFailure>? failed = null, int first = 0, int step = 1, Action<LabelledImage, LabelMap>? looked = null,
        CancellationToken stop = default)
    {
        var confusion = new ConfusionMatrix(data.Classes.Count);
        Segment(segmenter, data, (item, labels) =>
        {
            confusion.Add(item.Labels.Labels, labels.Labels, ClassList.Ignore);
            looked?.Invoke(item, labels);
        }, progress, failed, stop, first, step);
        return confusion;
    }

    static void Segment(
        Segmenter segmenter, SegmentationDataset data, Action<LabelledImage, LabelMap> count, Action<int>? progress,
        Action<ImageFailure>? failed, CancellationToken stop, int first = 0, int step = 1) =>
        Overlap.Run(
            Math.Max(0, (data.Samples.Count - first + step - 1) / step),
            index => Attempt<LabelledImage>.Of(
                data.Samples[first + index * step].ImagePath, failed, () => data.Read(first + index * step, segmenter.Channels)),
            item => item.Then(failed, read => segmenter.Segment(read.Pixels, read.Labels.Height, read.Labels.Width, stop)),
            (item, labels) =>
            {
                var counted = labels.Then(failed, map =>
                {
                    count(item.Value!, map);
                    return true;
                });
                if (counted.Failure is { } failure)
                    failed!(failure);
            }, progress, stop);

    static string IdsOf(Sample sample) => sample.LabelPath!.Replace(TrainIdsEnd, "_labelIds.png", StringComparison.Ordinal);

    /// <summary>Both label maps as Cityscapes' label ids.</summary>
    static CityscapesIds Ids(Sample sample, LabelMap prediction)
    {
        var ids = LabelTable.CityscapesClassIds;
        var predicted = new LabelMap(prediction.Width, prediction.Height, Array.ConvertAll(prediction.Labels, k => (byte)ids[k]));
        var truth = Png.ReadLabels(IdsOf(sample));
        // 255 is how 8 bits hold id −1, the license plate, which nobody scores.
        truth.Labels.AsSpan().Replace(ClassList.Ignore, (byte)0);
        return new CityscapesIds(predicted, truth, Png.ReadGray16(sample.InstancePath!));
    }
}

/// <summary>What came of a step of the work on an image: a value, or the reason why there is none.</summary>
sealed record Attempt<T>(string Image, T? Value, ImageFailure? Failure)
{
    /// <summary>Does the first step; what it throws is kept as the failure where somebody receives failures, else thrown.</summary>
    public static Attempt<T> Of(string image, Action<ImageFailure>? failed, Func<T> work)
    {
        try
        {
            return new Attempt<T>(image, work(), null);
        }
        catch (Exception error) when (failed is not null && error is not OperationCanceledException)
        {
            return new Attempt<T>(image, default, ImageFailure.Of(image, error));
        }
    }

    /// <summary>Does the next step; a failure stays.</summary>
    public Attempt<TNext> Then<TNext>(Action<ImageFailure>? failed, Func<T, TNext> work) => Failure is null
        ? Attempt<TNext>.Of(Image, failed, () => work(Value!)) : new Attempt<TNext>(Image, default, Failure);
}
