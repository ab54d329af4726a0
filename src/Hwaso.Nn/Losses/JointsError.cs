// Sun et al., "Deep high-resolution representation learning for human pose estimation", CVPR 2019; Chen et al., "Cascaded pyramid network
// for multi-person pose estimation", CVPR 2018 for the hard form. As JointsMSELoss and JointsOHKMMSELoss of the authors' code.
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Half the mean squared error of heat maps, of all joints or of the hardest ones of each person.</summary>
/// <param name="hardest">How many joints of a person count, those of the largest errors; null for all.</param>
public sealed class JointsError(int? hardest = null)
{
    /// <summary>Joints that the hard form counts in the authors' code.</summary>
    public const int UsualHardest = 8;

    static readonly Operator topK = new("aten::topk");

    /// <summary>
    /// The loss of heat maps [N, J, h, w] against targets of that shape, a single number. The mean is over all people and pixels, those of
    /// joints that do not count included.
    /// </summary>
    /// <param name="maps">The network's heat maps.</param>
    /// <param name="targets">Targets.</param>
    /// <param name="weights">[N, J, 1], multiplied to both sides, so that they count squared; null for 1.</param>
    /// <exception cref="ArgumentException">Shapes that do not fit, or fewer joints than the hard form counts.</exception>
    public Tensor Of(Tensor maps, Tensor targets, Tensor? weights = null)
    {
        ArgumentNullException.ThrowIfNull(maps);
        ArgumentNullException.ThrowIfNull(targets);
        if (maps.Dimensions != 4 || !maps.Shape.SequenceEqual(targets.Shape)
            || (weights is not null && weights.Elements != maps.Size(0) * maps.Size(1)))
            throw new ArgumentException(
                $"heat maps {maps}, targets {targets}{(weights is null ? "" : $", weights {weights}")}: [N, J, h, w] twice and "
                + " [N, J, 1] were wanted");
        if (hardest > maps.Size(1))
            throw new ArgumentException($"the {hardest} hardest joints of {maps.Size(1)}; at most as many as there are were wanted");
        var difference = maps - targets;
        if (weights is not null)
            difference *= weights.Reshape(maps.Size(0), maps.Size(1), 1, 1);
        var square = difference * difference;
        if (hardest is not { } count)
            return square.Mean() * 0.5;
        var errors = square.Mean([2, 3]) * 0.5;                                            // [N, J]
        var largest = Aten.CallAll(topK, errors, (long)count, 1L, true, false)[0].AsTensor();   // [N, count]
        return largest.Mean();
    }
}
