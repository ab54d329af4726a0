using System.Text.Json;
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
public sealed class BoxValidator(BoxFinder finder, BoxDataset data, IReadOnlyList<long> categories)
{
    /// <summary>
    /// The detections of every image, or of the part that this process has, in the order of the split, in pixels of the stored image.
    /// </summary>
    /// <param name="progress">Gets the images done.</param>
    /// <param name="first">The first image, from 0.</param>
    /// <param name="step">From one image to the next.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    public IReadOnlyList<Detection[]> Find(
        Action<int>? progress = null, int first = 0, int step = 1, CancellationToken stop = default)
    {
        var found = new List<Detection[]>(data.Images.Count);
        for (var k = first; k < data.Images.Count; k += step)
        {
            stop.ThrowIfCancellationRequested();
            found.Add(finder.Find(data.Images[k].Read()));
            progress?.Invoke(found.Count);
        }
        return found;
    }

    /// <summary>Detections as COCO's results: x, y, width and height.</summary>
    public CocoResults ResultsOf(IReadOnlyList<Detection[]> found)
    {
        ArgumentNullException.ThrowIfNull(found);
        var entries = data.Images.Zip(found).SelectMany(image => image.Second.Select(d => (image.First.Id, Detection: d)));
        return new CocoResults("the network's answers", [.. entries.Select((entry, k) => new CocoResult
        {
            Index = k,
            ImageId = entry.Id,
            CategoryId = categories[entry.Detection.Label],
            Score = entry.Detection.Score,
            Box = BoxOf(entry.Detection.Box),
        })]);
    }

    /// <summary>A box as x, y, width and height.</summary>
    public CocoBox BoxOf(Box box)
    {
        var extent = finder.Form.Extent;
        return new CocoBox(box.X1, box.Y1, box.X2 - box.X1 + extent, box.Y2 - box.Y1 + extent);
    }

    /// <summary>Writes detections in COCO's form of results.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(string path, IReadOnlyList<Detection[]> found)
    {
        using var stream = File.Create(path);
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartArray();
        foreach (var entry in ResultsOf(found).Entries)
        {
            json.WriteStartObject();
            json.WriteNumber("image_id", entry.ImageId);
            json.WriteNumber("category_id", entry.CategoryId);
            json.WriteStartArray("bbox");
            foreach (var number in new[] { entry.Box!.Value.X, entry.Box.Value.Y, entry.Box.Value.Width, entry.Box.Value.Height })
                json.WriteNumberValue(number);
            json.WriteEndArray();
            json.WriteNumber("score", entry.Score);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>COCO's twelve numbers.</summary>
    /// <param name="found">The detections of every image.</param>
    /// <param name="threads">Threads that score.</param>
    /// <param name="bootstrap">Resamplings of the images for intervals; 0 for none.</param>
    public ObjectScores Score(IReadOnlyList<Detection[]> found, int threads, int bootstrap = 0) =>
        ObjectScorer.Score(data.Truth, ResultsOf(found), new ObjectScoreOptions { Threads = threads, Bootstrap = bootstrap });
}
