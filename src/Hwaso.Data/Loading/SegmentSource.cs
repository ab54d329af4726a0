using Hwaso.Data.Depth;
using Hwaso.Data.Panoptic;

namespace Hwaso.Data.Loading;

/// <summary>
/// The segments of a split's images for a loader, which crops, scales and mirrors one map of numbers beside the labels, as it does depth:
/// the number of each pixel's segment, exact since a float holds 24 bits; NaN where there is none, and on crowds, whose objects nobody told
/// apart.
/// </summary>
public sealed class SegmentSource : DepthSource
{
    readonly IPanopticTruth truth;
    readonly Dictionary<Sample, int> places;

    /// <summary>The segments of a split.</summary>
    /// <param name="data">The split.</param>
    /// <exception cref="ArgumentException">Its layout does not tell objects apart.</exception>
    public SegmentSource(SegmentationDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        truth = data as IPanopticTruth ?? throw new ArgumentException(
            $"{data.Name} does not tell objects apart; a data set of layout coco-panoptic or cityscapes was wanted");
        places = data.Samples.Index().ToDictionary(s => s.Item, s => s.Index);
    }

    /// <inheritdoc/>
    public override string PathOf(Sample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        return sample.InstancePath ?? sample.LabelPath ?? sample.ImagePath;
    }

    /// <inheritdoc/>
    public override DepthMap Read(Sample sample)
    {
        var map = truth.SegmentsOf(places[sample]);
        var crowds = map.Segments.Where(s => s.IsCrowd).Select(s => s.Id).Append(PanopticMap.Void).ToHashSet();
        return new DepthMap(map.Width, map.Height, Array.ConvertAll(map.Ids, id => crowds.Contains(id) ? float.NaN : id));
    }
}
