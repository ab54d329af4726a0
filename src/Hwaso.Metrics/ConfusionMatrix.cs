namespace Hwaso.Metrics;

/// <summary>
/// Counts pixels by true class (row) and predicted class (column), in exact integers; one matrix per thread, merged at the end.
/// </summary>
public sealed class ConfusionMatrix
{
    // Columns go to 255: a prediction that is no class is still counted, by the value it had.
    const int Columns = 256;

    readonly long[] cells;
    PairCounter? counter;

    /// <summary>An empty matrix.</summary>
    /// <param name="classes">K, the number of classes, 1 to 256.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of classes is outside 1 to 256.</exception>
    public ConfusionMatrix(int classes)
    {
        if (classes is < 1 or > 256)
            throw new ArgumentOutOfRangeException(nameof(classes), $"a confusion matrix of {classes} classes: 1 to 256 fit 8-bit labels");
        Classes = classes;
        cells = new long[classes * Columns];
    }

    /// <summary>K, the number of classes.</summary>
    public int Classes { get; }

    /// <summary>Pixels of class <paramref name="truth"/> that were predicted as <paramref name="prediction"/>; both 0 to K-1.</summary>
    public long this[int truth, int prediction]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(prediction);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(prediction, Classes);
            return Row(truth)[prediction];
        }
    }

    /// <summary>The matrix of counts from <see cref="ToCounts"/>.</summary>
    /// <exception cref="ArgumentException">The counts are not those of a matrix: K rows of K + 1 were wanted.</exception>
    public static ConfusionMatrix FromCounts(IReadOnlyList<long> counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        var classes = (int)((Math.Sqrt(1 + 4.0 * counts.Count) - 1) / 2);
        if (classes < 1 || classes * (classes + 1) != counts.Count)
            throw new ArgumentException($"{counts.Count} counts are no confusion matrix: K rows of K + 1 were wanted");
        var matrix = new ConfusionMatrix(classes);
        for (var k = 0; k < counts.Count; k++)
            matrix.cells[k / (classes + 1) * Columns + (k % (classes + 1) < classes ? k % (classes + 1) : Columns - 1)] = counts[k];
        return matrix;
    }

    /// <summary>K rows of K + 1 counts: true class by predicted class, and last the pixels predicted as no class.</summary>
    public long[] ToCounts()
    {
        var counts = new long[Classes * (Classes + 1)];
        for (var truth = 0; truth < Classes; truth++)
        {
            Row(truth)[..Classes].CopyTo(counts.AsSpan(truth * (Classes + 1)));
            counts[truth * (Classes + 1) + Classes] = OutOfRange(truth);
        }
        return counts;
    }

    /// <summary>Counts one image or batch; either all of it or, after an exception, nothing.</summary>
    /// <param name="truth">True class of each pixel, 0 to K-1 or <paramref name="ignore"/>.</param>
    /// <param name="prediction">Predicted class of each pixel; one outside 0 to K-1 counts as a miss of the true class.</param>
    /// <param name="ignore">The label whose pixels are left out; null leaves none out.</param>
    /// <exception cref="ArgumentException">The lengths differ, or a true label is neither a class nor the ignore label.</exception>
    public void Add(ReadOnlySpan<byte> truth, ReadOnlySpan<byte> prediction, byte? ignore = 255)
    {
        if (truth.Length != prediction.Length)
            throw new ArgumentException($"{truth.Length} true labels and {prediction.Length} predicted ones: they must be the same pixels");
        counter ??= new PairCounter();
        // Where nothing is ignored, class 0 stands in: it is allowed anyway. What is wrong is looked for once it is known that
        // something is.
        if (!counter.Count(truth, prediction, (byte)(Classes - 1), ignore ?? 0))
            LabelRange.Check(truth, Classes, ignore);
        for (var row = 0; row < Classes; row++)
            if (row != ignore)
                counter.MoveRow(row, cells.AsSpan(row * Columns, Columns));
        if (ignore is { } left)
            counter.ClearRow(left);
    }

    /// <summary>Adds the counts of another matrix, for instance another thread's.</summary>
    /// <exception cref="ArgumentException">The other matrix has another number of classes.</exception>
    public void Add(ConfusionMatrix other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Classes != Classes)
            throw new ArgumentException($"a confusion matrix of {other.Classes} classes cannot be added to one of {Classes}");
        for (var i = 0; i < cells.Length; i++)
            cells[i] += other.cells[i];
    }

    /// <summary>Pixels of class <paramref name="truth"/>, whatever was predicted.</summary>
    public long TruthPixels(int truth) => Sum(Row(truth));

    /// <summary>Valid pixels predicted as class <paramref name="prediction"/>, 0 to K-1.</summary>
    public long PredictedPixels(int prediction)
    {
        long sum = 0;
        for (var truth = 0; truth < Classes; truth++)
            sum += this[truth, prediction];
        return sum;
    }

    /// <summary>All pixels counted, without the ignored ones.</summary>
    public long TotalPixels => Sum(cells);

    /// <summary>Pixels of class <paramref name="truth"/> whose prediction was no class at all.</summary>
    public long OutOfRange(int truth) => Sum(Row(truth)[Classes..]);

    /// <summary>Predicted values that are no class, with the number of valid pixels that carried them, smallest value first.</summary>
    public IReadOnlyList<KeyValuePair<byte, long>> OutOfRangePredictions()
    {
        var found = new List<KeyValuePair<byte, long>>();
        for (var value = Classes; value < Columns; value++)
        {
            long pixels = 0;
            for (var truth = 0; truth < Classes; truth++)
                pixels += cells[truth * Columns + value];
            if (pixels > 0)
                found.Add(new((byte)value, pixels));
        }
        return found;
    }

    /// <summary>The matrix of some of the classes, in the order given; predictions of the others become misses.</summary>
    /// <param name="classes">Class indices, each 0 to K-1; pixels whose true class is not among them are dropped.</param>
    public ConfusionMatrix Select(IReadOnlyList<int> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        var selected = new ConfusionMatrix(classes.Count);
        for (var row = 0; row < classes.Count; row++)
        {
            var target = selected.cells.AsSpan(row * Columns, Columns);
            long kept = 0;
            for (var column = 0; column < classes.Count; column++)
                kept += target[column] = this[classes[row], classes[column]];
            // 255 stands for every prediction that is not one of the selected classes.
            target[Columns - 1] += TruthPixels(classes[row]) - kept;
        }
        return selected;
    }

    ReadOnlySpan<long> Row(int truth)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(truth);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(truth, Classes);
        return cells.AsSpan(truth * Columns, Columns);
    }

    static long Sum(ReadOnlySpan<long> values)
    {
        long sum = 0;
        foreach (var value in values)
            sum += value;
        return sum;
    }
}
