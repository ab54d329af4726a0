using Hwaso.Imaging;

namespace Hwaso.Metrics;

/// <summary>
/// Boundary IoU of each class (Cheng et al., "Boundary IoU: Improving Object-Centric Image Segmentation Evaluation", CVPR 2021): the
/// IoU of those pixels of the true and of the predicted mask that are at most d from the mask's edge, the image's own edge included.
/// </summary>
/// <remarks>
/// Masks are binary, one a class, and pixels are summed over all images before dividing, as for IoU. Pixels whose truth is ignored are
/// taken out of both masks.
/// </remarks>
public sealed class BoundaryTally
{
    /// <summary>d as a share of the image's diagonal, as in the paper.</summary>
    public const double UsualRatio = 0.02;

    /// <summary>The same for Cityscapes, whose images are large.</summary>
    public const double CityscapesRatio = 0.005;

    readonly int classes;
    readonly double ratio;
    readonly long[] truthPixels, predictedPixels, hits;
    byte[] predicted = [];
    bool[] insideTruth = [], insidePredicted = [];
    bool[] insideRow = [];
    int[] run = [];

    /// <summary>An empty tally.</summary>
    /// <param name="classes">K, 1 to 255.</param>
    /// <param name="ratio">d as a share of the diagonal, above 0; d is at least one pixel.</param>
    public BoundaryTally(int classes, double ratio = UsualRatio)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(classes, 255);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ratio);
        (this.classes, this.ratio) = (classes, ratio);
        (truthPixels, predictedPixels, hits) = (new long[classes], new long[classes], new long[classes]);
    }

    /// <summary>Counts one image.</summary>
    /// <param name="prediction">Predicted classes; values from K on are no class.</param>
    /// <param name="truth">True classes; 255 is ignored.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public void Add(LabelMap prediction, LabelMap truth)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(truth);
        if (prediction.Width != truth.Width || prediction.Height != truth.Height)
            throw new ArgumentException($"the prediction is {prediction.Width}×{prediction.Height}, the truth "
                + $"{truth.Width}×{truth.Height}: they must be equal");
        var (width, height, labels) = (truth.Width, truth.Height, truth.Labels);
        Prepare(labels.Length, width);
        for (var i = 0; i < labels.Length; i++)
            predicted[i] = labels[i] == byte.MaxValue ? byte.MaxValue : prediction.Labels[i];
        var distance = Math.Max(1, (int)Math.Round(ratio * Math.Sqrt((double)width * width + (double)height * height)));
        FindInside(labels, width, height, distance, insideTruth);
        FindInside(predicted, width, height, distance, insidePredicted);
        for (var i = 0; i < labels.Length; i++)
        {
            var (t, p) = (labels[i], predicted[i]);
            var (edgeOfTruth, edgeOfPrediction) = (t < classes && !insideTruth[i], p < classes && !insidePredicted[i]);
            if (edgeOfTruth)
                truthPixels[t]++;
            if (edgeOfPrediction)
                predictedPixels[p]++;
            if (edgeOfTruth && edgeOfPrediction && t == p)
                hits[t]++;
        }
    }

    /// <summary>Adds the counts of another one, for instance another thread's.</summary>
    /// <exception cref="ArgumentException">It has another number of classes or another ratio.</exception>
    public void Add(BoundaryTally other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.classes != classes || other.ratio != ratio)
            throw new ArgumentException("boundary counts can be added to those of the same classes and ratio");
        for (var k = 0; k < classes; k++)
        {
            truthPixels[k] += other.truthPixels[k];
            predictedPixels[k] += other.predictedPixels[k];
            hits[k] += other.hits[k];
        }
    }

    /// <summary>The boundary pixels of each class; its IoU is the boundary IoU.</summary>
    public IReadOnlyList<ClassScore> Classes =>
        [.. Enumerable.Range(0, classes).Select(k => new ClassScore(hits[k], truthPixels[k], predictedPixels[k]))];

    void Prepare(int pixels, int width)
    {
        if (predicted.Length != pixels)
            (predicted, insideTruth, insidePredicted) = (new byte[pixels], new bool[pixels], new bool[pixels]);
        if (run.Length != width)
            (run, insideRow) = (new int[width], new bool[width]);
    }

    /// <summary>
    /// Marks the pixels around which the square of 2 × <paramref name="distance"/> + 1 pixels holds but their own label and no edge of
    /// the image: what eroding each class's mask so many times with a 3×3 square leaves, for all classes at once.
    /// </summary>
    void FindInside(byte[] labels, int width, int height, int distance, bool[] inside)
    {
        Array.Clear(inside);
        Array.Clear(run);
        for (var y = 0; y < height; y++)
        {
            var row = labels.AsSpan(y * width, width);
            for (var begin = 0; begin < width;)
            {
                var length = row[begin..].IndexOfAnyExcept(row[begin]);
                var end = length < 0 ? width : begin + length;
                for (var x = begin; x < end; x++)
                    insideRow[x] = x - begin >= distance && end - 1 - x >= distance;
                begin = end;
            }
            for (var x = 0; x < width; x++)
            {
                run[x] = !insideRow[x] ? 0 : run[x] > 0 && labels[(y - 1) * width + x] == row[x] ? run[x] + 1 : 1;
                if (run[x] > 2 * distance)
                    inside[(y - distance) * width + x] = true;
            }
        }
    }
}
