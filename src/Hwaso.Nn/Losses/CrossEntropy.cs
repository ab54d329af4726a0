using Hwaso.Torch;
using Hwaso.Torch.Processes;
using static System.FormattableString;

namespace Hwaso.Nn;

/// <summary>Cross entropy of every pixel's class, averaged over the pixels that count, weighted by class as PyTorch does.</summary>
public sealed class CrossEntropy : IPixelLoss
{
    readonly int ignoreIndex;
    readonly ClassWeights? weights;
    readonly double labelSmoothing;
    readonly bool alignCorners, overAll;

    /// <summary>A loss.</summary>
    /// <param name="ignoreIndex">The label that does not count.</param>
    /// <param name="classWeights">A weight for each class; null where all count alike.</param>
    /// <param name="labelSmoothing">Share of the target spread over all classes, 0 to 1.</param>
    /// <param name="alignCorners">How logits of another size are brought to the labels'.</param>
    /// <param name="overAll">Whether the sum is divided by the number of all pixels, ignored ones too, as mmsegmentation does it.</param>
    /// <exception cref="ArgumentException">A smoothing outside 0 to 1, or a negative weight.</exception>
    public CrossEntropy(int ignoreIndex = 255, double[]? classWeights = null, double labelSmoothing = 0, bool alignCorners = false,
        bool overAll = false)
    {
        if (labelSmoothing is not (>= 0 and <= 1))
            throw new ArgumentException(Invariant($"label smoothing of {labelSmoothing}: 0 to 1 was wanted"));
        weights = classWeights is null ? null : new ClassWeights(classWeights);
        (this.ignoreIndex, this.labelSmoothing, this.alignCorners, this.overAll) = (ignoreIndex, labelSmoothing, alignCorners, overAll);
    }

    /// <inheritdoc/>
    public Tensor Of(Tensor logits, Tensor labels)
    {
        // Frees the resized logits, where the graph does not keep them, before the backward pass.
        using var scope = new Scope();
        var resized = PixelLogits.AtSizeOf(logits, labels, alignCorners);
        // Nothing else reads logits of another size than were given, but for a recorder.
        var overwrites = resized.Elements != logits.Elements && !Door.IsObserved;
        return scope.Keep(OfResized(resized, labels, overwrites));
    }

    Tensor OfResized(Tensor logits, Tensor labels, bool overwrites)
    {
        if (labelSmoothing == 0 && !overAll && SharedStep.Processes is null && PixelEntropy.Takes(logits, labels))
            return Own(logits, labels, overwrites);
        var weight = weights?.For(logits);
        const int Mean = 1, Sum = 2;
        if (overAll)
            return PixelLogits.CrossEntropy(logits, labels, weight, Sum, ignoreIndex, labelSmoothing) / labels.Elements;
        if (SharedStep.Processes is not null)
            return PixelLogits.Quotient(PixelLogits.CrossEntropy(logits, labels, weight, Sum, ignoreIndex, labelSmoothing),
                SharedStep.Mean(Weight(labels, weight, logits.Type)));
        if (logits.Device.Type != DeviceType.Cpu && labelSmoothing == 0 && AllClassesCount)
        {
            // To ask whether any pixel counts is to wait for the device, which then waits for backward: it chooses itself. Where every
            // pixel is ignored none receives a gradient, so that the mean's 0/0 reaches none.
            var mean = PixelLogits.CrossEntropy(logits, labels, weight, Mean, ignoreIndex);
            return Aten.Where(Aten.Any(Aten.Ne(labels, (long)ignoreIndex)), mean, Aten.ZerosLike(mean));
        }
        return AnyCounts(labels)
            ? PixelLogits.CrossEntropy(logits, labels, weight, Mean, ignoreIndex, labelSmoothing)
            // The mean over nothing is 0/0: let it be 0, with zero gradients.
            : PixelLogits.CrossEntropy(logits, labels, weight, Sum, ignoreIndex, labelSmoothing) * 0;
    }

    Tensor Own(Tensor logits, Tensor labels, bool overwrites)
    {
        weights?.Check(logits);
        return Door.CallManaged(operation, [logits, labels, Value.None, 1L, (long)ignoreIndex, 0.0],
            () => new PixelEntropy(labels, weights?.Values, ignoreIndex, overwrites).Apply(logits)[0]);
    }

    static readonly Operator operation = new("aten::cross_entropy_loss");

    /// <summary>Frees the weights.</summary>
    public void Dispose() => weights?.Dispose();

    bool AllClassesCount => weights is null || !weights.Values.Contains(0);

    /// <summary>The weights of all pixels that count, added: what the mean divides by.</summary>
    Tensor Weight(Tensor labels, Tensor? weight, ScalarType type)
    {
        var counted = PixelLogits.Counted(labels, ignoreIndex, type);
        return weight is null ? counted.Sum()
            : (Aten.IndexSelect(weight, 0, Aten.MaskedFill(labels, Aten.Eq(labels, (long)ignoreIndex), 0L).Flatten()) * counted.Flatten())
                .Sum();
    }

    /// <summary>Whether any pixel has a part in the mean: one of a class whose weight is not 0.</summary>
    bool AnyCounts(Tensor labels)
    {
        using var scope = new Scope();
        if (AllClassesCount)
            return Aten.Any(Aten.Ne(labels, (long)ignoreIndex)).Item() != 0;
        return Enumerable.Range(0, weights!.Values.Count)
            .Any(k => weights.Values[k] != 0 && k != ignoreIndex && Aten.Any(Aten.Eq(labels, (long)k)).Item() != 0);
    }
}
