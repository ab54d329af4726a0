using Hwaso.Data;
using Hwaso.Imaging;

namespace Hwaso.Metrics;

/// <summary>
/// Counts predictions against truth, image by image, in exact integers: memory does not grow with the images, and
/// neither their order nor threads (one tally each, merged at the end) change a figure.
/// </summary>
public sealed class ScoreTally
{
    readonly ClassList classes;
    readonly Bootstrap? bootstrap;
    readonly BoundaryTally? boundary;
    readonly CityscapesScorer? cityscapes;
    readonly long[] counts, before;

    /// <summary>An empty tally.</summary>
    /// <param name="classes">The classes.</param>
    /// <param name="options">The quantities to count beside the confusion matrix.</param>
    /// <param name="cityscapes">Whether to compute Cityscapes' own scores too, from label ids given with every image.</param>
    public ScoreTally(ClassList classes, ScoreOptions options, bool cityscapes = false)
    {
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(options);
        this.classes = classes;
        Confusion = new ConfusionMatrix(classes.Count);
        bootstrap = options.Bootstrap > 0 ? new Bootstrap(classes.Count, options.Bootstrap) : null;
        boundary = options.BoundaryRatio is { } ratio ? new BoundaryTally(classes.Count, ratio) : null;
        this.cityscapes = cityscapes ? new CityscapesScorer() : null;
        (counts, before) = (new long[3 * classes.Count], new long[3 * classes.Count]);
    }

    /// <summary>Pixels by true and predicted class.</summary>
    public ConfusionMatrix Confusion { get; }

    /// <summary>Images counted.</summary>
    public int Images { get; private set; }

    /// <summary>Counts one image; nothing is counted if it throws.</summary>
    /// <param name="name">The image's name; no other may have it.</param>
    /// <param name="prediction">Predicted training indices; others are no class, and misses.</param>
    /// <param name="truth">True training indices; 255 is ignored.</param>
    /// <param name="ids">Cityscapes' label ids of both, and the true instance ids if there are any.</param>
    /// <exception cref="ArgumentException">Sizes differ, or a true label is neither a class nor 255.</exception>
    public void Add(string name, LabelMap prediction, LabelMap truth, CityscapesIds? ids = null)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(truth);
        if (prediction.Width != truth.Width || prediction.Height != truth.Height)
            throw new ArgumentException($"the prediction is {prediction.Width}×{prediction.Height}, the truth "
                + $"{truth.Width}×{truth.Height}: they must be equal; resize labels by nearest neighbour");
        LabelRange.Check(truth.Labels, classes.Count, ClassList.Ignore);
        if (cityscapes is not null)
            cityscapes.Add((ids
                ?? throw new ArgumentException("label ids are missing; Cityscapes' own scores need them with every image")).Prediction,
                ids.Truth, ids.Instances);
        Confusion.Add(truth.Labels, prediction.Labels, ClassList.Ignore);
        boundary?.Add(prediction, truth);
        Resample(name);
        Images++;
    }

    /// <summary>Adds the counts of another tally, for instance another thread's.</summary>
    /// <exception cref="ArgumentException">The other tally counts other quantities.</exception>
    public void Add(ScoreTally other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.bootstrap is null != bootstrap is null || other.boundary is null != boundary is null
            || other.cityscapes is null != cityscapes is null)
            throw new ArgumentException("a tally can be added to one that counts the same things");
        Confusion.Add(other.Confusion);
        if (other.bootstrap is not null)
            bootstrap!.Add(other.bootstrap);
        if (other.boundary is not null)
            boundary!.Add(other.boundary);
        if (other.cityscapes is not null)
            cityscapes!.Add(other.cityscapes);
        Images += other.Images;
        NoteSums();
    }

    /// <summary>The scores of everything counted so far.</summary>
    public ScoreReport Report() => new(classes, Scores.Of(Confusion, classes.HasBackground), Confusion, Images)
    {
        Cityscapes = cityscapes?.Score(),
        Boundary = boundary?.Classes,
        Bootstrap = Images > 1 ? bootstrap : null,
    };

    // The image's own counts are the differences of the sums.
    void Resample(string name)
    {
        if (bootstrap is null)
            return;
        NoteSums();
        bootstrap.Add(name, counts);
    }

    void NoteSums()
    {
        for (var k = 0; k < classes.Count; k++)
        {
            Note(k, Confusion[k, k]);
            Note(classes.Count + k, Confusion.TruthPixels(k));
            Note(2 * classes.Count + k, Confusion.PredictedPixels(k));
        }
    }

    void Note(int place, long sum) => (counts[place], before[place]) = (sum - before[place], sum);
}

/// <summary>The quantities that are counted beside the confusion matrix.</summary>
public sealed record ScoreOptions
{
    /// <summary>Resamplings of the images for confidence intervals; 0 for none.</summary>
    public int Bootstrap { get; init; } = Metrics.Bootstrap.DefaultReplicates;

    /// <summary>Width of the boundary as a share of the diagonal, for boundary IoU; null for no boundary IoU.</summary>
    public double? BoundaryRatio { get; init; }
}
