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

/// <summary>
/// In training, sets whole channels of [N, C, H, W] to zero with a probability and scales the rest by 1/(1 − p). Tompson et al., CVPR 2015.
/// </summary>
public sealed class Dropout2d : Net
{
    readonly double probability;

    /// <summary>Drops with a probability from 0 to 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not a probability.</exception>
    public Dropout2d(Weights w, double probability = 0.5) : base(w)
    {
        if (probability is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(probability), $"{w.Path}: dropout of {probability}: 0 to 1 was wanted");
        this.probability = probability;
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => IsTraining ? Aten.Call(FeatureDropout, x, probability, true).AsTensor() : x;

    static readonly Operator FeatureDropout = new("aten::feature_dropout");
}

/// <summary>
/// In training, sets whole images of [N, …] to zero with a probability and scales the rest by 1/(1 − p). Huang et al., ECCV 2016.
/// </summary>
public sealed class StochasticDepth : Net
{
    readonly double probability;

    /// <summary>Drops with a probability from 0 to below 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is none.</exception>
    public StochasticDepth(Weights w, double probability) : base(w)
    {
        if (probability is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(probability),
                $"{w.Path}: stochastic depth of {probability}: 0 to below 1 was wanted");
        this.probability = probability;
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        if (!IsTraining || probability == 0)
            return x;
        var each = x.Shape.Select((size, d) => d == 0 ? size : 1).ToArray();            // [N, 1, 1, 1]
        return x * Aten.Dropout(Tensor.Ones(each, x.Type, x.Device), probability, train: true);
    }
}
