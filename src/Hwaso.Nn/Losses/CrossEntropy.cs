using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Cross entropy of every pixel's class, averaged over the pixels that count, weighted by class as PyTorch does.</summary>
public sealed class CrossEntropy : IDisposable
{
    readonly int ignoreIndex;
    readonly double[]? classWeights;
    readonly double labelSmoothing;
    readonly bool alignCorners;
    Tensor? weight;

    /// <summary>A loss.</summary>
    /// <param name="ignoreIndex">The label that does not count.</param>
    /// <param name="classWeights">A weight for each class; null where all count alike.</param>
    /// <param name="labelSmoothing">Share of the target spread over all classes, 0 to 1.</param>
    /// <param name="alignCorners">How logits of another size are brought to the labels'.</param>
    /// <exception cref="ArgumentException">A smoothing outside 0 to 1, or a negative weight.</exception>
    public CrossEntropy(int ignoreIndex = 255, double[]? classWeights = null, double labelSmoothing = 0, bool alignCorners = false)
    {
        if (labelSmoothing is not (>= 0 and <= 1))
            throw new ArgumentException($"label smoothing of {labelSmoothing}: 0 to 1 was wanted");
        if (classWeights is not null && Array.FindIndex(classWeights, w => !(w >= 0)) is >= 0 and var bad)
            throw new ArgumentException($"class {bad} has the weight {classWeights[bad]}: 0 or more was wanted");
        (this.ignoreIndex, this.classWeights, this.labelSmoothing, this.alignCorners) = (ignoreIndex, classWeights, labelSmoothing, alignCorners);
    }

    /// <summary>The loss of logits [N, K, h, w] against labels [N, H, W] of 64-bit integers, a single number; 0 with zero gradient where no pixel counts.</summary>
    /// <exception cref="ArgumentException">Shapes or types that do not fit, or weights that are not K.</exception>
    /// <exception cref="TorchException">A label that is neither a class nor the ignored one.</exception>
    public Tensor Of(Tensor logits, Tensor labels)
    {
        Check(logits, labels);
        var classes = logits.Size(1);
        if (classWeights is not null && classWeights.Length != classes)
            throw new ArgumentException($"{classWeights.Length} class weights for logits of {classes} classes; give one for each class");
        var weight = WeightFor(logits);
        var (height, width) = (labels.Size(1), labels.Size(2));
        // Row-major, whatever the network's layout: resizing, log-softmax and their backward take 65 ms so and 78 ms with channels last
        // (4×19×128×128 to 512×512, two cores), and the small logits cost nothing to copy.
        logits = logits.Contiguous();
        if (logits.Size(2) != height || logits.Size(3) != width)
            logits = logits.ResizeBilinear(height, width, alignCorners);
        const int Mean = 1, Sum = 2;
        return AnyCounts(labels)
            ? Aten.CrossEntropyLoss(logits, labels, weight, Mean, ignoreIndex, labelSmoothing)
            // The mean over nothing is 0/0: let it be 0, with zero gradients.
            : Aten.CrossEntropyLoss(logits, labels, weight, Sum, ignoreIndex, labelSmoothing) * 0;
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => weight?.Dispose();

    static void Check(Tensor logits, Tensor labels)
    {
        if (logits.Dimensions != 4 || labels.Dimensions != 3 || labels.Type != ScalarType.Int64 || logits.Size(0) != labels.Size(0))
            throw new ArgumentException($"logits {logits} and labels {labels}: [N, K, h, w] and int64[N, H, W] were wanted");
    }

    /// <summary>Whether any pixel has a part in the mean: one of a class whose weight is not 0.</summary>
    bool AnyCounts(Tensor labels)
    {
        using var scope = new Scope();
        if (classWeights is null || !classWeights.Contains(0))
            return Aten.Any(Aten.Ne(labels, (long)ignoreIndex)).Item() != 0;
        return Enumerable.Range(0, classWeights.Length).Any(k => classWeights[k] != 0 && k != ignoreIndex && Aten.Any(Aten.Eq(labels, (long)k)).Item() != 0);
    }

    Tensor? WeightFor(Tensor logits)
    {
        if (classWeights is null || (weight is not null && weight.Type == logits.Type && weight.Device == logits.Device))
            return weight;
        using var scope = new Scope();
        weight?.Dispose();
        return weight = scope.Keep(Tensor.From(classWeights).To(logits.Type).To(logits.Device)).Own();
    }
}
