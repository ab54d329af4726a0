using System.Runtime.ExceptionServices;
using Hwaso.Data;
using Hwaso.Imaging;

namespace Hwaso.Metrics.Scoring;

/// <summary>Scores label PNGs on disk; no network is involved.</summary>
/// <param name="classes">The classes.</param>
/// <param name="table">The meaning of the values of the true label files.</param>
/// <param name="values">The meaning of the predicted values.</param>
/// <param name="cityscapes">Whether to compute Cityscapes' own scores too; values are label ids then.</param>
public sealed class FolderScorer(ClassList classes, LabelTable table, PredictedValues values = PredictedValues.Labels,
    bool cityscapes = false)
{
    int highest = -1;

    /// <summary>The highest predicted value so far but for 255, which is no class in any numbering; −1 before the first.</summary>
    public int HighestPrediction => highest;

    readonly LabelTable indices = LabelTable.Plain(classes.Count);
    readonly int[] ids = LabelTable.CityscapesClassIds;

    /// <summary>Scores pairs; the figures do not depend on their order or on threads.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="options">The quantities to count beside the confusion matrix.</param>
    /// <param name="threads">Threads that read and count, at least 1.</param>
    /// <param name="progress">Receives the number of finished pairs; called from any thread.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    /// <exception cref="DatasetException">Sizes differ, or a true label is no class.</exception>
    /// <exception cref="ImageFormatException">A file is damaged, or holds colours where labels were expected.</exception>
    public ScoreReport Score(IReadOnlyList<LabelPair> pairs, ScoreOptions options, int threads = 1, Action<int>? progress = null,
        CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        var next = -1;
        var done = 0;
        var isBroken = false;
        var tallies = Enumerable.Range(0, Math.Clamp(threads, 1, Math.Max(1, pairs.Count)))
            .Select(_ => new ScoreTally(classes, options, cityscapes)).ToArray();
        try
        {
            Parallel.ForEach(tallies, new ParallelOptions { MaxDegreeOfParallelism = tallies.Length, CancellationToken = stop }, tally =>
            {
                for (var k = Interlocked.Increment(ref next); k < pairs.Count; k = Interlocked.Increment(ref next))
                {
                    stop.ThrowIfCancellationRequested();
                    // Whatever one thread meets ends the others' work too: an error is not to wait for thousands of pairs.
                    if (Volatile.Read(ref isBroken))
                        break;
                    try
                    {
                        Add(tally, pairs[k]);
                    }
                    catch
                    {
                        Volatile.Write(ref isBroken, true);
                        throw;
                    }
                    progress?.Invoke(Interlocked.Increment(ref done));
                }
            });
        }
        catch (AggregateException error)
        {
            // The first thread's error; other threads may have met the same.
            ExceptionDispatchInfo.Throw(error.InnerExceptions[0]);
        }
        foreach (var other in tallies[1..])
            tallies[0].Add(other);
        return tallies[0].Report();
    }

    void Add(ScoreTally tally, LabelPair pair)
    {
        var meaning = pair.Table ?? table;
        var predicted = values == PredictedValues.Labels ? meaning : indices;
        var (prediction, truth) = (predicted.Read(pair.Prediction), meaning.Read(pair.Truth));
        if (prediction.Width != truth.Width || prediction.Height != truth.Height)
            throw new DatasetException(pair.Prediction, $"is {prediction.Width}×{prediction.Height}, its truth {pair.Truth} is "
                + $"{truth.Width}×{truth.Height}; predict at the label's size, or resize by nearest neighbour");
        Note(prediction);
        var own = cityscapes ? IdsOf(pair, prediction, truth) : null;
        meaning.Apply(truth, pair.Truth);
        predicted.ApplyToPrediction(prediction);
        try
        {
            tally.Add(pair.Name, prediction, truth, own);
        }
        catch (ArgumentException error)
        {
            throw new DatasetException(pair.Instances ?? pair.Truth, error.Message, error);
        }
    }

    void Note(LabelMap prediction)
    {
        var most = -1;
        foreach (var value in prediction.Labels)
            if (value != ClassList.Ignore && value > most)
                most = value;
        for (var seen = highest; most > seen; seen = highest)
            Interlocked.CompareExchange(ref highest, most, seen);
    }

    // Copies: the maps themselves become training indices. Of the truth 255 is how 8 bits hold id −1, the license plate, which nobody
    // scores.
    CityscapesIds IdsOf(LabelPair pair, LabelMap prediction, LabelMap truth) => new(
        new LabelMap(prediction.Width, prediction.Height,
            values == PredictedValues.Labels
                ? prediction.Labels.ToArray()
                : Array.ConvertAll(prediction.Labels, k => k < ids.Length ? (byte)ids[k] : ClassList.Ignore)),
        new LabelMap(truth.Width, truth.Height, Array.ConvertAll(truth.Labels, v => v == ClassList.Ignore ? (byte)0 : v)),
        pair.Instances is null ? null : Png.ReadGray16(pair.Instances));
}

/// <summary>The meaning of the numbers in predicted label PNGs.</summary>
public enum PredictedValues
{
    /// <summary>The values of the data set's label files: Cityscapes' label ids, PASCAL Context's 1 to 59.</summary>
    Labels,

    /// <summary>Training indices from 0 on, as <c>hwaso predict</c> writes them.</summary>
    Indices,
}
