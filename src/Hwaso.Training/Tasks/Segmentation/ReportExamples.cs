using Hwaso.Data;
using Hwaso.Inference;
using Hwaso.Metrics;
using Hwaso.Reports;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>Chooses the pictures of a report from the validation split: the images that the network labels worst, and best.</summary>
/// <param name="segmenter">The network, with its best weights.</param>
/// <param name="depth">Shows its depth; null where it has none.</param>
sealed class ReportExamples(Segmenter segmenter, DepthView? depth)
{
    const int OfEach = 3;

    // A page should not take as long as an epoch.
    const int MostScored = 500;

    /// <summary>
    /// The worst and the best of at most 500 images, evenly spaced over the split, each in order of its mIoU over the classes that are in
    /// it or predicted.
    /// </summary>
    public IReadOnlyList<ExamplePicture> Choose(SegmentationDataset data)
    {
        var count = Math.Min(MostScored, data.Samples.Count);
        var scored = Enumerable.Range(0, count).Select(k => (int)((long)k * data.Samples.Count / count))
            .Select(index => (Index: index, Score: ScoreOf(data, index))).Where(i => i.Score is not null).OrderBy(i => i.Score).ToArray();
        // Of few images none is both.
        var each = Math.Min(OfEach, (scored.Length + 1) / 2);
        var best = scored.Reverse().Take(Math.Min(each, scored.Length - each)).ToArray();
        var of = count < data.Samples.Count ? $"{count} of {data.Samples.Count} images, evenly spaced" : $"{count} images";
        return
        [
            .. best.Select(i => Look(data, i.Index, depth) with { Group = $"Best of {of}" }),
            .. scored.Take(each).Select(i => Look(data, i.Index, depth) with { Group = $"Worst of {of}" }),
        ];
    }

    // Validations named the images that cannot be used.
    double? ScoreOf(SegmentationDataset data, int index)
    {
        try
        {
            return Look(data, index).Miou;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return null;
        }
    }

    ExamplePicture Look(SegmentationDataset data, int index, DepthView? view = null)
    {
        var item = data.Read(index, segmenter.Channels);
        var prediction = segmenter.Segment(item.Pixels, item.Labels.Height, item.Labels.Width);
        var confusion = new ConfusionMatrix(data.Classes.Count);
        confusion.Add(item.Labels.Labels, prediction.Labels, ClassList.Ignore);
        var picture = new ExamplePicture(item.Sample.Id, item.Image, item.Labels, prediction, Scores.Of(confusion).Miou);
        return view?.Of(item) is var (seen, truth) ? picture with { Depth = seen, TrueDepth = truth } : picture;
    }
}
