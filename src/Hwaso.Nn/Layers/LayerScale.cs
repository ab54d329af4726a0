using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// A learned factor for each channel of a residual branch, [N, T, D] to the same shape. Touvron et al., "Going deeper with image
/// transformers", ICCV 2021.
/// </summary>
public sealed class LayerScale : Net
{
    readonly Tensor gamma;

    /// <summary>Scales <paramref name="width"/> channels, each by <paramref name="initial"/> at first.</summary>
    public LayerScale(Weights w, int width, double initial = 1e-5) : base(w) =>
        gamma = w.Parameter("gamma", [width], t => Init.Constant(t, initial));

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x * gamma;
}
