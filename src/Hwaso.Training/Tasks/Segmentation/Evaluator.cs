using Hwaso.Data;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Metrics;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>Scores a network on a data set; while it labels an image, the next is read and the last is counted.</summary>
public static class Evaluator
{
    const string TrainIdsEnd = "_labelTrainIds.png";

    /// <summary>
    /// Scores a split; of Cityscapes also by category and weighted by instance, where label ids and instance ids lie beside the labels.
    /// </summary>
    /// <param name="label">Gives an image's labels at a height and a width, as <see cref="Segmenter.Label"/> does.</param>
    /// <param name="data">The split.</param>
    /// <param name="options">What to count; null for the defaults.</param>
    /// <param name="progress">Gets the number of images done.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    /// <exception cref="DatasetException">An image or label cannot be used.</exception>
    public static ScoreReport Score(
        Func<RgbImage, int, int, LabelMap> label,
        SegmentationDataset data,
        ScoreOptions? options = null,
        Action<int>? progress = null,
        CancellationToken stop = default)
    {
        var cityscapes = data is CityscapesDataset && data.Samples.All(s => s.InstancePath is not null && File.Exists(IdsOf(s)));
        var tally = new ScoreTally(data.Classes, options ?? new ScoreOptions(), cityscapes);
        Label(label, data, Count, progress, stop);
        return tally.Report();

        void Count(LabelledImage item, LabelMap prediction) =>
            tally.Add(item.Sample.Id, prediction, item.Labels, cityscapes ? Ids(item.Sample, prediction) : null);
    }

    /// <summary>Scores a network of libtorch on a split.</summary>
    /// <inheritdoc cref="Score(Func{RgbImage, int, int, LabelMap}, SegmentationDataset, ScoreOptions?, Action{int}?, CancellationToken)"/>
    public static ScoreReport Score(
        Segmenter segmenter,
        SegmentationDataset data,
        ScoreOptions? options = null,
        Action<int>? progress = null,
        CancellationToken stop = default) =>
        Score(Labels(segmenter), data, options, progress, stop);

    /// <summary>Counts every labelled pixel of a split.</summary>
    /// <inheritdoc cref="Score(Func{RgbImage, int, int, LabelMap}, SegmentationDataset, ScoreOptions?, Action{int}?, CancellationToken)"/>
    public static ConfusionMatrix Count(
        Segmenter segmenter, SegmentationDataset data, Action<int>? progress = null, CancellationToken stop = default)
    {
        var confusion = new ConfusionMatrix(data.Classes.Count);
        Label(Labels(segmenter), data, Count, progress, stop);
        return confusion;

        void Count(LabelledImage item, LabelMap prediction) => confusion.Add(item.Labels.Labels, prediction.Labels, ClassList.Ignore);
    }

    static Func<RgbImage, int, int, LabelMap> Labels(Segmenter segmenter) =>
        (image, height, width) => segmenter.Label(image, height, width);

    static void Label(
        Func<RgbImage, int, int, LabelMap> label,
        SegmentationDataset data,
        Action<LabelledImage, LabelMap> count,
        Action<int>? progress,
        CancellationToken stop) =>
        Overlap.Run(
            data.Samples.Count, data.Read, item => label(item.Image, item.Labels.Height, item.Labels.Width), count, progress, stop);

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
