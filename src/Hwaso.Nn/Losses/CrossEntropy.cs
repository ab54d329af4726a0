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
    public CrossEntropy(int ignoreIndex = 255, double[]? classWeights = null, double labelSmoothing = 0, bool alignCorners = false) =>
        (this.ignoreIndex, this.classWeights, this.labelSmoothing, this.alignCorners) = (ignoreIndex, classWeights, labelSmoothing, alignCorners);

    /// <summary>The loss of logits [N, K, h, w] against labels [N, H, W] of 64-bit integers; 0 where no pixel counts.</summary>
    /// <exception cref="ArgumentException">The weights are not K.</exception>
    public Tensor Of(Tensor logits, Tensor labels)
    {
        var classes = logits.Size(1);
        if (classWeights is not null && classWeights.Length != classes)
            throw new ArgumentException($"{classWeights.Length} class weights for logits of {classes} classes");
        if (classWeights is not null)
            weight ??= MakeWeight(logits);
        var (height, width) = (labels.Size(1), labels.Size(2));
        if (logits.Size(2) != height || logits.Size(3) != width)
            logits = logits.ResizeBilinear(height, width, alignCorners);
        const int Mean = 1, Sum = 2;
        if (Aten.Any(Aten.Ne(labels, (long)ignoreIndex)).Item() == 0)
            // The mean over nothing is 0/0: let it be 0, with zero gradients.
            return Aten.CrossEntropyLoss(logits, labels, weight, Sum, ignoreIndex, labelSmoothing);
        return Aten.CrossEntropyLoss(logits, labels, weight, Mean, ignoreIndex, labelSmoothing);
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => weight?.Dispose();

    Tensor MakeWeight(Tensor like)
    {
        using var scope = new Scope();
        var made = Tensor.From(classWeights!).To(like.Type).To(like.Device);
        return scope.Keep(made).Own();
    }
}
