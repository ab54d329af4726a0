using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// The loss of a map of edges: binary cross entropy in which edges and the rest weigh alike, as many times as PIDNet's authors take it. Xu
/// et al., "PIDNet", CVPR 2023.
/// </summary>
/// <param name="coefficient">The factor of the mean over all pixels.</param>
public sealed class BoundaryLoss(double coefficient = 20)
{
    /// <summary>The loss of logits [N, 1, H, W] against edges [N, H, W] of 0 and 1, one number; 0 where all pixels are alike.</summary>
    /// <exception cref="ArgumentException">Shapes that do not fit.</exception>
    public Tensor Of(Tensor logits, Tensor edges)
    {
        var flat = EdgeLogits.Flat(logits, edges);
        var target = edges.To(logits.Type).Flatten();
        var share = target.Mean();
        // An edge weighs as the share of the rest, and the rest as that of edges.
        var weight = target * Aten.Rsub(share, 1) + Aten.Rsub(target, 1) * share;
        return Aten.BinaryCrossEntropyWithLogits(flat, target, weight) * coefficient;
    }
}

/// <summary>
/// The loss of a map of details: binary cross entropy and 1 minus the soft Dice score of each image. Fan et al., "Rethinking BiSeNet for
/// real-time semantic segmentation", CVPR 2021.
/// </summary>
public static class DetailLoss
{
    /// <summary>The sum of the loss's two parts, for logits [N, 1, H, W] against details [N, H, W] of 0 and 1.</summary>
    /// <exception cref="ArgumentException">Shapes that do not fit.</exception>
    public static Tensor Of(Tensor logits, Tensor details)
    {
        var (entropy, dice) = Parts(logits, details);
        return entropy + dice;
    }

    /// <summary>Cross entropy and Dice loss, each a single number.</summary>
    /// <inheritdoc cref="Of"/>
    public static (Tensor Entropy, Tensor Dice) Parts(Tensor logits, Tensor details)
    {
        var flat = EdgeLogits.Flat(logits, details);
        var target = details.To(logits.Type).Flatten(1);                                    // [N, H·W]
        var shares = flat.Reshape(target.Shape).Sigmoid();
        var score = ((shares * target).Sum([1]) * 2 + 1) / (shares.Sum([1]) + target.Sum([1]) + 1);
        return (Aten.BinaryCrossEntropyWithLogits(flat, target.Flatten()), Aten.Rsub(score, 1).Mean());
    }
}

/// <summary>Shared by losses of edges.</summary>
static class EdgeLogits
{
    /// <summary>Logits [N·H·W] of [N, 1, H, W].</summary>
    /// <exception cref="ArgumentException">They do not fit edges [N, H, W].</exception>
    public static Tensor Flat(Tensor logits, Tensor edges)
    {
        if (logits.Dimensions != 4 || edges.Dimensions != 3 || logits.Size(1) != 1 || logits.Size(0) != edges.Size(0)
            || logits.Size(2) != edges.Size(1) || logits.Size(3) != edges.Size(2))
            throw new ArgumentException($"logits {logits} and edges {edges}: [N, 1, H, W] and [N, H, W] were wanted");
        return logits.Flatten();
    }
}
