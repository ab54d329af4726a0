using Hwaso.Torch;
using Hwaso.Torch.Processes;

namespace Hwaso.Nn;

/// <summary>Shared by losses of pixels: logits at the labels' size, and which pixels count.</summary>
static class PixelLogits
{
    /// <summary>The logits [N, K, H, W], row-major, at the size of labels [N, H, W].</summary>
    /// <exception cref="ArgumentException">Shapes or types that do not fit.</exception>
    public static Tensor AtSizeOf(Tensor logits, Tensor labels, bool alignCorners)
    {
        if (logits.Dimensions != 4 || labels.Dimensions != 3 || labels.Type != ScalarType.Int64 || logits.Size(0) != labels.Size(0))
            throw new ArgumentException($"logits {logits} and labels {labels}: [N, K, h, w] and int64[N, H, W] were wanted");
        var (height, width) = (labels.Size(1), labels.Size(2));
        // Row-major, whatever the network's layout: resizing, log-softmax and their backward take 65 ms so and 78 ms with channels last
        // (4×19×128×128 to 512×512, two cores), and the small logits cost nothing to copy.
        logits = logits.Contiguous();
        return logits.Size(2) == height && logits.Size(3) == width ? logits : logits.ResizeBilinear(height, width, alignCorners);
    }

    /// <summary>Cross entropy pixel by pixel [N, H, W], 0 where it is ignored.</summary>
    public static Tensor CrossEntropies(Tensor logits, Tensor labels, int ignoreIndex, Tensor? weight = null)
    {
        const int PerPixel = 0;
        return CrossEntropy(logits, labels, weight, PerPixel, ignoreIndex).Reshape(labels.Shape);
    }

    /// <summary>
    /// libtorch's cross entropy. Where the process is to be deterministic it is that of rows [N·H·W, K]: of images CUDA's adds in no fixed
    /// order.
    /// </summary>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels, Tensor? weight, int reduction, int ignoreIndex,
        double labelSmoothing = 0) =>
        TorchInfo.IsDeterministic
            ? Aten.CrossEntropyLoss(Aten.Permute(logits, [0, 2, 3, 1]).Reshape(-1, logits.Size(1)), labels.Flatten(), weight, reduction,
                ignoreIndex, labelSmoothing)
            : Aten.CrossEntropyLoss(logits, labels, weight, reduction, ignoreIndex, labelSmoothing);

    /// <summary>1 where a pixel counts and 0 where it is ignored, in the logits' type.</summary>
    public static Tensor Counted(Tensor labels, int ignoreIndex, ScalarType type) => Aten.Ne(labels, (long)ignoreIndex).To(type);

    /// <summary>
    /// The sum over the count, or 0 with zero gradient where the count is 0. In a shared step the mean of all processes' results is that of
    /// all their pixels.
    /// </summary>
    public static Tensor Mean(Tensor sum, Tensor count) => SharedStep.Processes is null
        ? sum / Aten.Clamp(count, min: 1.0) : Quotient(sum, SharedStep.Mean(count));

    /// <summary>The sum over a weight of any size, or 0 with zero gradient where the weight is 0.</summary>
    public static Tensor Quotient(Tensor sum, Tensor weight) =>
        sum / Aten.Where(Aten.Gt(weight, 0.0), weight, Aten.OnesLike(weight));

    /// <summary>Whether a pixel is of each class: [K, N·H·W] in the type wanted; ignored pixels are of none.</summary>
    /// <exception cref="ArgumentException">A label that is neither a class nor the ignored one.</exception>
    public static Tensor Memberships(Tensor labels, long classes, int ignoreIndex, ScalarType type)
    {
        var ignored = Aten.Eq(labels, (long)ignoreIndex);
        if (labels.Elements > 0 && Aten.Max(Aten.MaskedFill(labels, ignored, 0L)).Item() is var largest && largest >= classes)
            throw new ArgumentException($"label {largest} is neither one of {classes} classes nor {ignoreIndex}, which is ignored");
        var flat = Aten.MaskedFill(labels, ignored, -1L).Flatten();
        return Aten.Eq(Aten.Arange(0L, classes, dtype: ScalarType.Int64, device: labels.Device).Unsqueeze(1), flat).To(type);
    }
}

/// <summary>A weight for each class, as a tensor of whatever type and device the logits have.</summary>
sealed class ClassWeights : IDisposable
{
    readonly double[] values;
    Tensor? tensor;

    /// <exception cref="ArgumentException">A negative weight.</exception>
    public ClassWeights(double[] values)
    {
        if (Array.FindIndex(values, w => !(w >= 0)) is >= 0 and var bad)
            throw new ArgumentException($"class {bad} has the weight {values[bad]}: 0 or more was wanted");
        this.values = values;
    }

    /// <summary>The weights.</summary>
    public IReadOnlyList<double> Values => values;

    /// <summary>The weights [K] for logits [N, K, H, W].</summary>
    /// <exception cref="ArgumentException">There are not K of them.</exception>
    public Tensor For(Tensor logits)
    {
        Check(logits);
        if (tensor is not null && tensor.Type == logits.Type && tensor.Device == logits.Device)
            return tensor;
        using var scope = new Scope();
        tensor?.Dispose();
        return tensor = scope.Keep(Tensor.From(values).To(logits.Type).To(logits.Device)).Own();
    }

    /// <exception cref="ArgumentException">There are not as many as logits [N, K, H, W] have classes.</exception>
    public void Check(Tensor logits)
    {
        if (values.Length != logits.Size(1))
            throw new ArgumentException($"{values.Length} class weights for logits of {logits.Size(1)} classes; give one for each class");
    }

    public void Dispose() => tensor?.Dispose();
}
