using Hwaso.Imaging;

namespace Hwaso.Metrics;

/// <summary>
/// Scores label-id pictures image by image as Cityscapes does: IoU and instance-weighted IoU of classes and categories.
/// Cordts et al., "The Cityscapes Dataset for Semantic Urban Scene Understanding", CVPR 2016; figures equal cityscapesScripts'.
/// </summary>
public sealed class CityscapesScorer
{
    readonly IReadOnlyList<EvaluationLabel> labels;
    readonly InstanceTally instances;
    bool instancesMissing;

    /// <summary>An empty scorer.</summary>
    /// <param name="labels">Labels with ids 0, 1, 2, … in order; null takes <see cref="EvaluationLabel.Cityscapes"/>.</param>
    /// <exception cref="ArgumentException">Ids do not run 0, 1, 2, …, or there are more than the 65 that instance ids can name.</exception>
    public CityscapesScorer(IReadOnlyList<EvaluationLabel>? labels = null)
    {
        this.labels = labels ?? EvaluationLabel.Cityscapes;
        if (this.labels.Count is 0 or > 65)
            throw new ArgumentException($"{this.labels.Count} evaluation labels: 1 to 65 were wanted, 16-bit "
                + "instance ids can name no more");
        for (var i = 0; i < this.labels.Count; i++)
            if (this.labels[i].Id != i)
                throw new ArgumentException($"label '{this.labels[i].Name}' at place {i} has id {this.labels[i].Id}: ids "
                    + "must run 0, 1, 2, …");
        Confusion = new ConfusionMatrix(this.labels.Count);
        instances = new InstanceTally(this.labels);
    }

    /// <summary>Counts of all pixels by true and predicted label id, those of ignored true labels included.</summary>
    public ConfusionMatrix Confusion { get; }

    /// <summary>Counts one image; nothing is counted if it throws.</summary>
    /// <param name="prediction">Predicted label ids (not train ids).</param>
    /// <param name="truth">True label ids.</param>
    /// <param name="instanceIds">True instance ids: label id × 1000 + n for an object, the label id elsewhere; null where there are
    /// none, and then no score is weighted by instance.</param>
    /// <exception cref="ArgumentException">Sizes differ, or the truth holds an id that is no label.</exception>
    public void Add(LabelMap prediction, LabelMap truth, Gray16Image? instanceIds)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(truth);
        CheckSize("the prediction", prediction.Width, prediction.Height, truth);
        if (instanceIds is not null)
            CheckInstances(instanceIds, truth);
        Confusion.Add(truth.Labels, prediction.Labels, ignore: null);
        if (instanceIds is null)
            instancesMissing = true;
        else
            instances.Add(prediction.Labels, instanceIds.Values);
    }

    /// <summary>Adds the counts of another scorer over the same labels, for instance another thread's.</summary>
    public void Add(CityscapesScorer other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (!other.labels.SequenceEqual(labels))
            throw new ArgumentException("the two scorers have different labels");
        Confusion.Add(other.Confusion);
        instances.Add(other.instances);
        instancesMissing |= other.instancesMissing;
    }

    /// <summary>The scores of everything counted so far.</summary>
    public CityscapesScores Score()
    {
        var evaluated = labels.Where(l => !l.Ignored).ToList();
        var categories = labels.Select(l => l.Category).Distinct().Where(c => evaluated.Any(l => l.Category == c)).ToList();
        return new()
        {
            Pixels = Scores.Of(Confusion.Select([.. evaluated.Select(l => (int)l.Id)])),
            Classes = [.. evaluated.Select(l => new NamedScore(l.Name, ClassIou(l), ClassInstanceIou(l)))],
            Categories = [.. categories.Select(c => new NamedScore(c, CategoryIou(c), CategoryInstanceIou(c)))],
        };
    }

    double? ClassIou(EvaluationLabel label)
    {
        var hits = Confusion[label.Id, label.Id];
        return Ratio(hits, Confusion.TruthPixels(label.Id) + FalsePositives(l => l != label, l => l == label));
    }

    double? ClassInstanceIou(EvaluationLabel label)
    {
        if (!label.HasInstances || instancesMissing)
            return null;
        var (hits, misses) = instances.Weighted(l => l == label, ofCategory: false);
        return Ratio(hits, hits + FalsePositives(l => l != label, l => l == label) + misses);
    }

    double? CategoryIou(string category)
    {
        bool Inside(EvaluationLabel label) => label.Category == category && !label.Ignored;
        var truth = labels.Where(Inside).Sum(l => Confusion.TruthPixels(l.Id));
        return Ratio(Count(Inside, Inside), truth + FalsePositives(l => l.Category != category, Inside));
    }

    // Defined only where every label of the category has instances: human and vehicle. A false positive is then a prediction of any
    // of its labels, caravan and trailer included, though their own objects are not evaluated.
    double? CategoryInstanceIou(string category)
    {
        bool Inside(EvaluationLabel label) => label.Category == category;
        if (instancesMissing || !labels.Where(Inside).All(l => l.HasInstances))
            return null;
        var (hits, misses) = instances.Weighted(Inside, ofCategory: true);
        return Ratio(hits, hits + FalsePositives(l => !Inside(l), Inside) + misses);
    }

    // Predictions on pixels whose true label is ignored are not counted as mistakes.
    long FalsePositives(Func<EvaluationLabel, bool> truth, Func<EvaluationLabel, bool> prediction) =>
        Count(l => !l.Ignored && truth(l), prediction);

    long Count(Func<EvaluationLabel, bool> truth, Func<EvaluationLabel, bool> prediction) =>
        labels.Where(truth).Sum(t => labels.Where(prediction).Sum(p => Confusion[t.Id, p.Id]));

    static double? Ratio(double part, double whole) => whole == 0 ? null : part / whole;

    void CheckInstances(Gray16Image instanceIds, LabelMap truth)
    {
        CheckSize("the instance picture", instanceIds.Width, instanceIds.Height, truth);
        foreach (var instance in instanceIds.Values)
            if (instance > 1000 && instance >= labels.Count * 1000)
                throw new ArgumentException($"instance id {instance} is of label {instance / 1000}: labels are 0 to {labels.Count - 1}");
    }

    static void CheckSize(string what, int width, int height, LabelMap truth)
    {
        if (width != truth.Width || height != truth.Height)
            throw new ArgumentException(
                $"{what} is {width}×{height}, the truth {truth.Width}×{truth.Height}: they must be equal; resize labels by "
                    + "nearest neighbour");
    }
}

/// <summary>An image's labels as Cityscapes' label ids, which its own scores are defined on.</summary>
/// <param name="Prediction">Predicted label ids.</param>
/// <param name="Truth">True label ids.</param>
/// <param name="Instances">True instance ids; null where there are none, and then nothing is weighted by instance.</param>
public sealed record CityscapesIds(LabelMap Prediction, LabelMap Truth, Gray16Image? Instances);
