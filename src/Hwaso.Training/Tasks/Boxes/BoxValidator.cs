using Hwaso.Data.Annotations;
using Hwaso.Data.Boxes;
using Hwaso.Inference.Boxes;
using Hwaso.Metrics.Coco;
using Hwaso.Nn.Boxes;

namespace Hwaso.Training.Tasks.Boxes;

/// <summary>Finds the objects of every image of a split and scores them as COCO does.</summary>
/// <param name="finder">Finds them.</param>
/// <param name="data">The split.</param>
/// <param name="categories">The number of the category that each class of the network is in the split.</param>
public sealed class BoxValidator(IObjectFinder finder, BoxDataset data, IReadOnlyList<long> categories)
{
    /// <summary>
    /// The detections of every image, or of the part that this process has, in the order of the split, in pixels of the stored image.
    /// </summary>
    /// <param name="progress">Gets the images done.</param>
    /// <param name="first">The first image, from 0.</param>
    /// <param name="step">From one image to the next.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    public IReadOnlyList<FoundObject[]> Find(
        Action<int>? progress = null, int first = 0, int step = 1, CancellationToken stop = default)
    {
        var found = new List<FoundObject[]>(data.Images.Count);
        for (var k = first; k < data.Images.Count; k += step)
        {
            stop.ThrowIfCancellationRequested();
            found.Add(finder.Find(data.Images[k].Read()));
            progress?.Invoke(found.Count);
        }
        return found;
    }

    /// <summary>Detections as COCO's results: x, y, width and height.</summary>
    public CocoResults ResultsOf(IReadOnlyList<FoundObject[]> found)
    {
        ArgumentNullException.ThrowIfNull(found);
        return ResultsOf(found, (result, _, one) => result with { Box = BoxOf(one.Box) });
    }

    /// <summary>Masks as COCO's results: run lengths as text, without boxes, so that sizes are those of the masks.</summary>
    /// <exception cref="InvalidOperationException">The network finds no masks.</exception>
    public CocoResults MaskResultsOf(IReadOnlyList<FoundObject[]> found)
    {
        ArgumentNullException.ThrowIfNull(found);
        return ResultsOf(found, (result, image, one) => result with
        {
            Outline = new CocoOutline
            {
                Height = image.Height,
                Width = image.Width,
                Text = one.Mask ?? throw new InvalidOperationException("the network finds no masks"),
            },
        });
    }

    CocoResults ResultsOf(IReadOnlyList<FoundObject[]> found, Func<CocoResult, BoxImage, FoundObject, CocoResult> with)
    {
        var entries = data.Images.Zip(found).SelectMany(image => image.Second.Select(one => (Image: image.First, One: one)));
        return new CocoResults("the network's answers", [.. entries.Select((entry, k) => with(
            new CocoResult
            {
                Index = k,
                ImageId = entry.Image.Id,
                CategoryId = categories[entry.One.Label],
                Score = entry.One.Score,
            },
            entry.Image, entry.One))]);
    }

    /// <summary>A box as x, y, width and height.</summary>
    public CocoBox BoxOf(Box box)
    {
        var extent = finder.Form.Extent;
        return new CocoBox(box.X1, box.Y1, box.X2 - box.X1 + extent, box.Y2 - box.Y1 + extent);
    }

    /// <summary>
    /// Writes detections in COCO's form of results: boxes, and masks into a file of their own, <c>NAME.masks.json</c> beside
    /// <c>NAME.json</c>, since pycocotools takes the sizes of objects from boxes where a file has both.
    /// </summary>
    /// <returns>The files.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public IReadOnlyList<string> Write(string path, IReadOnlyList<FoundObject[]> found)
    {
        CocoResultsWriter.Write(path, ResultsOf(found));
        if (!HasMasks)
            return [path];
        var masks = Path.ChangeExtension(path, ".masks" + Path.GetExtension(path));
        CocoResultsWriter.Write(masks, MaskResultsOf(found));
        return [path, masks];
    }

    /// <summary>Whether the network finds masks too.</summary>
    public bool HasMasks => finder.HasMasks;

    /// <summary>COCO's twelve numbers of boxes.</summary>
    /// <param name="found">The detections of every image.</param>
    /// <param name="threads">Threads that score.</param>
    /// <param name="bootstrap">Resamplings of the images for intervals; 0 for none.</param>
    public ObjectScores Score(IReadOnlyList<FoundObject[]> found, int threads, int bootstrap = 0) =>
        ObjectScorer.Score(data.Truth, ResultsOf(found), new ObjectScoreOptions { Threads = threads, Bootstrap = bootstrap });

    /// <summary>COCO's twelve numbers of masks, of a split opened with outlines; null where the network finds none.</summary>
    /// <inheritdoc cref="Score"/>
    public ObjectScores? ScoreMasks(IReadOnlyList<FoundObject[]> found, int threads, int bootstrap = 0) => !HasMasks ? null
        : ObjectScorer.Score(
            data.Truth, MaskResultsOf(found), new ObjectScoreOptions { Threads = threads, Bootstrap = bootstrap, Masks = true });
}
