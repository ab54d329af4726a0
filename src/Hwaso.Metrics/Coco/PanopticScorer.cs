using System.Runtime.ExceptionServices;
using Hwaso.Data;
using Hwaso.Data.Panoptic;

namespace Hwaso.Metrics.Coco;

/// <summary>Scores files of COCO's panoptic form, as cocodataset/panopticapi does.</summary>
public static class PanopticScorer
{
    /// <summary>Scores found segments against true ones.</summary>
    /// <param name="truth">The true segments; every image of it counts.</param>
    /// <param name="found">The found ones; images that the truth does not have are left out.</param>
    /// <param name="threads">Threads that read and count.</param>
    /// <param name="progress">Gets the images done.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    /// <exception cref="DatasetException">An image has no found segments, or files do not fit each other.</exception>
    /// <exception cref="Imaging.ImageFormatException">A PNG is damaged.</exception>
    public static PanopticScores Score(
        PanopticFile truth, PanopticFile found, int threads = 1, Action<int>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(found);
        var categories = truth.Categories.Select(c => c.Id).ToHashSet();
        var byImage = found.Entries.ToDictionary(e => e.ImageId);
        if (truth.Entries.FirstOrDefault(e => !byImage.ContainsKey(e.ImageId)) is { } missing)
            throw new DatasetException(found.Path, $"has no entry for image {missing.ImageId} of {truth.Path}; an image without segments "
                + "has an entry with an empty list");
        var tally = new PanopticTally(truth.Categories);
        var done = 0;
        try
        {
            // In the truth's order, so that sums do not depend on threads.
            foreach (var one in truth.Entries.AsParallel().AsOrdered().WithDegreeOfParallelism(Math.Max(1, threads))
                .WithCancellation(stop).Select(entry => Tally(truth, found, entry, byImage[entry.ImageId], categories)))
            {
                tally.Add(one);
                progress?.Invoke(++done);
            }
        }
        catch (AggregateException several)
        {
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
        }
        return tally.Scores();
    }

    static PanopticTally Tally(PanopticFile truth, PanopticFile found, PanopticEntry entry, PanopticEntry guess, HashSet<long> categories)
    {
        var tally = new PanopticTally(truth.Categories);
        var (real, own) = (truth.MapOf(entry, categories), found.MapOf(guess, categories));
        try
        {
            tally.Add(real, own);
        }
        catch (ArgumentException error)
        {
            throw new DatasetException(Path.Combine(found.Folder, guess.FileName), $"image {entry.ImageId}: {error.Message}");
        }
        return tally;
    }
}
