using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Mean squared error over the pixels that have a target: of depth, where some have none.</summary>
/// <param name="alignCorners">How predictions of another size are brought to the targets'.</param>
public sealed class MaskedSquaredError(bool alignCorners = false)
{
    /// <summary>
    /// The loss of a prediction [N, 1, h, w] against targets [N, H, W], NaN where there is none; a single number, 0 with zero gradient
    /// where no pixel has one.
    /// </summary>
    /// <exception cref="ArgumentException">Shapes that do not fit.</exception>
    public Tensor Of(Tensor prediction, Tensor target)
    {
        if (prediction.Dimensions != 4 || prediction.Size(1) != 1 || target.Dimensions != 3 || prediction.Size(0) != target.Size(0))
            throw new ArgumentException($"prediction {prediction} and target {target}: [N, 1, h, w] and [N, H, W] were wanted");
        var (height, width) = (target.Size(1), target.Size(2));
        if (prediction.Size(2) != height || prediction.Size(3) != width)
            prediction = prediction.ResizeBilinear(height, width, alignCorners);
        var there = Aten.Isfinite(target);
        // Not multiplied by a mask: NaN times 0 is NaN, in the gradient too.
        var clean = Aten.Where(there, target, Aten.ZerosLike(target)).To(prediction.Type);
        var mask = there.To(prediction.Type);
        var differences = (prediction.Squeeze(1) - clean) * mask;
        return PixelLogits.Mean((differences * differences).Sum(), mask.Sum());
    }
}
