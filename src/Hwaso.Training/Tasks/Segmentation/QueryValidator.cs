using Hwaso.Data;
using Hwaso.Data.Annotations;
using Hwaso.Data.Boxes;
using Hwaso.Data.Panoptic;
using Hwaso.Imaging;
using Hwaso.Imaging.Masks;
using Hwaso.Inference.Queries;
using Hwaso.Metrics.Coco;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>Finds instances and panoptic segments in every image of a split and scores them as COCO does.</summary>
/// <param name="network">Finds them.</param>
public sealed class QueryValidator(QueryNetwork network)
{
    /// <summary>Panoptic quality on a split that tells objects apart.</summary>
    /// <param name="data">The split.</param>
    /// <param name="writer">Receives the segments of each image; null for none.</param>
    /// <param name="progress">Gets the images done.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    /// <exception cref="ArgumentException">The split does not tell objects apart, or has other classes.</exception>
    /// <exception cref="DatasetException">An image or its segments cannot be used.</exception>
    public PanopticScores Panoptic(
        SegmentationDataset data, PanopticWriter? writer = null, Action<int>? progress = null, CancellationToken stop = default)
    {
        var truth = TruthOf(data);
        var things = truth.Categories.Index().Where(c => c.Item.IsThing).Select(c => c.Index).ToHashSet();
        long[] ids = [.. truth.Categories.Select(c => c.Id)];
        var tally = new PanopticTally(truth.Categories);
        foreach (var (k, sample) in data.Samples.Index())
        {
            stop.ThrowIfCancellationRequested();
            var expected = truth.SegmentsOf(k);
            var image = ImageFile.ReadRgb(sample.ImagePath);
            if (image.Width != expected.Width || image.Height != expected.Height)
                throw new DatasetException(sample.ImagePath, $"is {image.Width}×{image.Height}, its segments are {expected.Width}×"
                    + $"{expected.Height}; they must be of one size");
            var map = QuerySegments.Panoptic(network.Ask(image), things, network.Limits, ids);
            tally.Add(expected, map);
            writer?.Add(truth.ImageIdOf(k), sample.Id, map);
            progress?.Invoke(k + 1);
        }
        writer?.Finish(truth.Categories);
        return tally.Scores();
    }

    /// <summary>The instances of every image of a split that tells objects apart, and the true ones, in COCO's form.</summary>
    /// <inheritdoc cref="Panoptic"/>
    public (CocoFile Truth, CocoResults Found) Instances(
        SegmentationDataset data, Action<int>? progress = null, CancellationToken stop = default)
    {
        var truth = TruthOf(data);
        var (images, objects, found) = (new List<CocoImage>(), new List<CocoAnnotation>(), new List<CocoResult>());
        var labels = truth.Categories.Index().Where(c => c.Item.IsThing).ToDictionary(c => c.Index, c => c.Item.Id);
        for (var k = 0; k < data.Samples.Count; k++)
        {
            stop.ThrowIfCancellationRequested();
            var (image, own) = PanopticInstances.Of(truth, k, objects.Count + 1);
            images.Add(image);
            objects.AddRange(own);
            Add(found, image.Id, ImageFile.ReadRgb(data.Samples[k].ImagePath), labels);
            progress?.Invoke(k + 1);
        }
        CocoCategory[] categories = [.. truth.Categories.Where(c => c.IsThing).Select(c => new CocoCategory(c.Id, c.Name))];
        return (new CocoFile(data.Name, images, categories, objects), new CocoResults("the network's answers", found));
    }

    /// <summary>The instances of every image of a split with boxes and outlines, and the true ones.</summary>
    /// <param name="data">The split, opened with outlines.</param>
    /// <param name="progress">Gets the images done.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    /// <exception cref="ArgumentException">None of the network's classes is among the split's categories.</exception>
    /// <exception cref="DatasetException">An image cannot be used.</exception>
    public (CocoFile Truth, CocoResults Found) Instances(BoxDataset data, Action<int>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        var byName = data.Categories.GroupBy(c => c.Name).ToDictionary(g => g.Key, g => g.First().Id);
        // Stuff has no instances there.
        var labels = network.Classes.Index().Where(c => byName.ContainsKey(c.Item.Name)).ToDictionary(c => c.Index, c => byName[c.Item.Name]);
        if (labels.Count == 0)
            throw new ArgumentException($"{network.Source}: none of its classes, {string.Join(", ", network.Classes.Take(10).Select(c => c.Name))}"
                + $", is a category of {data.Name}, {string.Join(", ", byName.Keys.Take(10))}; name data that fit");
        var found = new List<CocoResult>();
        foreach (var (k, image) in data.Images.Index())
        {
            stop.ThrowIfCancellationRequested();
            Add(found, image.Id, image.Read(), labels);
            progress?.Invoke(k + 1);
        }
        return (data.Truth, new CocoResults("the network's answers", found));
    }

    void Add(List<CocoResult> found, long imageId, RgbImage image, Dictionary<int, long> labels) => found.AddRange(
        QuerySegments.Instances(network.Ask(image), network.Limits, labels.Keys.ToHashSet()).Select((one, k) => new CocoResult
        {
            Index = found.Count + k,
            ImageId = imageId,
            CategoryId = labels[one.Label],
            Score = one.Score,
            Outline = new CocoOutline { Height = image.Height, Width = image.Width, Text = RunLengthText.Write(one.Mask) },
        }).ToArray());

    IPanopticTruth TruthOf(SegmentationDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data is not IPanopticTruth truth)
            throw new ArgumentException($"{data.Name} does not tell objects apart; a data set of layout coco-panoptic or cityscapes was wanted");
        return network.Classes.Count == truth.Categories.Count ? truth
            : throw new ArgumentException($"{network.Source} is of {network.Classes.Count} classes, {data.Name} has "
                + $"{truth.Categories.Count}; name data that fit");
    }
}
