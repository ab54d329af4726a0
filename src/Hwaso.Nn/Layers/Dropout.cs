using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>In training, sets elements to zero with a probability and scales the rest by 1/(1 − p). Srivastava et al., JMLR 2014.</summary>
public sealed class Dropout : Net
{
    readonly double probability;

    /// <summary>Drops with a probability from 0 to 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not a probability.</exception>
    public Dropout(Weights w, double probability = 0.5) : base(w)
    {
        if (probability is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(probability), $"{w.Path}: dropout of {probability}: 0 to 1 was wanted");
        this.probability = probability;
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => IsTraining ? Aten.Dropout(x, probability, train: true) : x;
}
